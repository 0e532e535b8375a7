# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one place where the rooms meet: a pipeline from a configuration."""

from __future__ import annotations

from collections.abc import Callable
import logging
from pathlib import Path

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.engine_facts import EngineFacts
from yolotrt_ros.core.errors import BackendError, ConfigError, EngineError
from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.cpu.host_pipeline import open_onnx

_logger = logging.getLogger(__name__)


def build_pipeline(config: DetectorConfig) -> Pipeline:
    """
    Load the network that the configuration names.

    Backend auto takes the engine where one is named; on a machine that lacks TensorRT or a GPU
    it takes the ONNX network, if one is named as well.

    :returns: a pipeline ready for its first frame; the caller closes it.
    :raises ConfigError: no network is named, or the backend asked for cannot run it.
    :raises BackendError: the machine lacks what the network needs.
    :raises ModelError: the network cannot be loaded or has no known layout.
    :raises EngineError: the engine is damaged or made for another machine.
    """
    pipeline = _open(config)
    try:
        pipeline.warm_up()
    except BaseException:
        pipeline.close()
        raise
    return pipeline


def _open(config: DetectorConfig) -> Pipeline:
    if config.backend == 'tensorrt' and not config.engine_path:
        raise ConfigError('backend', config.backend, 'needs a TensorRT engine; set engine_path')
    if config.engine_path and config.backend != 'onnxruntime':
        try:
            return open_engine(config)
        except BackendError as error:
            if config.backend == 'tensorrt' or not config.onnx_path:
                raise
            _logger.warning('%s; running %s instead', error, config.onnx_path)
    if not config.onnx_path:
        raise ConfigError('onnx_path', '', 'names no network; set it to an ONNX file')
    return open_onnx(config)


def open_engine(config: DetectorConfig) -> Pipeline:
    """
    Load ``config.engine_path`` into TensorRT.

    :raises BackendError: the machine lacks TensorRT or a GPU.
    :raises EngineError: the engine is damaged or made for another machine.
    :raises ModelError: the outputs of the engine have no known layout.
    """
    from yolotrt_ros.gpu.device import find_device
    from yolotrt_ros.trt.engine_session import EngineSession
    from yolotrt_ros.trt.gpu_pipeline import GpuPipeline

    path = Path(config.engine_path)
    if not path.is_file():  # a machine without a GPU shall name the wrong path first, too
        raise EngineError(
            f'engine {path} does not exist; check the path (engine_path), or build the engine '
            'with `ros2 run yolotrt_ros build_engine MODEL.onnx`'
        )
    session = EngineSession(
        path,
        device=find_device(config.device),
        plugin_path=Path(config.plugin_path) if config.plugin_path else None,
        blocking_wait=config.gpu_wait == 'block',
    )
    try:
        return GpuPipeline(session, config)
    except BaseException:
        session.close()
        raise


def require_accelerator(config: DetectorConfig) -> None:
    """
    Do nothing on a machine that can build and run engines.

    :raises BackendError: it lacks TensorRT, a GPU, or the one that the configuration names.
    """
    from yolotrt_ros.gpu.device import find_device
    from yolotrt_ros.trt.compat import import_tensorrt

    import_tensorrt()
    find_device(config.device)


def engine_facts(pipeline: Pipeline) -> EngineFacts | None:
    """
    Return what is known of how the network of a pipeline was built; None for an ONNX network.

    :raises EngineError: the card of the engine is damaged.
    """
    from yolotrt_ros.trt.engine_facts import read_facts

    return read_facts(Path(pipeline.info.model_path))


def gpu_reader(pipeline: Pipeline) -> Callable[[], GpuState] | None:
    """Return a function that tells how the GPU of a pipeline is doing; None where it has none."""
    from yolotrt_ros.trt.gpu_pipeline import GpuPipeline

    if not isinstance(pipeline, GpuPipeline):
        return None
    from yolotrt_ros.gpu.gpu_watch import GpuWatch

    return GpuWatch(pipeline.device).read
