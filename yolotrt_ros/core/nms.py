# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Non-maximum suppression: the definition that the GPU kernel must reproduce row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections


# Boxes so large that their area overflows are not worth a warning on every frame.
@np.errstate(over='ignore', invalid='ignore')
def nms(
    candidates: Detections,
    *,
    iou_threshold: float,
    max_detections: int,
    class_agnostic: bool = False,
) -> Detections:
    """
    Keep the best box of each group of overlapping boxes.

    Greedy: the best remaining candidate is kept and those that overlap it by more than
    ``iou_threshold`` are dropped (Felzenszwalb et al., 2010, section 5.2). The result does not
    depend on the order of the candidates: equal scores are ordered by class, then by box.

    :param candidates: boxes in any pixels; each has ``x1 <= x2`` and ``y1 <= y2``.
    :param iou_threshold: intersection over union above which the weaker box is dropped, 0 to 1.
    :param max_detections: rows kept at most, the best ones.
    :param class_agnostic: whether boxes of different classes suppress each other.
    :returns: the kept rows, best score first.
    """
    ordered = candidates[_best_first(candidates)]
    if class_agnostic or len(ordered) == 0:
        keep = _keep(ordered.boxes_xyxy, iou_threshold, max_detections)
    else:
        keep = np.zeros(len(ordered), np.bool_)
        for class_id in np.unique(ordered.class_ids):
            rows = np.flatnonzero(ordered.class_ids == class_id)
            keep[rows] = _keep(ordered.boxes_xyxy[rows], iou_threshold, max_detections)
    return ordered[np.flatnonzero(keep)[:max_detections]]


def _best_first(candidates: Detections) -> NDArray[np.intp]:
    x1, y1, x2, y2 = candidates.boxes_xyxy.T
    keys = (y2, x2, y1, x1, candidates.class_ids, -candidates.scores)
    return np.asarray(np.lexsort(keys), np.intp)


def _keep(
    boxes_xyxy: NDArray[np.float32], iou_threshold: float, max_detections: int
) -> NDArray[np.bool_]:
    """Mark the boxes, best first, that no better kept box overlaps."""
    x1, y1, x2, y2 = boxes_xyxy.T
    areas = (x2 - x1) * (y2 - y1)
    keep = np.zeros(len(areas), np.bool_)
    rest: NDArray[np.intp] = np.arange(len(areas))
    for _ in range(max_detections):
        if rest.size == 0:
            break
        best, rest = rest[0], rest[1:]
        keep[best] = True
        width = np.minimum(x2[best], x2[rest]) - np.maximum(x1[best], x1[rest])
        height = np.minimum(y2[best], y2[rest]) - np.maximum(y1[best], y1[rest])
        overlap = np.maximum(width, 0) * np.maximum(height, 0)
        union = areas[best] + areas[rest] - overlap
        # A product instead of a quotient: two empty boxes have no union to divide by.
        rest = rest[overlap <= np.float32(iou_threshold) * union]
    return keep
