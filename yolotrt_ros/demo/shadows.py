# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The light on the floor: lamps, dim corners, and the shadows of what stands there."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from yolotrt_ros.demo.arrays import Floats, Floats32, Image
from yolotrt_ros.demo.balls import Ball
from yolotrt_ros.demo.floors import FLOOR_SIZE_M
from yolotrt_ros.demo.noise import coloured, fractal_noise, Rng
from yolotrt_ros.demo.solids import Light, Solid

TEXELS_PER_M = 25
SHAPE = (int(FLOOR_SIZE_M[1] * TEXELS_PER_M), int(FLOOR_SIZE_M[0] * TEXELS_PER_M))
CAST, CONTACT = 0.42, 0.5
"""How much light a cast shadow takes, and the dark line where a thing touches the floor."""
SUBPIXEL = 4


def light_map(
    rng: Rng,
    room: tuple[float, float, float, float],
    things: Iterable[tuple[Solid, ...]],
    light: Light,
) -> Image:
    """Return the brightness of the floor: uint8 (*SHAPE, 3), 255 is fully lit."""
    cast, contact = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    for solids in things:
        for solid in solids:
            _fill(cast, _shadow(solid.vertices, light.direction))
            low = solid.vertices[solid.vertices[:, 2] < 0.12]
            if len(low) > 2:
                _fill(contact, low[:, :2])
    dark = (1 - _soft(cast, 0.055) * CAST) * (1 - _soft(contact, 0.04) * CONTACT)
    bright = dark * _lamps(rng) * _corners(room)
    tint = (255 * rng.uniform(0.82, 1.0, 3)).tolist()
    return coloured(bright, (tint[0], tint[1], tint[2]))


def add_ball(picture: Image, ball: Ball, centre: Floats, light: Light) -> None:
    """Darken the light map in place where a ball, centred at (3,), keeps light away."""
    size = int(np.ceil(TEXELS_PER_M * reach(ball)))
    column, row = (centre[:2] * TEXELS_PER_M).astype(int)
    top, left = max(row - size, 0), max(column - size, 0)
    patch = picture[top : row + size, left : column + size]
    if not patch.size:
        return
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = np.array([-light.direction[1], light.direction[0], 0.0])
    across /= np.linalg.norm(across)
    upwards = np.cross(light.direction, across)
    rim = centre + ball.radius * (circle[:, :1] * across + circle[:, 1:] * upwards)
    origin = np.array([left, top]) / TEXELS_PER_M
    cast, contact = np.zeros(patch.shape[:2], np.uint8), np.zeros(patch.shape[:2], np.uint8)
    _fill(cast, _shadow(rim, light.direction) - origin)
    _fill(contact, centre[:2] + 0.5 * ball.radius * circle - origin)
    dark = (1 - _soft(cast, 0.055) * CAST) * (1 - _soft(contact, 0.05) * CONTACT)
    kept = cv2.convertScaleAbs(dark, alpha=255)
    cv2.multiply(patch, cv2.merge([kept] * 3), dst=patch, scale=1 / 255)


def reach(ball: Ball) -> float:
    """Return how far from its centre a ball's shadow ends, metres, for lamps 35 degrees high."""
    return 4 * ball.radius + 0.25


def _shadow(points: Floats, lamp: Floats) -> Floats:
    """Drop points (N, 3) along the light onto the floor: (N, 2), metres."""
    return np.asarray(points[:, :2] - points[:, 2:] * (lamp[:2] / lamp[2]))


def _fill(mask: Image, points: Floats) -> None:
    """Fill the convex hull of floor points (N, 2), metres."""
    texels = np.round((points * TEXELS_PER_M - 0.5) * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(texels), 255, cv2.LINE_AA, SUBPIXEL)


def _soft(mask: Image, sigma_m: float) -> Floats32:
    """Return the mask, 0-1, with edges that are soft over some metres."""
    return np.asarray(
        cv2.GaussianBlur(mask, (0, 0), sigma_m * TEXELS_PER_M), np.float32
    ) / np.float32(255)


def _lamps(rng: Rng) -> Floats32:
    """Return slow changes of brightness, 0.6 to 1: uneven lamps, the shade of girders."""
    field = np.clip(0.9 + 0.15 * fractal_noise(rng, SHAPE, 4 * TEXELS_PER_M, 2), 0.6, 1.0)
    return np.asarray(field, np.float32)


def _corners(room: tuple[float, float, float, float]) -> Floats32:
    """Return the dimming within 0.4 m of the walls."""
    x = (np.arange(SHAPE[1], dtype=np.float32) + 0.5) / TEXELS_PER_M
    y = (np.arange(SHAPE[0], dtype=np.float32) + 0.5) / TEXELS_PER_M
    from_sides = np.minimum(x - room[0], room[2] - x)
    from_ends = np.minimum(y - room[1], room[3] - y)
    near = np.minimum(from_sides[None], from_ends[:, None])
    return np.asarray(0.65 + 0.35 * np.clip(near / 0.4, 0, 1), np.float32)
