# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choose what stands where in an arena."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from yolotrt_ros.demo.arena import draw_props, needed_radius, NO_CLASS, Prop
from yolotrt_ros.demo.arrays import Floats
from yolotrt_ros.demo.noise import Rng
from yolotrt_ros.demo.props import CLASS_NAMES
from yolotrt_ros.demo.solids import Light

Room = tuple[float, float, float, float]
TRIES = 12


def scatter(
    rng: Rng,
    count: int,
    place: Callable[[], Floats],
    fits: Callable[[Floats, float], bool],
    facing: Callable[[Floats], Floats],
    light: Light,
    distractor_share: float,
    periods_s: tuple[float, ...] = (0.0,),
) -> list[Prop]:
    """
    Put up to ``count`` props where their circles do not overlap.

    :param place: draws a floor point (2,), metres.
    :param fits: whether a circle (centre, radius) is free of walls and of the camera's way.
    :param facing: the point that a prop at this place should look at.
    :param periods_s: seconds in which balls roll to and fro, one of them each; 0 lies still.
    """
    props: list[Prop] = []
    for _ in range(count):
        class_id = int(rng.integers(len(CLASS_NAMES)))
        if rng.random() < distractor_share:
            class_id = NO_CLASS
        period_s = float(rng.choice(periods_s))
        radius = needed_radius(class_id, period_s > 0)
        for _ in range(TRIES):
            centre = place()
            if fits(centre, radius) and _apart(props, centre, radius):
                props += draw_props(rng, class_id, centre, facing(centre), light, period_s)
                break
    return props


def _apart(props: list[Prop], centre: Floats, radius: float) -> bool:
    return all(np.linalg.norm(prop.centre - centre) > prop.radius + radius for prop in props)


def inside(room: Room, centre: Floats, radius: float) -> bool:
    """Tell whether a circle lies within the walls."""
    low, high = np.array(room[:2]) + radius, np.array(room[2:]) - radius
    return bool((centre > low).all() and (centre < high).all())
