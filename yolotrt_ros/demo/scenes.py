# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Single scenes, each independent of the others: for training and for measuring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from yolotrt_ros.demo import arena as arenas
from yolotrt_ros.demo.arena import Prop
from yolotrt_ros.demo.arrays import Floats
from yolotrt_ros.demo.camera import Camera
from yolotrt_ros.demo.frame import Frame, render
from yolotrt_ros.demo.layout import inside, Room, scatter
from yolotrt_ros.demo.lens import Lens
from yolotrt_ros.demo.noise import Rng
from yolotrt_ros.demo.solids import Light

HELD_OUT_SEED = 1_000_000
"""Scenes and drives from this seed on have floors and walls of families never used below it."""


def is_held_out(seed: int) -> bool:
    """Tell whether a seed is for measuring rather than for training."""
    return seed >= HELD_OUT_SEED


def render_scene(seed: int, width: int = 640, height: int = 384) -> Frame:
    """
    Return the scene of this seed as a poor to good camera would see it.

    :param seed: 0 or more; the same seed gives the same scene at any size.
    """
    rng = np.random.default_rng([seed, 0])
    room, light = arenas.draw_room(rng), arenas.draw_light(rng)
    camera = _draw_camera(rng, room, width, height)
    props = _draw_props(rng, room, camera, light)
    arena = arenas.build(rng, is_held_out(seed), room, props, light)
    frame = render(arena, camera)
    lens, blur_px = Lens.draw(rng), _draw_blur(rng, width)
    return replace(frame, image_bgr=lens.apply(frame.image_bgr, blur_px, rng))


def _draw_camera(rng: Rng, room: Room, width: int, height: int) -> Camera:
    """Draw a robot's camera, 0.25 m to 1.3 m above the floor, looking across the room."""
    low, high = np.array(room[:2]) + 0.6, np.array(room[2:]) - 0.6
    place, *targets = rng.uniform(low, high, (3, 2))
    target = max(targets, key=lambda point: float(np.linalg.norm(point - place)))
    view = np.radians(rng.uniform(55, 92))
    return Camera(
        position=np.array([*place, np.exp(rng.uniform(np.log(0.25), np.log(1.3)))]),
        yaw=float(np.arctan2(*(target - place)[::-1])),
        pitch=float(np.radians(rng.uniform(-15, 4))),
        roll=float(np.radians(rng.normal(0, 1.2))),
        focal_px=float(width / (2 * np.tan(view / 2))),
        width=width,
        height=height,
    )


def _draw_props(rng: Rng, room: Room, camera: Camera, light: Light) -> list[Prop]:
    """Draw up to 24 props before the camera; one scene in sixteen is left empty of objects."""
    eye = camera.position[:2]
    half_view = np.arctan(camera.width / (2 * camera.focal_px)) + 0.08

    def place() -> Floats:
        bearing = camera.yaw + rng.uniform(-half_view, half_view)
        distance = np.exp(rng.uniform(np.log(1.1), np.log(12)))
        return np.asarray(eye + distance * np.array([np.cos(bearing), np.sin(bearing)]))

    def fits(centre: Floats, radius: float) -> bool:
        clear = float(np.linalg.norm(centre - eye)) > radius + 0.35
        return clear and inside(room, centre, radius)

    empty = rng.random() < 1 / 16
    share = 1.0 if empty else 0.25
    return scatter(
        rng, int(rng.integers(0 if empty else 4, 25)), place, fits, lambda _: eye, light, share
    )


def _draw_blur(rng: Rng, width: int) -> tuple[float, float]:
    """Draw the blur of a turning camera: none in half of the scenes, sideways in most others."""
    if rng.random() < 0.5:
        return 0.0, 0.0
    return float(rng.exponential(3) * width / 640), float(rng.exponential(0.8) * width / 640)
