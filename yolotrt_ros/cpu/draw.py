# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections drawn on a picture, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
import colorsys
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections

Bgr = tuple[int, int, int]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BOLD_SCALE = 0.7  # letters as large as this look thin when they are one pixel wide
# Steps of the golden angle around the colour circle keep neighbouring class ids far apart.
_GOLDEN_RATIO = 0.618034


@cache
def class_color(class_id: int) -> Bgr:
    """Return the colour of a class: the same in every picture, unlike that of its neighbours."""
    red, green, blue = colorsys.hsv_to_rgb((0.05 + class_id * _GOLDEN_RATIO) % 1, 0.85, 1.0)
    return int(255 * blue), int(255 * green), int(255 * red)


def draw_detections(
    image_bgr: NDArray[np.uint8], detections: Detections, class_names: Sequence[str]
) -> None:
    """Draw boxes, then labels, each weakest first so that the best lies on top."""
    thickness = max(1, round(sum(image_bgr.shape[:2]) / 700))
    boxes = np.rint(detections.boxes_xyxy).astype(int).tolist()
    class_ids = detections.class_ids.tolist()
    scores = detections.scores.tolist()
    weakest_first = range(len(detections) - 1, -1, -1)
    for row in weakest_first:
        x1, y1, x2, y2 = boxes[row]
        # A box ends before x2 and y2: at the picture's border its last pixel is still in sight.
        corners = (x1, y1), (x2 - 1, y2 - 1)
        cv2.rectangle(image_bgr, *corners, class_color(class_ids[row]), thickness)
    for row in weakest_first:
        text = f'{class_names[class_ids[row]]} {scores[row]:.2f}'
        draw_label(image_bgr, text, (boxes[row][0], boxes[row][1]), class_color(class_ids[row]))


def draw_label(
    image_bgr: NDArray[np.uint8], text: str, corner_xy: tuple[int, int], color: Bgr
) -> None:
    """Write text on a filled ground above a point, or below it at the picture's upper edge."""
    rows, columns = image_bgr.shape[:2]
    label = _label(text, max(0.42, (rows + columns) / 3600), color)
    height, width = label.shape[:2]
    left = max(0, min(corner_xy[0], columns - width))
    above = corner_xy[1] - height
    top = above if above >= 0 else max(0, corner_xy[1])
    ground = image_bgr[top : top + height, left : left + width]
    ground[:] = label[: ground.shape[0], : ground.shape[1]]


# Letters take longer to draw than all the rest, and the same labels come again and again.
@lru_cache(maxsize=1024)
def _label(text: str, scale: float, color: Bgr) -> NDArray[np.uint8]:
    """Return a label as a picture of its own."""
    stroke = 1 if scale < _BOLD_SCALE else 2
    (width, height), baseline = cv2.getTextSize(text, _FONT, scale, stroke)
    # A rim keeps labels of one class apart where they overlap.
    rim = tuple(channel // 2 for channel in color)
    label = np.full((height + baseline + 3, width + 6, 3), rim, np.uint8)
    label[1:-1, 1:-1] = color
    bright = 0.114 * color[0] + 0.587 * color[1] + 0.299 * color[2] > 140
    ink = (0, 0, 0) if bright else (255, 255, 255)
    cv2.putText(label, text, (3, height + 2), _FONT, scale, ink, stroke, cv2.LINE_AA)
    return label
