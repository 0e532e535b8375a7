# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Floor textures by family.

The network is trained on the families of TRAINING alone; those of HELD_OUT are for measuring it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from yolotrt_ros.demo.arrays import Floats32, Image, Ints
from yolotrt_ros.demo.noise import coloured, fractal_noise, grain, muted, pyramid, Rng

TEXELS_PER_M = 160
FLOOR_SIZE_M = (14.0, 10.0)
SHAPE = (int(FLOOR_SIZE_M[1] * TEXELS_PER_M), int(FLOOR_SIZE_M[0] * TEXELS_PER_M))
VARIANTS = 5
"""Floors of each family; a floor is a family and a variant."""


def _grid() -> tuple[Floats32, Floats32]:
    """Return the floor coordinates x (1, W) and y (H, 1) in metres."""
    metres = np.arange(max(SHAPE), dtype=np.float32) / np.float32(TEXELS_PER_M)
    return metres[None, : SHAPE[1]], metres[: SHAPE[0], None]


def _tones(rng: Rng, columns: Ints, rows: Ints, spread: float) -> Floats32:
    """Give each cell of a grid its own brightness around 1: (H, W)."""
    table = rng.normal(1, spread, (64, 64)).astype(np.float32)
    return np.asarray(table[rows % 64, columns % 64])


def _tiling(rng: Rng, width_m: float, depth_m: float, shift: float, spread: float) -> Floats32:
    """Lay tiles in rows, each row moved by ``shift`` tiles, with dark joints 6 mm wide: (H, W)."""
    x, y = _grid()
    rows = (y / depth_m).astype(np.int32)
    along = x / width_m + rows * shift
    columns = along.astype(np.int32)
    in_joint = ((along - columns) * width_m < 0.01) | ((y / depth_m - rows) * depth_m < 0.01)
    return np.where(in_joint, 0.72, _tones(rng, columns, rows, spread)).astype(np.float32)


def concrete(rng: Rng) -> Image:
    """Cast concrete in large slabs."""
    field = 1 + 0.12 * fractal_noise(rng, SHAPE, 256, 6) + 0.04 * grain(rng, SHAPE)
    return coloured(field * _tiling(rng, 3.1, 2.7, 0.0, 0.03), muted(rng, 110, 185, 0.06))


def asphalt(rng: Rng) -> Image:
    """Dark asphalt with light stones."""
    stones = np.clip(cv2.GaussianBlur(grain(rng, SHAPE), (3, 3), 0) - 0.7, 0, None)
    field = 1 + 0.1 * fractal_noise(rng, SHAPE, 200, 3) + 0.8 * stones
    return coloured(field, muted(rng, 60, 100, 0.05))


def planks(rng: Rng) -> Image:
    """Wooden boards with grain along their length."""
    thin = fractal_noise(rng, (SHAPE[0], SHAPE[1] // 16), 8, 3)
    fibres = cv2.resize(thin, SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
    field = _tiling(rng, rng.uniform(1.2, 2.0), rng.uniform(0.1, 0.2), 0.37, 0.1)
    red = rng.uniform(150, 215)
    return coloured(field * (1 + 0.1 * fibres), (red * 0.5, red * 0.72, red))


def tiles(rng: Rng) -> Image:
    """Square ceramic tiles."""
    size = rng.uniform(0.25, 0.6)
    field = _tiling(rng, size, size, 0.0, 0.05) * (1 + 0.05 * fractal_noise(rng, SHAPE, 64, 4))
    return coloured(field, muted(rng, 120, 215, 0.12))


def carpet(rng: Rng) -> Image:
    """Carpet: a coarse weave of one colour."""
    x, y = _grid()
    weave = 0.08 * np.sin(x * 260) * np.sin(y * 260) + 0.16 * grain(rng, SHAPE)
    field = 1 + weave + 0.07 * fractal_noise(rng, SHAPE, 300, 3)
    return coloured(field.astype(np.float32), muted(rng, 60, 140, 0.22))


def epoxy(rng: Rng) -> Image:
    """Painted industrial floor: smooth, coloured, with faint flakes."""
    flakes = cv2.GaussianBlur(grain(rng, SHAPE), (5, 5), 0)
    field = 1 + 0.05 * fractal_noise(rng, SHAPE, 400, 4) + 0.12 * flakes
    return coloured(field, muted(rng, 90, 170, 0.2))


def flagstones(rng: Rng) -> Image:
    """Irregular stones, each with a tone of its own, between dark joints."""
    seeds = np.full(SHAPE, 255, np.uint8)
    count = int(rng.integers(150, 2500))
    seeds[rng.integers(0, SHAPE[0], count), rng.integers(0, SHAPE[1], count)] = 0
    _, stones = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    joints = np.zeros(SHAPE, bool)
    joints[:, 3:] |= stones[:, 3:] != stones[:, :-3]
    joints[3:] |= stones[3:] != stones[:-3]
    tones = rng.normal(1, 0.2, count + 1).astype(np.float32)[stones]
    field = tones * (1 + 0.07 * fractal_noise(rng, SHAPE, 40, 4))
    return coloured(np.where(joints, 0.6, field).astype(np.float32), muted(rng, 90, 180, 0.12))


def mosaic(rng: Rng) -> Image:
    """Small tiles in many colours."""
    size = rng.uniform(0.08, 0.3)
    x, y = _grid()
    columns, rows = (x / size).astype(np.int32), (y / size).astype(np.int32)
    colour, spread = muted(rng, 90, 180, 0.15), rng.uniform(0.1, 0.4)
    channels = [_tones(rng, columns, rows, spread) * channel for channel in colour]
    picture = cv2.merge(channels) + 6 * grain(rng, SHAPE)[..., None]
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def studs(rng: Rng) -> Image:
    """Industrial rubber with raised round studs."""
    x, y = _grid()
    pitch = 2 * np.pi / rng.uniform(0.05, 0.12)
    raised = np.sin(x * pitch) * np.sin(y * pitch) > 0.5
    field = np.where(raised, 1.25, 1.0) + 0.05 * grain(rng, SHAPE)
    return coloured(field.astype(np.float32), muted(rng, 50, 130, 0.25))


def terrazzo(rng: Rng) -> Image:
    """Polished chips of three tones in a light ground."""
    base = coloured(1 + 0.04 * fractal_noise(rng, SHAPE, 300, 3), muted(rng, 150, 200, 0.08))
    for _ in range(3):
        chips = fractal_noise(rng, SHAPE, 6, 2) > 0.85
        base[chips] = muted(rng, 60, 220, 0.25)
    return base


def herringbone(rng: Rng) -> Image:
    """Short boards laid in a zigzag."""
    x, y = _grid()
    size = rng.uniform(0.09, 0.14)
    zigzag = np.abs((x / (4 * size)) % 2 - 1) * 4 * size
    rows = ((y + zigzag) / size).astype(np.int32)
    columns = (x / (4 * size)).astype(np.int32) + 0 * rows
    edge = ((y + zigzag) / size - rows < 0.09) | ((x / (4 * size)) % 1 < 0.02)
    tone = np.where(edge, 0.7, _tones(rng, columns, rows, 0.1)).astype(np.float32)
    red = rng.uniform(130, 200)
    field = tone * (1 + 0.06 * fractal_noise(rng, SHAPE, 24, 3))
    return coloured(field, (red * 0.55, red * 0.75, red))


def checkers(rng: Rng) -> Image:
    """Rubber mats in two colours."""
    x, y = _grid()
    size = rng.uniform(0.5, 1.0)
    odd = ((x / size).astype(np.int32) + (y / size).astype(np.int32)) % 2 == 1
    field = 1 + 0.09 * grain(rng, SHAPE) + 0.05 * fractal_noise(rng, SHAPE, 200, 3)
    floor = coloured(field, muted(rng, 70, 120, 0.2))
    floor[odd] = coloured(field, muted(rng, 100, 180, 0.2))[odd]
    return floor


TRAINING: tuple[Callable[[Rng], Image], ...] = (
    concrete,
    asphalt,
    planks,
    tiles,
    carpet,
    epoxy,
    flagstones,
    mosaic,
    studs,
)
HELD_OUT: tuple[Callable[[Rng], Image], ...] = (terrazzo, herringbone, checkers)


def add_marks(rng: Rng, floor: Image) -> None:
    """Stick tape to the floor in place, and spill and splash a little."""
    for _ in range(rng.integers(0, 9)):
        _stain(rng, floor)
    if rng.random() < 0.3:
        for _ in range(rng.integers(2, 40)):
            _splash(rng, floor)
    for _ in range(rng.integers(0, 7)):
        _tape(rng, floor)


def _stain(rng: Rng, floor: Image) -> None:
    """Darken a cloudy spot."""
    size = 200
    y, x = rng.integers(0, np.array(floor.shape[:2]) - size)
    bell = cv2.getGaussianKernel(size, 45)
    spot = np.clip(fractal_noise(rng, (size, size), 80, 3) - 0.1, 0, 1) * (bell @ bell.T)
    patch = floor[y : y + size, x : x + size]
    patch[:] = (patch * (1 - 0.7 * spot / bell.max() ** 2)[..., None]).astype(np.uint8)


def _splash(rng: Rng, floor: Image) -> None:
    """Drop a blob of paint."""
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    reach = rng.uniform(4, 40) * rng.uniform(0.5, 1.3, 14)
    centre = rng.uniform((0, 0), floor.shape[1::-1])
    blob = centre + np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None]
    cv2.fillPoly(floor, [blob.astype(np.int32)], muted(rng, 40, 220, 0.3), cv2.LINE_AA)


def _tape(rng: Rng, floor: Image) -> None:
    """Stick a line, a ring or a rectangle."""
    height, width = floor.shape[:2]
    paint = [(40, 200, 230), (235, 235, 235), (30, 30, 30), (40, 50, 200), (190, 120, 40)]
    colour = paint[rng.integers(len(paint))]
    ends = rng.integers(0, (width, height), (2, 2))
    if rng.random() < 0.7:
        axis = rng.integers(2)
        ends[1, axis] = ends[0, axis]  # mostly along the walls
    thickness = int(rng.integers(6, 17))
    shape = rng.integers(4)
    if shape < 2:
        cv2.line(floor, ends[0].tolist(), ends[1].tolist(), colour, thickness, cv2.LINE_AA)
    elif shape == 2:
        radius = int(rng.integers(60, 400))
        cv2.circle(floor, ends[0].tolist(), radius, colour, thickness, cv2.LINE_AA)
    else:
        corner = ends[0] + rng.integers(60, 500, 2)
        cv2.rectangle(floor, ends[0].tolist(), corner.tolist(), colour, thickness)


def floor(held_out: bool, number: int) -> tuple[Image, ...]:
    """
    Return a floor of FLOOR_SIZE_M at TEXELS_PER_M, and its halvings.

    :param number: any integer; its remainders choose family and variant.
    """
    families = HELD_OUT if held_out else TRAINING
    return _floor(held_out, number % (len(families) * VARIANTS))


@lru_cache(maxsize=len(TRAINING) * VARIANTS)
def _floor(held_out: bool, number: int) -> tuple[Image, ...]:
    families = HELD_OUT if held_out else TRAINING
    rng = np.random.default_rng([held_out, number, 1])
    picture = families[number % len(families)](rng)
    add_marks(rng, picture)
    return pyramid(picture, 5)
