# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One use of an engine: shapes, addresses, and the start of its work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import logging
from typing import Any

from yolotrt_ros.core.errors import DetectionError, EngineError
from yolotrt_ros.trt.logger import listening
from yolotrt_ros.trt.tensor_info import OPEN, TensorInfo


class ExecutionContext:
    """
    The state of an engine that runs: it belongs to one thread and one stream at a time.

    :param context: TensorRT's object, which keeps its engine alive.
    :param inputs: what the engine says of them, by name.
    """

    def __init__(self, context: Any, inputs: Mapping[str, TensorInfo]) -> None:  # noqa: ANN401
        self._context = context
        self._inputs = inputs
        self._shapes: dict[str, tuple[int, ...]] = {}

    def set_input_shape(self, name: str, shape: Sequence[int]) -> None:
        """
        Choose the shape of an input.

        After a change, run once before a CUDA graph is recorded.

        :raises ValueError: the engine was not built for this shape.
        :raises DetectionError: TensorRT refuses it.
        """
        wanted = tuple(int(side) for side in shape)
        if self._shapes.get(name) == wanted:
            return
        tensor = self._inputs[name]
        self._refuse_misfit(tensor, wanted)
        with _logged_errors() as errors:
            is_set = OPEN not in tensor.shape or self._handle.set_input_shape(name, wanted)
        if not is_set:
            raise DetectionError(f'TensorRT refuses {list(wanted)} for {name}: {_said(errors)}')
        self._shapes[name] = wanted

    def output_shape(self, name: str) -> tuple[int, ...]:
        """
        Return the shape of an output for the input shapes that are set.

        :raises EngineError: it depends on the values of the input.
        """
        shape = tuple(self._handle.get_tensor_shape(name))
        if OPEN in shape:
            raise EngineError(
                f'the shape {list(shape)} of the output {name} depends on what the network sees '
                'or on an input whose shape is not set; export the network with outputs of a '
                'fixed number of rows'
            )
        return shape

    def set_address(self, name: str, address: int) -> None:
        """
        Say where a tensor lies on the device; the caller keeps the memory alive.

        :raises DetectionError: TensorRT refuses the address.
        """
        with _logged_errors() as errors:
            is_set = self._handle.set_tensor_address(name, address)
        if not is_set:
            raise DetectionError(f'TensorRT refuses the memory of {name}: {_said(errors)}')

    def enqueue(self, stream: int) -> None:
        """
        Start the network; returns before it is done.

        :param stream: the handle of a stream that is not CUDA's default one.
        :raises DetectionError: TensorRT cannot start it.
        """
        with _logged_errors() as errors:
            is_started = self._handle.execute_async_v3(stream)
        if not is_started:
            raise DetectionError(f'TensorRT could not run the engine: {_said(errors)}')

    def close(self) -> None:
        """Let it go, once its work is done; calling it twice does no harm."""
        self._context = None

    @property
    def _handle(self) -> Any:  # noqa: ANN401
        if self._context is None:
            raise EngineError('this execution context is closed; create a new one')
        return self._context

    def _refuse_misfit(self, tensor: TensorInfo, shape: tuple[int, ...]) -> None:
        fits = len(shape) == len(tensor.shape) and all(
            low <= side <= high
            for low, side, high in zip(tensor.min_shape, shape, tensor.max_shape, strict=True)
        )
        if fits:
            return
        wanted = f'{list(tensor.min_shape)}'
        if tensor.min_shape != tensor.max_shape:
            wanted += f' to {list(tensor.max_shape)}'
        raise ValueError(
            f'the input {tensor.name} takes {wanted}, but {list(shape)} came; give other frames, '
            'or build the engine for this shape'
        )


@contextmanager
def _logged_errors() -> Iterator[list[str]]:
    """Collect TensorRT's error lines; cheap enough for every frame."""
    errors: list[str] = []

    def keep(level: int, text: str) -> None:
        if level >= logging.ERROR:
            errors.append(text)

    with listening(keep):
        yield errors


def _said(errors: Sequence[str]) -> str:
    return '; '.join(dict.fromkeys(errors)) or 'it gives no reason'
