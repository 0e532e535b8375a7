# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections drawn on a picture, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
import colorsys

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections

Bgr = tuple[int, int, int]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
# Steps of the golden angle around the colour circle keep neighbouring class ids far apart.
_GOLDEN_RATIO = 0.618034


def class_color(class_id: int) -> Bgr:
    """Return the colour of a class: the same in every picture, unlike that of its neighbours."""
    red, green, blue = colorsys.hsv_to_rgb((0.05 + class_id * _GOLDEN_RATIO) % 1, 0.85, 1.0)
    return int(255 * blue), int(255 * green), int(255 * red)


def draw_detections(
    image_bgr: NDArray[np.uint8], detections: Detections, class_names: Sequence[str]
) -> None:
    """Draw boxes and labels into the picture, weakest first so that the best lies on top."""
    thickness = max(1, round(sum(image_bgr.shape[:2]) / 900))
    for row in reversed(range(len(detections))):
        class_id = int(detections.class_ids[row])
        x1, y1, x2, y2 = (round(float(value)) for value in detections.boxes_xyxy[row])
        color = class_color(class_id)
        # A box ends before x2 and y2: at the picture's border its last pixel is still in sight.
        cv2.rectangle(image_bgr, (x1, y1), (x2 - 1, y2 - 1), color, thickness)
        text = f'{class_names[class_id]} {detections.scores[row]:.2f}'
        draw_label(image_bgr, text, (x1, y1), color)


def draw_label(
    image_bgr: NDArray[np.uint8], text: str, corner_xy: tuple[int, int], color: Bgr
) -> None:
    """Write text on a filled ground above a point, or below it at the picture's upper edge."""
    scale = max(0.4, sum(image_bgr.shape[:2]) / 3600)
    (width, height), baseline = cv2.getTextSize(text, _FONT, scale, 1)
    left = max(0, min(corner_xy[0], image_bgr.shape[1] - width - 4))
    above = corner_xy[1] - height - baseline - 2
    top = above if above >= 0 else corner_xy[1]
    lower_right = (left + width + 4, top + height + baseline + 2)
    cv2.rectangle(image_bgr, (left, top), lower_right, color, cv2.FILLED)
    bright = 0.114 * color[0] + 0.587 * color[1] + 0.299 * color[2] > 140
    ink = (0, 0, 0) if bright else (255, 255, 255)
    cv2.putText(image_bgr, text, (left + 2, top + height + 1), _FONT, scale, ink, 1, cv2.LINE_AA)
