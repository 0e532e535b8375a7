# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which parameter a network file on the command line belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yolotrt_ros.core.errors import ConfigError

# The parameters that say how a network is to be read; tools take them as options.
NETWORK_OPTIONS = (
    'class_names',
    'class_names_path',
    'anchors',
    'network_width',
    'network_height',
    'num_threads',
    'device',
    'plugin_path',
)


def network_paths(path: Path) -> dict[str, Any]:
    """
    Return ``onnx_path`` or ``engine_path`` for a file, by its suffix.

    :raises ConfigError: the suffix is neither ``.onnx`` nor one of an engine.
    """
    suffix = path.suffix.lower()
    if suffix == '.onnx':
        return {'onnx_path': str(path)}
    if suffix in ('.engine', '.plan', '.trt'):
        return {'engine_path': str(path)}
    raise ConfigError('model', str(path), 'must be an .onnx network or a TensorRT .engine')
