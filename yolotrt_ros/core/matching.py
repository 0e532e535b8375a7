# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare detections with the truth of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections


@dataclass(frozen=True)
class Matches:
    """
    Which detection is which object.

    :param detections: int ``(M,)``, rows of the detections that are right.
    :param truth: int ``(M,)``, rows of the objects that they found, in the same order.
    :param ious: float32 ``(M,)``, how well each fits.
    :param false: rows of the detections that are no object.
    :param missed: rows of the objects that were not found and should have been.
    """

    detections: NDArray[np.intp]
    truth: NDArray[np.intp]
    ious: NDArray[np.float32]
    false: NDArray[np.intp]
    missed: NDArray[np.intp]


def iou_matrix(
    boxes_xyxy: NDArray[np.float32], others_xyxy: NDArray[np.float32]
) -> NDArray[np.float32]:
    """
    Return the intersection over union of all pairs.

    :param boxes_xyxy: float32 ``(N, 4)``.
    :param others_xyxy: float32 ``(M, 4)``, in the same pixels.
    :returns: float32 ``(N, M)``; 0 where neither box has an area.
    """
    low = np.maximum(boxes_xyxy[:, np.newaxis, :2], others_xyxy[np.newaxis, :, :2])
    high = np.minimum(boxes_xyxy[:, np.newaxis, 2:], others_xyxy[np.newaxis, :, 2:])
    overlap = np.clip(high - low, 0, None).prod(axis=2)
    union = _areas(boxes_xyxy)[:, np.newaxis] + _areas(others_xyxy)[np.newaxis, :] - overlap
    ious: NDArray[np.float32] = np.zeros_like(overlap)
    np.divide(overlap, union, out=ious, where=union > 0)
    return ious


def match(
    detections: Detections,
    truth: Detections,
    *,
    ignored: NDArray[np.bool_] | None = None,
    iou_threshold: float = 0.5,
) -> Matches:
    """
    Give each object the best detection of its class.

    As in COCO: the detections choose in the order of their scores, each the free object that it
    fits best; an object that is demanded goes before one that is ignored.

    :param truth: the objects; their scores are not looked at.
    :param ignored: bool, for each object whether a detection of it is neither right nor wrong.
    :param iou_threshold: lowest intersection over union of a match.
    """
    ignored = np.zeros(len(truth), np.bool_) if ignored is None else ignored
    ious = iou_matrix(detections.boxes_xyxy, truth.boxes_xyxy)
    ious[detections.class_ids[:, np.newaxis] != truth.class_ids[np.newaxis, :]] = 0
    is_free = np.ones(len(truth), np.bool_)
    pairs: list[tuple[int, int]] = []
    false: list[int] = []
    for row in np.argsort(-detections.scores, kind='stable').tolist():
        fits = np.flatnonzero(is_free & (ious[row] >= iou_threshold))
        if fits.size == 0:
            false.append(row)
            continue
        best = int(fits[np.lexsort((-ious[row, fits], ignored[fits]))[0]])
        is_free[best] = False
        if not ignored[best]:
            pairs.append((row, best))
    found = np.array(pairs, np.intp).reshape(-1, 2)
    return Matches(
        found[:, 0],
        found[:, 1],
        ious[found[:, 0], found[:, 1]],
        np.array(false, np.intp),
        np.flatnonzero(is_free & ~ignored),
    )


def _areas(boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    areas: NDArray[np.float32] = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    return areas
