# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that are glued to the faces of things: wood, stripes, letters, a marker."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import ArrayLike

from yolotrt_ros.demo.arrays import Floats, Image
from yolotrt_ros.demo.noise import fractal_noise, pyramid, Rng
from yolotrt_ros.demo.solids import Colour, Solid, Texture

LEVELS = 6
CRATES = 60
PLASTICS = ((190, 90, 20), (40, 40, 190), (60, 150, 50), (130, 130, 130), (30, 180, 220))


def on_plane(solid: Solid, face: int, levels: tuple[Image, ...], corners: ArrayLike) -> None:
    """
    Glue a picture to a face of a solid.

    :param levels: the picture and its halvings, from ``pyramid``.
    :param corners: points (3, 3) under the picture's top left, top right and bottom left.
    """
    origin, right, below = np.array(corners, float)
    solid.textures[face] = Texture(levels, origin, right - origin, below - origin)


def on_box(solid: Solid, pictures: dict[int, tuple[Image, ...]]) -> None:
    """Glue pictures to the faces of a ``box``, by face number, the right way up."""
    corners = {0: [3, 1, 2], 1: [5, 7, 4], 2: [1, 5, 0], 3: [7, 3, 6], 5: [1, 3, 5]}
    for face, levels in pictures.items():
        on_plane(solid, face, levels, solid.vertices[corners[face]])


def _wooden_crate(rng: Rng, tone: Colour) -> Image:
    """Draw boards in a frame, with a diagonal brace on some crates: uint8 (256, 256, 3)."""
    side = 256
    fibres = fractal_noise(rng, (side, 16), 8, 3)
    field = 1 + 0.06 * cv2.resize(fibres, (side, side), interpolation=cv2.INTER_LINEAR)
    field = field * np.repeat(rng.normal(0.88, 0.06, 6), 43)[:side, None]
    field[np.arange(side) % 43 < 3] *= 0.45
    picture = _tinted(field, tone)
    frame = np.array(tone) * rng.uniform(0.95, 1.12)
    shadow = np.array(tone) * 0.4
    if rng.random() < 0.6:
        cv2.line(picture, (10, 250), (246, 6), shadow.tolist(), 42)
        cv2.line(picture, (10, 246), (246, 10), (frame * 0.96).tolist(), 34)
    cv2.rectangle(picture, (32, 32), (223, 223), shadow.tolist(), 4)
    cv2.rectangle(picture, (14, 14), (241, 241), frame.tolist(), 32)
    cv2.rectangle(picture, (0, 0), (255, 255), (frame * 0.6).tolist(), 3)
    for x in (14, 128, 241):
        for y in (14, 241):
            cv2.circle(picture, (x, y), 4, shadow.tolist(), -1, cv2.LINE_AA)
    return picture


def _plastic_crate(colour: Colour) -> Image:
    """Draw a moulded transport box: ribs, a rim and a hand hole: uint8 (256, 256, 3)."""
    body = np.array(colour)
    picture = np.full((256, 256, 3), np.clip(body, 0, 255), np.uint8)
    for row in range(4):
        for column in range(4):
            corner = (22 + column * 55, 58 + row * 48)
            end = (corner[0] + 45, corner[1] + 38)
            cv2.rectangle(picture, corner, end, (body * 0.72).tolist(), -1)
            cv2.line(picture, (corner[0], end[1]), end, (body * 1.15).tolist(), 3)
    cv2.rectangle(picture, (0, 0), (255, 46), np.clip(body * 1.08, 0, 255).tolist(), -1)
    cv2.line(picture, (0, 47), (255, 47), (body * 0.55).tolist(), 4)
    cv2.rectangle(picture, (90, 12), (166, 34), (25, 25, 25), -1)
    cv2.rectangle(picture, (0, 0), (255, 255), (body * 0.6).tolist(), 5)
    return picture


@lru_cache(maxsize=CRATES)
def crate_sides(variant: int) -> tuple[Colour, tuple[Image, ...], tuple[Image, ...]]:
    """
    Return the colour, the sides and the top of a crate; two of three are wooden.

    :param variant: less than CRATES; drawn once and kept, since wood grain takes its time.
    """
    rng = np.random.default_rng([variant, 5])
    if variant % 3:
        tone = wood(rng)
        side, top = _wooden_crate(rng, tone), _wooden_crate(rng, tone)
    else:
        tone = tuple(np.array(PLASTICS[rng.integers(len(PLASTICS))]) * rng.uniform(0.8, 1.1))
        side = _plastic_crate(tone)
        top = np.full_like(side, (np.array(tone) * 0.9).astype(np.uint8))
        top[20:-20, 20:-20] = np.array(tone) * 0.7
    return tone, pyramid(side, LEVELS), pyramid(top, LEVELS)


def wood(rng: Rng) -> Colour:
    """Draw the colour of a wooden board."""
    red = rng.uniform(150, 225)
    return (red * rng.uniform(0.45, 0.62), red * rng.uniform(0.7, 0.8), red)


def stripes(
    first: Colour, second: Colour, slant: float = 1.0, repeats: int = 5
) -> tuple[Image, ...]:
    """Draw slanted stripes, 48 by 480."""
    y, x = np.mgrid[:48, :480]
    odd = ((x + slant * y) * repeats / 240).astype(int) % 2 == 1
    picture = np.where(odd[..., None], np.array(first), np.array(second)).astype(np.uint8)
    return pyramid(picture, LEVELS)


def stop_plate(rng: Rng) -> tuple[Image, ...]:
    """Draw a stop sign on a square, 256 by 256; the octagon cuts it out."""
    red = (rng.uniform(25, 45), rng.uniform(20, 40), rng.uniform(165, 205))
    picture = np.full((256, 256, 3), (235, 235, 235), np.uint8)
    cv2.fillConvexPoly(picture, octagon(117).astype(np.int32) + 128, red, cv2.LINE_AA)
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, height), _ = cv2.getTextSize('STOP', font, 2.6, 15)
    place = (128 - width // 2, 128 + height // 2)
    cv2.putText(picture, 'STOP', place, font, 2.6, (240, 240, 240), 15, cv2.LINE_AA)
    return pyramid(picture, LEVELS)


def octagon(half_width: float) -> Floats:
    """Return the corners (8, 2) of an octagon that stands on a side."""
    angles = np.arange(8) * (np.pi / 4) + np.pi / 8
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(corners * (half_width / np.cos(np.pi / 8)))


def dock_front(rng: Rng, body: Colour) -> tuple[Image, ...]:
    """Draw the front of a charging dock, 320 by 256: a square marker above two contacts."""
    picture = np.full((320, 256, 3), body, np.uint8)
    cv2.rectangle(picture, (38, 22), (217, 201), (245, 245, 245), -1)
    cv2.rectangle(picture, (53, 37), (202, 186), (15, 15, 15), -1)
    bits = rng.random((4, 4)) < 0.5
    for row, column in np.argwhere(bits):
        corner = (78 + int(column) * 25, 62 + int(row) * 25)
        cv2.rectangle(picture, corner, (corner[0] + 24, corner[1] + 24), (245, 245, 245), -1)
    for x in (66, 146):
        cv2.rectangle(picture, (x, 262), (x + 44, 284), (90, 190, 215), -1)
    lamp = [(80, 230, 90), (230, 170, 60), (60, 160, 250)][rng.integers(3)]
    cv2.line(picture, (60, 228), (196, 228), lamp, 9)
    return pyramid(picture, LEVELS)


def _tinted(field: Floats, colour: Colour) -> Image:
    return np.asarray(np.clip(field[..., None] * np.array(colour), 0, 255), np.uint8)
