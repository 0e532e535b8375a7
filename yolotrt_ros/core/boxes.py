# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Areas and overlaps of boxes: float32 ``(N, 4)``, corners ``x1 y1 x2 y2``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def box_areas(boxes_xyxy: Boxes) -> NDArray[np.float32]:
    """Return the area of each box: ``(N,)``."""
    x1, y1, x2, y2 = boxes_xyxy.T
    areas: NDArray[np.float32] = (x2 - x1) * (y2 - y1)
    return areas


def overlap_matrix(boxes_xyxy: Boxes, others_xyxy: Boxes) -> NDArray[np.float32]:
    """Return the area that each of N boxes shares with each of M others: ``(N, M)``."""
    x1, y1, x2, y2 = boxes_xyxy.T[:, :, np.newaxis]
    others_x1, others_y1, others_x2, others_y2 = others_xyxy.T
    width = np.minimum(x2, others_x2) - np.maximum(x1, others_x1)
    height = np.minimum(y2, others_y2) - np.maximum(y1, others_y1)
    overlap: NDArray[np.float32] = np.maximum(width, 0) * np.maximum(height, 0)
    return overlap


def iou_matrix(boxes_xyxy: Boxes, others_xyxy: Boxes) -> NDArray[np.float32]:
    """
    Return the intersection over union of all pairs: ``(N, M)``.

    It is 0 where neither box has an area.
    """
    overlap = overlap_matrix(boxes_xyxy, others_xyxy)
    union = box_areas(boxes_xyxy)[:, np.newaxis] + box_areas(others_xyxy) - overlap
    ious: NDArray[np.float32] = np.zeros_like(overlap)
    np.divide(overlap, union, out=ious, where=union > 0)
    return ious
