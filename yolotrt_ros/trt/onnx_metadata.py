# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file says about itself, as exporters of YOLOv5 write it."""

from __future__ import annotations

import ast
from collections.abc import Callable
import json
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.class_names import parse_metadata_names
from yolotrt_ros.core.errors import GraphError, ModelError

if TYPE_CHECKING:
    import onnx

# People write anchors with one or two digits behind the point.
AGREEMENT = 0.01


class OnnxMetadata:
    """The entries of a model; each is read, and complained about, when it is asked for."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.entries = {item.key: item.value for item in model.metadata_props}

    def class_names(self, num_classes: int) -> tuple[str, ...]:
        """
        Return the names of the classes; none where the file has none.

        :raises GraphError: the entry cannot be read, or has another number of names.
        """
        if 'names' not in self.entries:
            return ()
        try:
            names = parse_metadata_names(self.entries['names'])
        except ModelError as error:
            raise GraphError(str(error)) from error
        if len(names) != num_classes:
            raise GraphError(
                f"the metadata entry 'names' has {len(names)} names, but the heads hold "
                f'{num_classes} values behind the objectness; networks with masks or key points '
                'have more than class scores there: build those with --no-plugin'
            )
        return names

    def anchors(self) -> NDArray[np.float32] | None:
        """
        Return the anchors ``(3, 3, 2)`` in network pixels; None where the file has none.

        :raises GraphError: the entry holds something else.
        """
        numbers = self._numbers('anchors')
        if numbers is None:
            return None
        if numbers.size != 18:
            raise GraphError(
                "the metadata entry 'anchors' must hold 18 numbers, width and height of three "
                f'anchors at each of three levels, but holds {numbers.size}; give them with '
                '--anchors'
            )
        return numbers.astype(np.float32).reshape(3, 3, 2)

    def strides(self) -> tuple[int, ...]:
        """
        Return the strides; the largest alone where no more was written, none without an entry.

        :raises GraphError: the entry holds something else.
        """
        numbers = self._numbers('stride')
        return () if numbers is None else tuple(int(value) for value in numbers)

    def _numbers(self, key: str) -> NDArray[np.float64] | None:
        text = self.entries.get(key)
        if text is None:
            return None
        try:
            numbers = np.ravel(np.asarray(ast.literal_eval(text), np.float64))
        except (ValueError, SyntaxError, TypeError) as error:
            raise GraphError(_number_text(key, text)) from error
        if not np.isfinite(numbers).all() or (numbers <= 0).any():
            raise GraphError(_number_text(key, text))
        return numbers


def write_anchors(
    model: onnx.ModelProto, anchors: NDArray[np.float32], strides: tuple[int, ...]
) -> None:
    """Write the entries ``anchors`` and ``stride`` where they are missing or overruled."""
    metadata = OnnxMetadata(model)
    if not _agrees(metadata.anchors, lambda told: np.allclose(told, anchors, rtol=AGREEMENT)):
        # str gives the shortest digits that are this float32.
        digits = [[[float(str(side)) for side in pair] for pair in level] for level in anchors]
        _set(model, 'anchors', json.dumps(digits))
    if not _agrees(metadata.strides, lambda told: told in (strides, strides[-1:])):
        _set(model, 'stride', json.dumps(list(strides)))


def _agrees(read: Callable[[], Any], is_right: Callable[[Any], bool]) -> bool:
    try:
        told = read()
    except GraphError:  # overruled by hand, or prepare had raised it
        return False
    return told is not None and is_right(told)


def _set(model: onnx.ModelProto, key: str, value: str) -> None:
    for item in model.metadata_props:
        if item.key == key:
            item.value = value
            return
    model.metadata_props.add(key=key, value=value)


def _number_text(key: str, text: str) -> str:
    option = {'stride': '--strides'}.get(key, f'--{key}')
    return (
        f'the metadata entry {key!r} must hold numbers above zero, but is {text[:120]!r}; '
        f'give them with {option}'
    )
