# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of one picture, checked and brought to its pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.tools.dataset_raw import BoxXyxy, RawImage, RawLabel

Truth = tuple[Detections, NDArray[np.bool_], NDArray[np.float32]]
# Label files are rounded: what reaches out by less is not worth a word.
OUTSIDE_PX = 1.0


def truth_of(
    image: RawImage, size_wh: tuple[int, int], *, is_normalised: bool, problems: list[str]
) -> Truth:
    """
    Check the labels of a picture.

    A box that reaches out of the picture is cut at its edge, since nobody can find what is not in
    it. A box without area, of which nothing is in the picture, or with a number that is none, is
    left out.

    :param size_wh: width and height of the picture.
    :param problems: gets a line for each label that is not used as it is.
    :returns: the objects with score 1, which of them are crowds, and their areas.
    """
    scale = size_wh if is_normalised else (1, 1)
    rows: list[tuple[RawLabel, BoxXyxy, float]] = []
    for label in image.labels:
        box, problem = _cut(_scaled(label.box_xyxy, scale), size_wh)
        if problem:
            problems.append(f'{label.place}: {problem}')
        if box is not None:
            rows.append((label, box, _area(label, box)))
    truth = Detections(
        np.array([box for _, box, _ in rows], np.float32).reshape(-1, 4),
        np.ones(len(rows), np.float32),
        np.array([label.class_id for label, _, _ in rows], np.int32),
    )
    crowds = np.array([label.is_crowd for label, _, _ in rows], np.bool_)
    return truth, crowds, np.array([area for _, _, area in rows], np.float32)


def _scaled(box: BoxXyxy, scale: tuple[int, int]) -> BoxXyxy:
    x1, y1, x2, y2 = box
    return x1 * scale[0], y1 * scale[1], x2 * scale[0], y2 * scale[1]


def _cut(box: BoxXyxy, size_wh: tuple[int, int]) -> tuple[BoxXyxy | None, str]:
    """Return the part of a box within the picture, or None, and what is wrong with it if any."""
    if not all(map(math.isfinite, box)):
        return None, 'the box holds NaN or infinity; left out'
    x1, y1, x2, y2 = box
    if x2 <= x1 or y2 <= y1:
        return None, f'the box {_text(box)} has no area; left out'
    width, height = size_wh
    inside = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return None, f'the box {_text(box)} is outside of the {width}×{height} picture; left out'
    outside_px = max(abs(cut - given) for cut, given in zip(inside, box, strict=True))
    if outside_px <= OUTSIDE_PX:
        return inside, ''
    return inside, (
        f'the box {_text(box)} reaches {outside_px:.1f} px out of the {width}×{height} picture; '
        'cut at its edge'
    )


def _area(label: RawLabel, box: BoxXyxy) -> float:
    if label.area is not None and math.isfinite(label.area):
        return label.area
    return (box[2] - box[0]) * (box[3] - box[1])


def _text(box: BoxXyxy) -> str:
    return f'({", ".join(f"{value:.1f}" for value in box)})'
