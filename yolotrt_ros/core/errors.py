# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The package's exceptions: each says what was expected, what came and what to do next."""

from __future__ import annotations


class YolotrtError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(YolotrtError):
    """A parameter has a value that cannot be used."""

    def __init__(self, parameter: str, value: object, reason: str) -> None:
        super().__init__(f'parameter {parameter!r} is {value!r}: {reason}')
        self.parameter = parameter
        self.value = value
        self.reason = reason


class ImageFormatError(YolotrtError):
    """The bytes of an image do not fit its description, or its encoding is not known."""


class ModelError(YolotrtError):
    """A network file cannot be loaded, or its tensors have no known layout."""


class BackendError(YolotrtError):
    """The machine lacks what a backend needs."""


class DetectionError(YolotrtError):
    """A loaded network failed on a frame."""


class GraphError(ModelError):
    """An ONNX graph does not have the form that a change to it needs."""


class EngineError(YolotrtError):
    """An engine file is damaged, foreign, or made for another machine or TensorRT."""


class BuildError(YolotrtError):
    """An engine cannot be built as asked."""


class PluginError(YolotrtError):
    """The decode plugin cannot be compiled, found or loaded."""


class CudaError(YolotrtError):
    """A call to CUDA failed."""
