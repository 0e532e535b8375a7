# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the network got wrong in a scene, and a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.demo import CLASS_NAMES, Frame

SCORE, OVERLAP = 0.4, 0.5
COLOURS = {'missed': (40, 40, 255), 'wrong': (0, 200, 255), 'found': (80, 220, 80)}
"""Blue, green, red."""


class Failure(NamedTuple):
    """
    One error.

    :param kind: ``missed`` or ``wrong``.
    :param box_xyxy: float32 ``(4,)``, image pixels.
    """

    kind: str
    box_xyxy: np.ndarray[Any, Any]
    class_id: int


def failures(truth: Frame, found: Detections) -> list[Failure]:
    """
    List the objects that were missed and the detections that fit no object.

    A detection with a score of 0.4 finds an object of its class that it overlaps by half.
    """
    sure = found[found.scores >= SCORE]
    fits = _overlaps(sure.boxes_xyxy, truth.boxes_xyxy) >= OVERLAP
    fits &= sure.class_ids[:, None] == truth.class_ids[None]
    missed = np.flatnonzero(~fits.any(axis=0) & ~truth.ignored)
    wrong = np.flatnonzero(~fits.any(axis=1) & ~_on_ignored(sure, truth))
    return [
        *(Failure('missed', truth.boxes_xyxy[i], int(truth.class_ids[i])) for i in missed),
        *(Failure('wrong', sure.boxes_xyxy[i], int(sure.class_ids[i])) for i in wrong),
    ]


def picture_of(truth: Frame, found: Detections) -> np.ndarray[Any, Any]:
    """Draw what was found in green, what was missed in red, what is wrong in yellow."""
    picture = truth.image_bgr.copy()
    sure = found[found.scores >= SCORE]
    for box, class_id in zip(sure.boxes_xyxy, sure.class_ids, strict=True):
        _draw(picture, box, int(class_id), COLOURS['found'])
    for failure in failures(truth, found):
        _draw(picture, failure.box_xyxy, failure.class_id, COLOURS[failure.kind])
    return picture


def _draw(
    picture: np.ndarray[Any, Any],
    box: np.ndarray[Any, Any],
    class_id: int,
    colour: Sequence[int],
) -> None:
    x0, y0, x1, y1 = box.round().astype(int).tolist()
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2)
    place = (x0 + 2, max(y0 - 4, 10))
    cv2.putText(
        picture,
        CLASS_NAMES[class_id],
        place,
        cv2.FONT_HERSHEY_SIMPLEX,
        0.45,
        colour,
        1,
        cv2.LINE_AA,
    )


def _on_ignored(found: Detections, truth: Frame) -> np.ndarray[Any, Any]:
    """Tell which detections lie mostly on an ignored object of their class: bool ``(N,)``."""
    boxes = truth.boxes_xyxy[truth.ignored]
    inside = _overlaps(found.boxes_xyxy, boxes, of_first=True) >= OVERLAP
    return (inside & (found.class_ids[:, None] == truth.class_ids[truth.ignored])).any(axis=1)


def _overlaps(
    first: np.ndarray[Any, Any], second: np.ndarray[Any, Any], of_first: bool = False
) -> np.ndarray[Any, Any]:
    """Return IoU ``(N, M)`` of corner boxes, or the share of the first box that is covered."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    area_1, area_2 = ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second))
    whole = area_1[:, None] if of_first else area_1[:, None] + area_2[None] - common
    return common / np.maximum(whole + 0 * common, 1e-9)
