# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Render an arena through a camera, with the truth about what can be seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yolotrt_ros.demo.arena import Arena, NO_CLASS, Prop
from yolotrt_ros.demo.arrays import Bools, Floats, Floats32, Image, Ints
from yolotrt_ros.demo.backdrop import draw_backdrop
from yolotrt_ros.demo.camera import Camera
from yolotrt_ros.demo.painter import Painter, SCALE, Silhouette

MIN_VISIBLE_FRACTION = 0.25
MIN_SIDE_PX = 8
"""Truth that is hidden more, or smaller on its shorter side, is marked ``ignored``."""


@dataclass(frozen=True)
class Frame:
    """
    A picture and its truth; N is the number of objects of which at least one pixel shows.

    A box is the tightest one around the pixels that show, exact to half a pixel.  Evaluation
    should neither demand nor punish a detection of an ``ignored`` object.

    :param image_bgr: uint8 (H, W, 3).
    :param boxes_xyxy: float32 (N, 4), pixels; (0, 0) is the image's top left corner.
    :param class_ids: int32 (N,), indices into CLASS_NAMES.
    :param visible_fraction: float32 (N,), 0-1: the part of the object's outline that shows; what
        other things hide and what lies beyond the image's edge does not.
    :param ignored: bool (N,).
    :param numbers: uint8 (2 H, 2 W), the number of the object that each half pixel shows, or 0.
    :param object_numbers: int32 (N,), the number of each object in ``numbers``.
    """

    image_bgr: Image
    boxes_xyxy: Floats32
    class_ids: Ints
    visible_fraction: Floats32
    ignored: Bools
    numbers: Image
    object_numbers: Ints


def is_ignored(boxes_xyxy: Floats32 | Floats, visible_fraction: Floats32 | Floats) -> Bools:
    """
    Tell which objects nobody should be expected to find.

    :param boxes_xyxy: (N, 4), pixels.
    :param visible_fraction: (N,), 0-1.
    """
    sides = np.minimum(*(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).T)
    return np.asarray((visible_fraction < MIN_VISIBLE_FRACTION) | (sides < MIN_SIDE_PX))


def render(arena: Arena, camera: Camera, time: float = 0.0) -> Frame:
    """
    Draw the arena and find out what shows.

    :param time: seconds, for the balls that roll.
    """
    painter = Painter(draw_backdrop(arena, camera, time), camera, arena, time)
    objects: list[tuple[Prop, Silhouette]] = []
    visible = [prop for prop in arena.props if camera.may_see(prop.centre, prop.radius)]
    for prop in _far_to_near(visible, camera):
        if prop.class_id == NO_CLASS:
            painter.draw(prop, 0)
        else:
            objects.append((prop, painter.draw(prop, len(objects) + 1)))
    return _with_truth(painter, objects)


def _far_to_near(props: list[Prop], camera: Camera) -> list[Prop]:
    """
    Order props so that none hides a later one.

    Props stand in circles that do not overlap.  The line of equal power d² - r² keeps two such
    circles apart, so the one of greater power never lies before the other.  Of two that are
    stacked, the one at the height of the camera comes last.
    """
    eye = camera.position

    def key(prop: Prop) -> tuple[float, float]:
        away = prop.centre - eye[:2]
        return float(prop.radius**2 - away @ away), prop.base if eye[2] > prop.base else -prop.base

    return sorted(props, key=key)


def _with_truth(painter: Painter, objects: list[tuple[Prop, Silhouette]]) -> Frame:
    rows = []
    for number, (prop, silhouette) in enumerate(objects, start=1):
        x0, y0, x1, y1 = silhouette.bounds
        mask = painter.numbers[y0:y1, x0:x1] == number
        if seen := int(np.count_nonzero(mask)):
            columns, lines = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
            box = [x0 + columns[0], y0 + lines[0], x0 + columns[-1] + 1, y0 + lines[-1] + 1]
            rows.append((*box, prop.class_id, seen / silhouette.area, number))
    table = np.array(rows, np.float64).reshape(-1, 7)
    boxes, fractions = table[:, :4] / SCALE, table[:, 5]
    return Frame(
        image_bgr=painter.image(),
        boxes_xyxy=boxes.astype(np.float32),
        class_ids=table[:, 4].astype(np.int32),
        visible_fraction=fractions.astype(np.float32),
        ignored=is_ignored(boxes, fractions),
        numbers=painter.numbers,
        object_numbers=table[:, 6].astype(np.int32),
    )
