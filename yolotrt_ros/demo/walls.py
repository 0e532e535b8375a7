# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Wall textures by family, posters, and the blurred hall above the walls.

As with the floors, HELD_OUT families never appear in training.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from yolotrt_ros.demo.arrays import Floats32, Image
from yolotrt_ros.demo.noise import coloured, fractal_noise, grain, muted, Rng

TEXELS_PER_M = 96
HEIGHT_M, LENGTH_M = 2.5, 14.0
SHAPE = (int(HEIGHT_M * TEXELS_PER_M), int(LENGTH_M * TEXELS_PER_M))
HALL_SHAPE = (256, 2048)
"""The hall around the arena: rows from 50 down to -10 degrees of elevation, columns once round."""
VARIANTS = 5


def _steps(width_px: float, height_px: float, shift: float = 0.0) -> tuple[Floats32, Floats32]:
    """Return, for each texel, where it lies in its brick, 0-1 along both axes: (H, W) each."""
    y = np.arange(SHAPE[0], dtype=np.float32)[:, None] / height_px
    x = np.arange(SHAPE[1], dtype=np.float32)[None] / width_px + np.floor(y) * shift
    return x % 1, y % 1 + 0 * x


def _bricks(rng: Rng, size: tuple[float, float], joint: float, spread: float) -> Floats32:
    """Return the brightness (H, W) of a wall of bricks with lighter joints."""
    width, height = size
    u, v = _steps(width, height, 0.5)
    rows, columns = int(SHAPE[0] / height) + 2, int(SHAPE[1] / width) + 2
    tone = rng.normal(1, spread, (rows, columns)).astype(np.float32)
    tone = cv2.resize(tone, None, fx=width, fy=height, interpolation=cv2.INTER_NEAREST)
    tone = tone[: SHAPE[0], : SHAPE[1]] + 0.06 * fractal_noise(rng, SHAPE, 16, 3)
    return np.where((u < joint * height / width) | (v < joint), 1.2, tone).astype(np.float32)


def painted(rng: Rng) -> Image:
    """Plaster in two tones with a line between them."""
    field = 1 + 0.05 * fractal_noise(rng, SHAPE, 120, 5) + 0.02 * grain(rng, SHAPE)
    wall = coloured(field, muted(rng, 140, 220, 0.08))
    edge = int(SHAPE[0] * rng.uniform(0.45, 0.75))
    wall[edge:] = coloured(field[edge:], muted(rng, 70, 180, 0.3))
    cv2.line(wall, (0, edge), (SHAPE[1], edge), rng.uniform(40, 220, 3).tolist(), 4)
    return wall


def brick(rng: Rng) -> Image:
    """Small bricks with mortar."""
    red = rng.uniform(120, 190)
    return coloured(_bricks(rng, (24, 8), 0.16, 0.13), (red * 0.5, red * 0.6, red))


def blocks(rng: Rng) -> Image:
    """Large cement blocks."""
    grey = rng.uniform(110, 190)
    return coloured(_bricks(rng, (39, 19), 0.08, 0.06), (grey, grey, grey * 0.97))


def plywood(rng: Rng) -> Image:
    """Wooden sheets with upright grain and seams."""
    thin = fractal_noise(rng, (SHAPE[0] // 12, SHAPE[1]), 6, 3)
    fibres = cv2.resize(thin, SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
    u, _ = _steps(TEXELS_PER_M * 1.22, SHAPE[0])
    red = rng.uniform(160, 220)
    field = np.where(u < 0.015, 0.6, 1 + 0.07 * fibres).astype(np.float32)
    return coloured(field, (red * 0.6, red * 0.8, red))


def corrugated(rng: Rng) -> Image:
    """Sheet metal with upright waves."""
    u, _ = _steps(rng.uniform(9, 16), SHAPE[0])
    field = 1 + 0.16 * np.sin(u * 2 * np.pi) + 0.05 * fractal_noise(rng, SHAPE, 100, 4)
    return coloured(field.astype(np.float32), muted(rng, 90, 190, 0.2))


def curtain(rng: Rng) -> Image:
    """Hanging cloth with irregular folds."""
    folds = cv2.resize(fractal_noise(rng, (1, SHAPE[1]), 40, 3), SHAPE[::-1])
    field = 0.85 + 0.22 * folds + 0.02 * grain(rng, SHAPE)
    return coloured(field.astype(np.float32), muted(rng, 45, 140, 0.35))


def battens(rng: Rng) -> Image:
    """Upright boards with dark gaps."""
    u, _ = _steps(rng.uniform(10, 34), SHAPE[0])
    field = np.where(u < 0.12, 0.45, 0.95) * (1 + 0.06 * fractal_noise(rng, SHAPE, 60, 4))
    red = rng.uniform(110, 210)
    return coloured(field.astype(np.float32), (red * rng.uniform(0.5, 1), red * 0.85, red))


def quilted(rng: Rng) -> Image:
    """Cushions with crossing seams between them."""
    u, v = _steps(size := rng.uniform(24, 60), size)
    seams = np.minimum(np.abs(u - v), np.abs(u + v - 1))
    field = 0.75 + 0.35 * np.clip(seams * 4, 0, 1) + 0.03 * fractal_noise(rng, SHAPE, 80, 4)
    return coloured(field.astype(np.float32), muted(rng, 60, 170, 0.25))


def mural(rng: Rng) -> Image:
    """Overlapping patches of paint of all sizes."""
    wall = coloured(1 + 0.04 * fractal_noise(rng, SHAPE, 80, 4), muted(rng, 80, 200, 0.15))
    for _ in range(rng.integers(20, 120)):
        corner, size = rng.integers(0, SHAPE[::-1]), rng.integers(6, 160, 2)
        end = (corner + size).tolist()
        cv2.rectangle(wall, corner.tolist(), end, muted(rng, 50, 220, 0.25), -1)
    return wall


def slats(rng: Rng) -> Image:
    """Horizontal slats with shadow gaps."""
    _, v = _steps(50, rng.uniform(10, 18))
    field = np.where(v < 0.2, 0.45, 0.9 + 0.2 * v) * (1 + 0.05 * fractal_noise(rng, SHAPE, 40, 4))
    red = rng.uniform(120, 200)
    return coloured(field.astype(np.float32), (red * rng.uniform(0.5, 1), red * 0.85, red))


def glazed(rng: Rng) -> Image:
    """Glossy square wall tiles."""
    size = rng.uniform(12, 24)
    u, v = _steps(size, size)
    gloss = 1.08 - 0.16 * v + 0.03 * fractal_noise(rng, SHAPE, 30, 3)
    field = np.where((u < 0.08) | (v < 0.08), 0.8, gloss).astype(np.float32)
    return coloured(field, muted(rng, 110, 215, 0.15))


def stone(rng: Rng) -> Image:
    """Rough stone with long veins."""
    veins = np.abs(fractal_noise(rng, SHAPE, 90, 5))
    field = (0.7 + np.clip(veins, 0, 0.9)).astype(np.float32)
    return coloured(field, muted(rng, 90, 170, 0.06))


TRAINING: tuple[Callable[[Rng], Image], ...] = (
    painted,
    brick,
    blocks,
    plywood,
    corrugated,
    curtain,
    battens,
    quilted,
    mural,
)
HELD_OUT: tuple[Callable[[Rng], Image], ...] = (slats, glazed, stone)


def wall(held_out: bool, number: int) -> Image:
    """
    Return a wall of LENGTH_M by HEIGHT_M at TEXELS_PER_M, darker towards the floor.

    :param number: any integer; its remainders choose family and variant.
    """
    families = HELD_OUT if held_out else TRAINING
    return _wall(held_out, number % (len(families) * VARIANTS))


@lru_cache(maxsize=len(TRAINING) * VARIANTS)
def _wall(held_out: bool, number: int) -> Image:
    families = HELD_OUT if held_out else TRAINING
    rng = np.random.default_rng([held_out, number, 2])
    picture = families[number % len(families)](rng)
    ramp = np.linspace(1.0, rng.uniform(0.75, 1.0), SHAPE[0])[:, None, None]
    ramp[-10:] *= np.linspace(1.0, 0.7, 10)[:, None, None]
    return np.clip(picture * ramp, 0, 255).astype(np.uint8)


def add_posters(rng: Rng, picture: Image, count: int) -> None:
    """Hang posters with plain shapes on a wall, in place; none belongs to a class."""
    height, width = picture.shape[:2]
    for _ in range(count):
        size = rng.integers(24, 90, 2)
        x, y = int(rng.integers(0, max(width - size[0], 1))), int(rng.integers(0, height // 2))
        area = picture[y : y + int(size[1]), x : x + int(size[0])]
        area[:] = rng.uniform(60, 240, 3)
        middle = (area.shape[1] // 2, area.shape[0] // 2)
        colour = rng.uniform(20, 250, 3).tolist()
        shape = rng.integers(3)
        if shape == 0:
            cv2.circle(area, middle, min(middle) * 2 // 3, colour, -1, cv2.LINE_AA)
        elif shape == 1:
            corners = np.array([[0.5, 0.15], [0.85, 0.8], [0.15, 0.8]]) * area.shape[1::-1]
            cv2.fillConvexPoly(area, corners.astype(np.int32), colour, cv2.LINE_AA)
        else:
            for row in range(8, area.shape[0] - 6, 9):
                end = int(area.shape[1] * rng.uniform(0.4, 0.9))
                cv2.line(area, (6, row), (end, row), colour, 2)


def hall(held_out: bool, number: int) -> Image:
    """Return the surroundings above the walls, out of focus: HALL_SHAPE."""
    return _hall(held_out, number % VARIANTS)


@lru_cache(maxsize=2 * VARIANTS)
def _hall(held_out: bool, number: int) -> Image:
    rng = np.random.default_rng([held_out, number, 3])
    height, width = HALL_SHAPE
    top, bottom = rng.uniform(25, 170, (2, 1, 1, 1)) * rng.uniform(0.85, 1.1, (2, 1, 1, 3))
    blend = np.linspace(0, 1, height)[:, None, None]
    field = 1 + 0.2 * fractal_noise(rng, HALL_SHAPE, 160, 4)[..., None]
    picture = np.clip((top * (1 - blend) + bottom * blend) * field, 0, 255).astype(np.uint8)
    spacing = int(rng.integers(90, 200))
    girder = (top * rng.uniform(0.3, 0.7)).ravel().tolist()
    for x in range(spacing // 2, width, spacing):
        cv2.line(picture, (x, 0), (x, height), girder, 9)
        cv2.line(picture, (x - 30, 0), (x, 40), girder, 5)
        cv2.line(picture, (x + 30, 0), (x, 40), girder, 5)
        cv2.ellipse(picture, (x + spacing // 2, 90), (24, 5), 0, 0, 360, (255, 255, 250), -1)
    blurred = cv2.GaussianBlur(np.hstack([picture, picture, picture]), (0, 0), 3)
    return np.ascontiguousarray(blurred[:, width : 2 * width])
