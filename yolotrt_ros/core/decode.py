# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Turn a network's outputs into candidate boxes: the definition for the decode kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import DetectionError
from yolotrt_ros.core.heads import Head, HeadLayout


# Not numbers are counted below, so NumPy need not warn of them as well.
@np.errstate(invalid='ignore', over='ignore')
def decode(
    outputs: Sequence[NDArray[Any]], layout: HeadLayout, score_threshold: float
) -> Detections:
    """
    Decode one image of any known layout.

    :param outputs: the arrays named by ``layout.output_names``, in that order, without the batch.
    :param score_threshold: lowest score kept.
    :returns: candidates in network pixels, in no particular order.
    :raises DetectionError: the network says that it put out more rows than it has.
    """
    match layout.head:
        case Head.YOLOV5:
            return decode_yolov5(outputs[0], score_threshold)
        case Head.YOLOV8:
            return decode_yolov8(outputs[0], score_threshold)
        case Head.END_TO_END:
            boxes_xyxy, scores, classes = np.split(outputs[0], (4, 5), axis=1)
            return decode_rows(
                boxes_xyxy, scores[:, 0], classes[:, 0], layout.num_classes, score_threshold
            )
        case Head.PLUGIN | Head.EFFICIENT_NMS:
            boxes_xyxy, scores, classes = _counted(outputs)
            return decode_rows(boxes_xyxy, scores, classes, layout.num_classes, score_threshold)
    if layout.anchors is None:
        raise ValueError('raw heads need anchors in their layout')
    heads = outputs if layout.has_sigmoid else [sigmoid(head) for head in outputs]
    return decode_raw_heads(heads, layout.anchors, layout.strides, score_threshold)


def decode_yolov5(predictions: NDArray[np.floating], score_threshold: float) -> Detections:
    """
    Decode the rows of a YOLOv5 or YOLOv7 network that already applies anchors and strides.

    score = objectness * best class score (Redmon et al., 2016, equation 1). The objectness
    bounds the score, so the class scores of weaker rows are never read.

    :param predictions: ``(A, 5+nc)``: cx cy w h in network pixels, objectness, class scores.
    :param score_threshold: lowest score kept.
    """
    objectness = predictions[:, 4]
    rows = predictions[~(objectness < score_threshold)].astype(np.float32, copy=False)
    best = rows[:, 5:].argmax(axis=1)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + best]
    return _candidates(_corners(rows[:, :4]), scores, best, score_threshold)


def decode_yolov8(predictions: NDArray[np.floating], score_threshold: float) -> Detections:
    """
    Decode the columns of a YOLOv8 or YOLO11 network, which has no objectness.

    :param predictions: ``(4+nc, A)``: cx cy w h in network pixels, class scores.
    :param score_threshold: lowest score kept.
    """
    strongest = predictions[4:].max(axis=0)
    columns = predictions[:, ~(strongest < score_threshold)].astype(np.float32, copy=False)
    best = columns[4:].argmax(axis=0)
    scores = columns[4 + best, np.arange(columns.shape[1])]
    return _candidates(_corners(columns[:4].T), scores, best, score_threshold)


def decode_rows(
    boxes_xyxy: NDArray[np.floating],
    scores: NDArray[np.floating],
    classes: NDArray[np.floating] | NDArray[np.integer],
    num_classes: int,
    score_threshold: float,
) -> Detections:
    """
    Check the rows of a network that puts out boxes, scores and class ids.

    :param boxes_xyxy: ``(N, 4)``, network pixels.
    :param scores: ``(N,)``.
    :param classes: ``(N,)`` ids, as integers or as whole floats; a row with an id that the
        network does not have is no candidate, and counts as one that is not a number.
    :param num_classes: ids run from 0 to one less.
    :param score_threshold: lowest score kept.
    """
    rows = ~(scores < score_threshold)
    known = (classes[rows] >= 0) & (classes[rows] < num_classes)
    class_ids = np.where(known, classes[rows], 0).astype(np.intp)
    sound_scores = np.where(known, scores[rows], np.nan).astype(np.float32)
    return _candidates(
        boxes_xyxy[rows].astype(np.float32), sound_scores, class_ids, score_threshold
    )


def _counted(outputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Take the rows in front of the count: what lies behind it means nothing."""
    count, num_rows = int(outputs[0][0]), len(outputs[1])
    if not 0 <= count <= num_rows:
        raise DetectionError(
            f'the network says it put out {count} candidates, but has room for {num_rows} only; '
            'build the engine again with the plugin library that is loaded'
        )
    return [output[:count] for output in outputs[1:]]


def decode_raw_heads(
    heads: Sequence[NDArray[np.floating]],
    anchors: NDArray[np.float32],
    strides: Sequence[int],
    score_threshold: float,
) -> Detections:
    """
    Decode the three heads of a YOLOv5 network after their sigmoid.

    With s the head's values, (x, y) the cell and (aw, ah) the anchor, as published with YOLOv5
    (Ultralytics, "YOLOv5 architecture", section 4.3)::

        cx = (2*s[0] - 0.5 + x) * stride    w = (2*s[2])**2 * aw
        cy = (2*s[1] - 0.5 + y) * stride    h = (2*s[3])**2 * ah
        score = s[4] * max(s[5:])

    :param heads: for each level ``(3*(5+nc), H, W)``, finest first.
    :param anchors: float32 ``(levels, 3, 2)``, width and height in network pixels.
    :param strides: network pixels between neighbouring cells of each level.
    :param score_threshold: lowest score kept.
    """
    levels = []
    for head, anchor_sizes, stride in zip(heads, anchors, strides, strict=True):
        values = head.reshape(len(anchor_sizes), -1, *head.shape[1:])
        anchor, y, x = np.nonzero(~(values[:, 4] < score_threshold))
        rows = values[anchor, :, y, x].astype(np.float32)
        cell_xy = np.stack([x, y], axis=1).astype(np.float32)
        rows[:, :2] = (2 * rows[:, :2] - np.float32(0.5) + cell_xy) * np.float32(stride)
        rows[:, 2:4] = (2 * rows[:, 2:4]) ** 2 * anchor_sizes[anchor]
        levels.append(rows)
    return decode_yolov5(np.concatenate(levels), score_threshold)


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return ``1 / (1 + exp(-x))`` without overflow, as float32."""
    half = np.float32(0.5)
    return np.asarray(half + half * np.tanh(half * logits.astype(np.float32)), np.float32)


def _corners(boxes_cxcywh: NDArray[np.float32]) -> NDArray[np.float32]:
    centre, half_size = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:] / 2
    return np.concatenate([centre - half_size, centre + half_size], axis=1)


def _candidates(
    boxes_xyxy: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_ids: NDArray[np.intp],
    score_threshold: float,
) -> Detections:
    """Drop what is not a number and what is below the threshold; count the former."""
    finite = np.isfinite(scores) & np.isfinite(boxes_xyxy).all(axis=1)
    keep = finite & (scores >= np.float32(score_threshold))
    return Detections(
        boxes_xyxy[keep],
        scores[keep],
        class_ids[keep].astype(np.int32),
        int(np.count_nonzero(~finite)),
    )
