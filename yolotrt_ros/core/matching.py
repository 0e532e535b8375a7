# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare detections with the truth of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.boxes import iou_matrix
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
