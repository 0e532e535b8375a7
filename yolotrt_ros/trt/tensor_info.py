# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine says about each of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from yolotrt_ros.core.errors import BackendError, EngineError
from yolotrt_ros.trt.compat import numpy_type

OPEN = -1
_FIRST_PROFILE = 0


@dataclass(frozen=True)
class TensorInfo:
    """
    One input or output of an engine, in linear memory on the device.

    :param dtype: NumPy's type.
    :param shape: with -1 for what is open until the input's shape is set.
    :param min_shape: smallest shape of an input; ``shape`` for an output.
    :param opt_shape: the shape that an input was optimised for, likewise.
    :param max_shape: largest shape of an input, likewise.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    min_shape: tuple[int, ...]
    opt_shape: tuple[int, ...]
    max_shape: tuple[int, ...]

    def num_bytes(self, shape: Sequence[int]) -> int:
        """Return the size of the tensor in a shape without open sides."""
        return int(np.prod(shape, dtype=np.int64)) * self.dtype.itemsize

    def __str__(self) -> str:
        text = f'{self.name} {self.dtype} {list(self.shape)}'
        if self.min_shape != self.max_shape:
            text += f' from {list(self.min_shape)} to {list(self.max_shape)}'
        return text


def read_tensors(
    trt: ModuleType,
    engine: Any,  # noqa: ANN401 - a class of TensorRT
) -> tuple[tuple[TensorInfo, ...], tuple[TensorInfo, ...]]:
    """
    Describe the inputs and the outputs of an engine.

    :raises EngineError: a tensor has a type or a memory layout that NumPy has not.
    """
    inputs: list[TensorInfo] = []
    outputs: list[TensorInfo] = []
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        (inputs if is_input else outputs).append(_read(trt, engine, name, is_input))
    return tuple(inputs), tuple(outputs)


def _read(trt: ModuleType, engine: Any, name: str, is_input: bool) -> TensorInfo:  # noqa: ANN401
    _check_memory(trt, engine, name)
    try:
        dtype = numpy_type(trt, engine.get_tensor_dtype(name))
    except BackendError as error:
        raise EngineError(f'the tensor {name} of the engine cannot be used: {error}') from error
    shape = tuple(engine.get_tensor_shape(name))
    shapes = [shape] * 3
    if is_input and OPEN in shape:
        profile = engine.get_tensor_profile_shape(name, _FIRST_PROFILE)
        shapes = [tuple(limit) for limit in profile]
    return TensorInfo(name, dtype, shape, *shapes)


def _check_memory(trt: ModuleType, engine: Any, name: str) -> None:  # noqa: ANN401
    if engine.get_tensor_location(name) != trt.TensorLocation.DEVICE:
        raise EngineError(
            f'the tensor {name} of the engine lies in the memory of the CPU, as shapes do, but '
            'only tensors on the GPU can be used; export the network without shape inputs'
        )
    layout = engine.get_tensor_format(name)
    if layout != trt.TensorFormat.LINEAR:
        raise EngineError(
            f'the tensor {name} of the engine has the memory layout {layout}, but only LINEAR can '
            'be used; build the engine without --inputIOFormats and --outputIOFormats'
        )
