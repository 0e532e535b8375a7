# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one place where the rooms meet: a pipeline from a configuration."""

from __future__ import annotations

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.cpu.onnx_pipeline import OnnxPipeline


def build_pipeline(config: DetectorConfig) -> Pipeline:
    """
    Load the network that the configuration names.

    :returns: a pipeline ready for its first frame; the caller closes it.
    :raises ConfigError: no network is named, or the backend asked for cannot run it.
    :raises ModelError: the network cannot be loaded or has no known layout.
    """
    if config.engine_path or config.backend == 'tensorrt':
        raise ConfigError(
            'engine_path' if config.engine_path else 'backend',
            config.engine_path or config.backend,
            'this version runs ONNX networks only; set onnx_path and backend onnxruntime',
        )
    if not config.onnx_path:
        raise ConfigError('onnx_path', '', 'names no network; set it to an ONNX file')
    pipeline = OnnxPipeline(config)
    pipeline.warm_up()
    return pipeline
