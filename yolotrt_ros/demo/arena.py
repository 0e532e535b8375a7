# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The test arena: a walled floor, a lamp, and the things that stand on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from yolotrt_ros.demo import floors, walls
from yolotrt_ros.demo.arrays import Floats, Image
from yolotrt_ros.demo.balls import Ball, pattern
from yolotrt_ros.demo.distractors import DISTRACTORS
from yolotrt_ros.demo.distractors import RADIUS_M as DISTRACTOR_RADIUS_M
from yolotrt_ros.demo.noise import pyramid, Rng
from yolotrt_ros.demo.props import BALL, BUILDERS, CLASS_NAMES, RADIUS_M
from yolotrt_ros.demo.shadows import light_map
from yolotrt_ros.demo.solids import Light, Solid

NO_CLASS = -1
REACH_M = 0.9
"""How far a ball may roll from the middle of its way."""


@dataclass(frozen=True)
class Prop:
    """
    Something that stands on the floor.

    :param class_id: index into CLASS_NAMES, or NO_CLASS.
    :param shape: a ball, or solids placed in the world.
    :param centre: (2,), metres.
    :param radius: of a circle on the floor that holds all of it, metres.
    :param base: metres above the floor; more than 0 for what stands on another prop.
    """

    class_id: int
    shape: Ball | tuple[Solid, ...]
    centre: Floats
    radius: float
    base: float = 0.0


@dataclass(frozen=True)
class Wall:
    """
    One wall of the arena, seen from inside.

    :param left: (2,), metres, the floor point of its left end; ``right`` likewise.
    :param levels: its picture and halvings, top left corner first.
    """

    left: Floats
    right: Floats
    height: float
    levels: tuple[Image, ...]
    trim: tuple[float, float, float]


@dataclass(frozen=True)
class Arena:
    """
    All that does not depend on the camera.

    :param room: (x0, y0, x1, y1), metres, within the floor picture.
    :param light_map: uint8 (h, w, 3), brightness of the floor under the fixed props.
    :param haze: share of light lost per metre of air.
    """

    room: tuple[float, float, float, float]
    floor: tuple[Image, ...]
    walls: tuple[Wall, ...]
    hall: Image
    light: Light
    light_map: Image
    haze: float
    haze_grey: float
    props: tuple[Prop, ...]


def build(
    rng: Rng,
    held_out: bool,
    room: tuple[float, float, float, float],
    props: Sequence[Prop],
    light: Light,
) -> Arena:
    """Put floor, walls and light around the props."""
    floor = floors.floor(held_out, int(rng.integers(1 << 30)))
    hall = walls.hall(held_out, int(rng.integers(1 << 30)))
    return Arena(
        room=room,
        floor=floor,
        walls=_walls(rng, held_out, room, light),
        hall=hall,
        light=light,
        light_map=light_map(
            rng, room, [p.shape for p in props if not isinstance(p.shape, Ball)], light
        ),
        haze=float(rng.uniform(0, 0.045)) if rng.random() < 0.6 else 0.0,
        haze_grey=float(rng.uniform(120, 190)),
        props=tuple(props),
    )


def draw_light(rng: Rng) -> Light:
    """Draw a lamp 35 to 75 degrees above the floor."""
    azimuth, height = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(35, 75))
    flat = np.cos(height)
    direction = np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(height)])
    return Light(direction, float(rng.uniform(0.4, 0.65)))


def draw_room(rng: Rng) -> tuple[float, float, float, float]:
    """Draw the floor plan: a rectangle of at least 9 m by 7 m."""
    width, depth = (
        rng.uniform(9.0, floors.FLOOR_SIZE_M[0]),
        rng.uniform(7.0, floors.FLOOR_SIZE_M[1]),
    )
    x = rng.uniform(0, floors.FLOOR_SIZE_M[0] - width)
    y = rng.uniform(0, floors.FLOOR_SIZE_M[1] - depth)
    return x, y, x + width, y + depth


def draw_props(
    rng: Rng, class_id: int, centre: Floats, facing: Floats, light: Light, rolling_s: float
) -> list[Prop]:
    """
    Make one prop of a class, or a distractor; some crates and pallets carry another crate.

    :param facing: (2,), the place to which a dock turns its front, more or less.
    :param rolling_s: seconds in which a ball rolls to and fro, 0 for balls that lie still.
    """
    yaw = float(rng.uniform(0, 2 * np.pi))
    if class_id == BALL:
        return [_ball(rng, centre, yaw, rolling_s)]
    if class_id == NO_CLASS:
        build_solids = DISTRACTORS[rng.integers(len(DISTRACTORS))]
        return [_placed(class_id, build_solids(rng), centre, 0.0, yaw, light)]
    name = CLASS_NAMES[class_id]
    if name == 'dock':
        yaw = float(np.arctan2(*(facing - centre)[::-1]) + rng.uniform(-1.4, 1.4))
    lower = _placed(class_id, BUILDERS[name](rng), centre, 0.0, yaw, light)
    if name not in ('crate', 'pallet') or rng.random() > 0.25:
        return [lower]
    upper = _crate_on(rng, lower, yaw, light)
    return [lower, replace(upper, radius=lower.radius)]  # one circle, so that they sort as one


def needed_radius(class_id: int, rolling: bool) -> float:
    """Return the radius in metres of the floor circle to keep free for a prop."""
    if class_id == NO_CLASS:
        return DISTRACTOR_RADIUS_M
    return RADIUS_M[CLASS_NAMES[class_id]] + (REACH_M if rolling and class_id == BALL else 0.0)


def _crate_on(rng: Rng, lower: Prop, yaw: float, light: Light) -> Prop:
    assert not isinstance(lower.shape, Ball)
    top = float(max(solid.vertices[:, 2].max() for solid in lower.shape))
    crate, turned = CLASS_NAMES.index('crate'), yaw + rng.uniform(-0.3, 0.3)
    return _placed(crate, BUILDERS['crate'](rng), lower.centre, top, turned, light)


def _ball(rng: Rng, centre: Floats, heading: float, rolling_s: float) -> Prop:
    radius = float(rng.uniform(0.11, RADIUS_M['ball']))
    ball = Ball(
        radius=radius,
        middle=np.array([*centre, radius]),
        pattern=pattern(rng),
        turn=np.linalg.qr(rng.standard_normal((3, 3)))[0],
        heading=heading,
        reach=float(rng.uniform(0.2, REACH_M)) if rolling_s else 0.0,
        period_s=rolling_s or 1.0,
    )
    return Prop(BALL, ball, centre, needed_radius(BALL, rolling_s > 0))


def _placed(
    class_id: int, solids: Sequence[Solid], centre: Floats, base: float, yaw: float, light: Light
) -> Prop:
    position = np.array([*centre, base])
    placed = tuple(solid.placed(position, yaw, light) for solid in solids)
    return Prop(class_id, placed, centre, needed_radius(class_id, False), base)


def _walls(
    rng: Rng, held_out: bool, room: tuple[float, float, float, float], light: Light
) -> tuple[Wall, ...]:
    """Build four walls of one height, of one or two materials."""
    x0, y0, x1, y1 = room
    height = float(rng.uniform(0.9, walls.HEIGHT_M))
    numbers = rng.integers(0, 1 << 30, 2)
    corners = np.array([[x0, y0], [x0, y1], [x1, y1], [x1, y0]])
    blue, green, red = (rng.uniform(25, 190) * rng.uniform(0.9, 1.1, 3)).tolist()
    built = []
    for side in range(4):
        left, right = corners[side], corners[(side + 1) % 4]
        along = (right - left) / np.linalg.norm(right - left)
        normal = np.array([[along[1], -along[0], 0.0]])
        picture = _wall_picture(
            rng, held_out, int(numbers[side % 2]), float(np.linalg.norm(right - left)), height
        )
        lit = cv2.convertScaleAbs(picture, alpha=float(0.35 + 0.65 * light.shade(normal)[0]))
        built.append(Wall(left, right, height, pyramid(lit, 3), (blue, green, red)))
    return tuple(built)


def _wall_picture(rng: Rng, held_out: bool, number: int, length: float, height: float) -> Image:
    whole = walls.wall(held_out, number)
    rows, columns = (int(size * walls.TEXELS_PER_M) for size in (height, length))
    picture = whole[-rows:, :columns].copy()
    walls.add_posters(rng, picture, int(rng.integers(0, 5)))
    return picture
