# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Non-maximum suppression: the definition that the GPU kernel must reproduce row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.boxes import box_areas, overlap_matrix
from yolotrt_ros.core.detections import Detections

Rows = NDArray[np.intp]

# Candidates that are compared at once: large enough for NumPy, small enough for the cache.
BLOCK = 128


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
    boxes, classes = ordered.boxes_xyxy, ordered.class_ids
    areas = box_areas(boxes)

    def suppresses(better: Rows, worse: Rows) -> NDArray[np.bool_]:
        """Tell of each pair whether the better box drops the worse one: ``(better, worse)``."""
        overlaps = overlap_matrix(boxes[better], boxes[worse])
        unions = areas[better, np.newaxis] + areas[worse] - overlaps
        # A product instead of a quotient: two empty boxes have no union to divide by.
        dropped = overlaps > np.float32(iou_threshold) * unions
        return (
            dropped
            if class_agnostic
            else dropped & (classes[better, np.newaxis] == classes[worse])
        )

    kept: Rows = np.empty(0, np.intp)
    for start in range(0, len(ordered), BLOCK):
        block: Rows = np.arange(start, min(start + BLOCK, len(ordered)))
        block = block[~suppresses(kept, block).any(axis=0)]
        survives = _greedy(suppresses(block, block))
        kept = np.concatenate([kept, block[survives]])
        if len(kept) >= max_detections:
            break
    return ordered[kept[:max_detections]]


def _greedy(suppresses: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Let each row that is left, best first, drop what it suppresses among the later ones."""
    survives = np.ones(len(suppresses), np.bool_)
    for row, drops in enumerate(suppresses):
        if survives[row]:
            survives[row + 1 :] &= ~drops[row + 1 :]
    return survives


def _best_first(candidates: Detections) -> Rows:
    x1, y1, x2, y2 = candidates.boxes_xyxy.T
    keys = (y2, x2, y1, x1, candidates.class_ids, -candidates.scores)
    return np.asarray(np.lexsort(keys), np.intp)
