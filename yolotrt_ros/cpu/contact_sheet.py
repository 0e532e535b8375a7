# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several pictures on one sheet, with what was found and, where it is known, what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.score import Verdict
from yolotrt_ros.cpu.draw import Bgr, draw_detections, draw_label

PANEL_WIDTH, GAP, BAR_HEIGHT = 560, 10, 40
BACKGROUND: Bgr = (38, 34, 30)
INK: Bgr = (225, 225, 225)
TRUTH: Bgr = (255, 255, 255)
RIGHT: Bgr = (90, 200, 60)
FALSE: Bgr = (60, 60, 235)
MISSED: Bgr = (0, 200, 255)
LEGEND = (
    (RIGHT, 'right detection'), (FALSE, 'false detection'), (TRUTH, 'truth'), (MISSED, 'missed'),
)  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """
    One picture of the sheet.

    :param image_bgr: uint8 ``(H, W, 3)``.
    :param verdict: what was found in it and how right it was.
    """

    image_bgr: NDArray[np.uint8]
    verdict: Verdict


def contact_sheet(
    panels: Sequence[Panel], class_names: Sequence[str], title: str
) -> NDArray[np.uint8]:
    """Arrange the panels in rows under a title, with a legend where there is a truth."""
    columns = min(3, math.ceil(math.sqrt(len(panels))))
    pictures = [_drawn(panel, class_names) for panel in panels]
    height = max(picture.shape[0] for picture in pictures)
    rows = math.ceil(len(pictures) / columns)
    size = (
        BAR_HEIGHT + rows * (height + GAP) + GAP,
        columns * (PANEL_WIDTH + GAP) + GAP,
    )
    sheet = np.full((*size, 3), BACKGROUND, np.uint8)
    for index, picture in enumerate(pictures):
        top = BAR_HEIGHT + GAP + index // columns * (height + GAP)
        left = GAP + index % columns * (PANEL_WIDTH + GAP)
        sheet[top : top + picture.shape[0], left : left + PANEL_WIDTH] = picture
    has_truth = any(panel.verdict.truth is not None for panel in panels)
    _draw_bar(sheet, title, with_legend=has_truth)
    return sheet


def _drawn(panel: Panel, class_names: Sequence[str]) -> NDArray[np.uint8]:
    scale = PANEL_WIDTH / panel.image_bgr.shape[1]
    size = (PANEL_WIDTH, round(panel.image_bgr.shape[0] * scale))
    picture = np.asarray(cv2.resize(panel.image_bgr, size, interpolation=cv2.INTER_AREA))
    verdict = panel.verdict
    detections = _scaled(verdict.detections, scale)
    if verdict.truth is None or verdict.matches is None:
        draw_detections(picture, detections, class_names)
        return picture
    truth, matches = _scaled(verdict.truth, scale), verdict.matches
    for row in matches.truth:
        _draw_box(picture, truth, int(row), TRUTH, 3)
    for row in matches.missed:
        _draw_box(picture, truth, int(row), MISSED, 2)
        _name(picture, truth, int(row), class_names, MISSED)
    for rows, color in ((matches.detections, RIGHT), (matches.false, FALSE)):
        for row in reversed(rows):
            _draw_box(picture, detections, int(row), color, 1)
            _name(picture, detections, int(row), class_names, color)
    return picture


def _scaled(detections: Detections, scale: float) -> Detections:
    boxes = detections.boxes_xyxy * np.float32(scale)
    return Detections(boxes, detections.scores, detections.class_ids)


def _draw_box(
    picture: NDArray[np.uint8], boxes: Detections, row: int, color: Bgr, thickness: int
) -> None:
    x1, y1, x2, y2 = (round(float(value)) for value in boxes.boxes_xyxy[row])
    cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), color, thickness)


def _name(
    picture: NDArray[np.uint8], boxes: Detections, row: int, names: Sequence[str], color: Bgr
) -> None:
    corner = (round(float(boxes.boxes_xyxy[row, 0])), round(float(boxes.boxes_xyxy[row, 1])))
    draw_label(picture, names[int(boxes.class_ids[row])], corner, color)


def _draw_bar(sheet: NDArray[np.uint8], title: str, *, with_legend: bool) -> None:
    def write(text: str, left: int, scale: float) -> int:
        position = (left, BAR_HEIGHT - 10)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(sheet, text, position, font, scale, INK, 1, cv2.LINE_AA)
        return int(cv2.getTextSize(text, font, scale, 1)[0][0])

    write(title, GAP, 0.62)
    if not with_legend:
        return
    left = sheet.shape[1] - GAP
    for color, text in reversed(LEGEND):
        left -= int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)[0][0])
        write(text, left, 0.5)
        left -= 24
        cv2.rectangle(sheet, (left, BAR_HEIGHT - 21), (left + 16, BAR_HEIGHT - 9), color, -1)
        left -= 18
