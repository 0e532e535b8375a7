# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognise what a network puts out from the shapes of its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import ModelError

# Pixels between neighbouring cells: three levels, or four for networks made for 1280 pixels.
STRIDE_SETS = ((8, 16, 32), (8, 16, 32, 64))
ANCHORS_PER_CELL = 3
# Networks without suppression keep a few hundred rows; more would be something else.
MAX_END_TO_END_ROWS = 1000
PLUGIN_OUTPUTS = (
    'DecodeNumDetection',
    'DecodeDetectionBoxes',
    'DecodeDetectionScores',
    'DecodeDetectionClasses',
)

Outputs = Mapping[str, NDArray[Any]]


class Head(Enum):
    """The layouts that can be decoded, with one row a candidate unless said otherwise."""

    YOLOV5 = '[B, A, 5+nc]: cx cy w h objectness class scores (YOLOv5, YOLOv7)'
    YOLOV8 = '[B, 4+nc, A]: cx cy w h class scores, one column a candidate (YOLOv8, YOLO11)'
    RAW_HEADS = '[B, 3*(5+nc), H, W] for each level: YOLOv5 before decoding, with anchors'
    PLUGIN = 'DecodeNumDetection [B, 1], boxes [B, N, 4], scores and classes [B, N]: YoloLayer_TRT'
    EFFICIENT_NMS = '[B, 1], [B, N, 4], [B, N], [B, N]: count boxes scores classes (EfficientNMS)'
    END_TO_END = '[B, N, 6]: x1 y1 x2 y2 score class, already suppressed (YOLOv10, YOLO26)'

    @property
    def holds_class_ids(self) -> bool:
        """Whether boxes come with a class id, not with a score for each class."""
        return self in (Head.PLUGIN, Head.EFFICIENT_NMS, Head.END_TO_END)

    @property
    def is_suppressed(self) -> bool:
        """Whether the network itself drops boxes that overlap a better one."""
        return self in (Head.EFFICIENT_NMS, Head.END_TO_END)


@dataclass(frozen=True)
class HeadLayout:
    """
    How a network's outputs are to be read.

    :param head: the layout.
    :param num_classes: number of classes; ids run from 0 to one less.
    :param output_names: the outputs in the order of the decoder: p3 before p4 before p5; counts,
        boxes, scores, classes.
    :param strides: pixels between neighbouring cells of each level; empty for class ids.
    :param anchors: float32 ``(levels, 3, 2)``, width and height in network pixels; raw heads only.
    :param has_sigmoid: whether raw heads come after the sigmoid.
    """

    head: Head
    num_classes: int
    output_names: tuple[str, ...]
    strides: tuple[int, ...]
    anchors: NDArray[np.float32] | None = None
    has_sigmoid: bool = True


def recognise(
    outputs: Outputs,
    network_wh: tuple[int, int],
    *,
    anchors: Sequence[float] = (),
    num_classes: int | None = None,
) -> HeadLayout:
    """
    Find the layout of a network's outputs.

    :param outputs: name and values of one run, batch first; the values decide only whether raw
        heads still need their sigmoid, and whether six columns end in a class id.
    :param network_wh: width and height of the input of that run, pixels.
    :param anchors: width and height of each anchor in network pixels, p3 to p5; raw heads only.
    :param num_classes: number of class names that are known; needed by outputs that hold class
        ids, because nothing in them tells it.
    :raises ModelError: the outputs are none of ``Head``, or came without the anchors or the
        number of classes that they need.
    """
    # Both put out the same four shapes: only the names tell which still needs suppression.
    plugin = {name: outputs[name] for name in PLUGIN_OUTPUTS if name in outputs}
    if names := _counted_names(plugin):
        return _with_class_ids(Head.PLUGIN, names, num_classes)
    if names := _counted_names(outputs):
        return _with_class_ids(Head.EFFICIENT_NMS, names, num_classes)
    # Some exporters put out what they decoded beside what they decoded it from.
    decoded = (
        _recognise_decoded(name, values.shape, network_wh) for name, values in outputs.items()
    )
    if layout := next(filter(None, decoded), None) or _recognise_raw(outputs, network_wh, anchors):
        return layout
    if names := _end_to_end_name(outputs):
        return _with_class_ids(Head.END_TO_END, names, num_classes)
    raise ModelError(_unknown_layout_text(outputs, network_wh))


def num_cells(network_wh: tuple[int, int], strides: Sequence[int]) -> int:
    """Count the cells of all levels."""
    return sum((network_wh[0] // stride) * (network_wh[1] // stride) for stride in strides)


def _counted_names(outputs: Outputs) -> tuple[str, ...]:
    """Find counts, boxes, scores and classes by shape and type, whatever they are called."""
    boxes = [n for n, v in outputs.items() if v.ndim == 3 and v.shape[2] == 4 and _is_real(v)]
    scores = [n for n, v in outputs.items() if v.ndim == 2 and _is_real(v)]
    integers = [n for n, v in outputs.items() if v.ndim == 2 and not _is_real(v)]
    if (len(outputs), len(boxes), len(scores), len(integers)) != (4, 1, 1, 2):
        return ()
    # Where there is one row only, both have one column, and counts come first.
    counts, classes = sorted(integers, key=lambda name: outputs[name].shape[1])
    rows = {outputs[name].shape[:2] for name in (boxes[0], scores[0], classes)}
    if len(rows) != 1 or outputs[counts].shape != (rows.pop()[0], 1):
        return ()
    return counts, boxes[0], scores[0], classes


def _end_to_end_name(outputs: Outputs) -> tuple[str, ...]:
    for name, values in outputs.items():
        if values.ndim == 3 and values.shape[2] == 6 and values.shape[1] <= MAX_END_TO_END_ROWS:
            # Whole numbers in the last column: no network's class scores look like this.
            class_ids = values[..., 5]
            if np.all(class_ids == np.floor(class_ids)) and np.all(class_ids >= -1):
                return (name,)
    return ()


def _with_class_ids(
    head: Head, output_names: tuple[str, ...], num_classes: int | None
) -> HeadLayout:
    if num_classes is None:
        raise ModelError(
            f'the outputs {", ".join(output_names)} hold class ids, but not how many classes '
            'there are; set the parameter class_names or class_names_path, or export the network '
            'with a "names" metadata entry'
        )
    return HeadLayout(head, num_classes, output_names, ())


def _is_real(values: NDArray[Any]) -> bool:
    return bool(np.issubdtype(values.dtype, np.floating))


def _recognise_decoded(
    name: str, shape: tuple[int, ...], network_wh: tuple[int, int]
) -> HeadLayout | None:
    if len(shape) != 3:
        return None
    for strides in STRIDE_SETS:
        cells = num_cells(network_wh, strides)
        if shape[1] == ANCHORS_PER_CELL * cells and shape[2] > 5:
            return HeadLayout(Head.YOLOV5, shape[2] - 5, (name,), strides)
        if shape[2] == cells and shape[1] > 4:
            return HeadLayout(Head.YOLOV8, shape[1] - 4, (name,), strides)
    return None


def _recognise_raw(
    outputs: Outputs,
    network_wh: tuple[int, int],
    anchors: Sequence[float],
) -> HeadLayout | None:
    if len(outputs) < 2 or any(values.ndim != 4 for values in outputs.values()):
        return None
    # Finest level first, whatever order the exporter chose.
    levels = sorted(outputs.items(), key=lambda item: -item[1].shape[2])
    strides = tuple(network_wh[1] // values.shape[2] for _, values in levels)
    channels = {values.shape[1] for _, values in levels}
    width_strides = tuple(network_wh[0] // values.shape[3] for _, values in levels)
    if len(channels) != 1 or len(set(strides)) != len(levels) or strides != width_strides:
        return None
    num_classes, remainder = divmod(channels.pop(), ANCHORS_PER_CELL)
    if remainder or num_classes <= 5:
        return None
    if len(anchors) != len(levels) * ANCHORS_PER_CELL * 2:
        raise ModelError(
            f'the outputs {", ".join(outputs)} are raw heads and need '
            f'{len(levels) * ANCHORS_PER_CELL * 2} anchor sizes (width, height in pixels, finest '
            f'level first), but {len(anchors)} came; export the network with an "anchors" '
            'metadata entry or set the parameter anchors'
        )
    return HeadLayout(
        Head.RAW_HEADS,
        num_classes - 5,
        tuple(name for name, _ in levels),
        strides,
        np.asarray(anchors, np.float32).reshape(len(levels), ANCHORS_PER_CELL, 2),
        # A sigmoid's values are all within 0 and 1; thousands of logits never are.
        all(bool(np.all((values >= 0) & (values <= 1))) for values in outputs.values()),
    )


def _unknown_layout_text(outputs: Outputs, network_wh: tuple[int, int]) -> str:
    found = ', '.join(f'{name} {list(values.shape)}' for name, values in outputs.items())
    three = num_cells(network_wh, STRIDE_SETS[0])
    known = '\n'.join(f'  {head.name}: {head.value}' for head in Head)
    return (
        f'the outputs of this network are no layout that can be decoded: {found} '
        f'for an input of {network_wh[0]}x{network_wh[1]} pixels.\nSupported are\n{known}\n'
        f'with A = {ANCHORS_PER_CELL * three} (YOLOV5) or {three} (YOLOV8) at this size; '
        'export the network with one of these outputs'
    )
