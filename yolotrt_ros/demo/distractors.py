# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Things that belong to no class: what the network must learn to leave alone."""

from __future__ import annotations

import numpy as np

from yolotrt_ros.demo.materials import LEVELS, on_plane, wood
from yolotrt_ros.demo.noise import muted, pyramid, Rng
from yolotrt_ros.demo.props import BLACK, WHITE
from yolotrt_ros.demo.solids import box, Colour, prism, Solid, turned


def _paint(rng: Rng) -> Colour:
    return muted(rng, 50, 210, 0.4)


def bollard(rng: Rng) -> list[Solid]:
    """Return a slim post with a band."""
    radius, height, paint = rng.uniform(0.04, 0.1), rng.uniform(0.6, 1.3), _paint(rng)
    levels = [0, 0.6, 0.75, 1]
    profile = [(radius, height * level) for level in levels]
    return [turned(profile, [paint, WHITE if rng.random() < 0.5 else BLACK, paint, paint], 18)]


def cabinet(rng: Rng) -> list[Solid]:
    """Return a plain upright box with a door line."""
    width, height, grey = rng.uniform(0.4, 0.8), rng.uniform(1.0, 1.9), rng.uniform(70, 210)
    colour = (grey, grey * rng.uniform(0.9, 1), grey * rng.uniform(0.85, 1))
    solid = box((0.4, width, height), (0, 0, height / 2), colour)
    door = np.full((128, 64, 3), colour, np.uint8)
    door[:, 31:33] = door[4:6] = door[-6:-4] = (np.array(colour) * 0.6).astype(np.uint8)
    door[60:72, 36:39] = 30
    on_plane(solid, 1, pyramid(door, LEVELS), solid.vertices[[5, 7, 4]])
    return [solid]


def bucket(rng: Rng) -> list[Solid]:
    """Return a bucket, wider at the top."""
    height, top, paint = rng.uniform(0.25, 0.4), rng.uniform(0.13, 0.18), _paint(rng)
    inside = (np.array(paint) * 0.45).tolist()
    return [
        turned([(top * 0.75, 0), (top, height)], [paint, paint]),
        turned([(top * 0.9, height), (top * 0.9, height + 0.002)], [inside, inside], layer=1),
    ]


def wedge(rng: Rng) -> list[Solid]:
    """Return a ramp."""
    length, height = rng.uniform(0.5, 1.0), rng.uniform(0.15, 0.4)
    outline = [(-length / 2, 0), (length / 2, 0), (length / 2, height)]
    return [prism(outline, rng.uniform(0.4, 0.9), _paint(rng))]


def table(rng: Rng) -> list[Solid]:
    """Return a table with four legs."""
    length, width, height = rng.uniform(0.7, 1.2), rng.uniform(0.5, 0.7), rng.uniform(0.5, 0.75)
    legs = [
        box(
            (0.05, 0.05, height),
            (x * (length / 2 - 0.05), y * (width / 2 - 0.05), height / 2),
            BLACK,
        )
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    colour = wood(rng) if rng.random() < 0.4 else _paint(rng)
    return [*legs, box((length, width, 0.04), (0, 0, height), colour, layer=1)]


def other_sign(rng: Rng) -> list[Solid]:
    """Return a sign that is not a stop sign: round, triangular or square."""
    half, middle = rng.uniform(0.22, 0.32), rng.uniform(0.9, 1.5)
    corners = [24, 3, 4][rng.integers(3)]
    angles = np.arange(corners) * (2 * np.pi / corners) + (
        np.pi / 2 if corners == 3 else np.pi / 4
    )
    outline = np.stack([np.cos(angles), np.sin(angles)], axis=1) * half + [0, middle]
    paints: list[Colour] = [(190, 90, 20), (30, 190, 235), (40, 40, 190), WHITE, (60, 140, 40)]
    grey: Colour = (125, 125, 128)
    first, second = rng.permutation(len(paints))[:2]
    rim = prism(outline, 0.02, paints[first], layer=2)
    inner = (outline - [0, middle]) * 0.72 + [0, middle]
    return [
        box((0.4, 0.4, 0.06), (0, 0, 0.03), BLACK),
        turned([(0.025, 0.0), (0.025, middle - half * 0.5)], [grey, grey], 8, layer=1),
        rim,
        prism(inner, 0.024, paints[second], layer=3),
    ]


DISTRACTORS = (bollard, cabinet, bucket, wedge, table, other_sign)

RADIUS_M = 0.72
