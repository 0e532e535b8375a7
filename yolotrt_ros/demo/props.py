# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The eight classes, each built to its true size in metres, front towards +x."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from yolotrt_ros.demo.materials import (
    crate_sides,
    CRATES,
    dock_front,
    octagon,
    on_box,
    on_plane,
    stop_plate,
    stripes,
    wood,
)
from yolotrt_ros.demo.noise import Rng
from yolotrt_ros.demo.solids import box, Colour, prism, Solid, turned

CLASS_NAMES = ('cone', 'ball', 'crate', 'barrel', 'barrier', 'stop_sign', 'dock', 'pallet')
BALL = CLASS_NAMES.index('ball')

RADIUS_M = {
    'cone': 0.33,
    'ball': 0.3,
    'crate': 0.62,
    'barrel': 0.32,
    'barrier': 0.85,
    'stop_sign': 0.35,
    'dock': 0.43,
    'pallet': 0.73,
}
"""The floor that a prop of each class needs, whichever way it is turned."""

WHITE: Colour = (232, 236, 238)
BLACK: Colour = (32, 30, 30)


def cone(rng: Rng) -> list[Solid]:
    """Return a traffic cone with one or two white sleeves on a square foot."""
    height, foot = rng.uniform(0.45, 0.8), rng.uniform(0.34, 0.44)
    orange = (rng.uniform(0, 45), rng.uniform(55, 115), rng.uniform(215, 250))
    if rng.random() < 0.12:
        orange = (rng.uniform(20, 60), rng.uniform(190, 215), 235)  # yellow ones exist too
    low, high = foot * 0.38, 0.025
    sleeves = [0.4, 0.62] if rng.random() < 0.5 else [0.32, 0.5, 0.62, 0.76]
    levels = [0.0, *sleeves, 1.0]
    profile = [(low + (high - low) * at, 0.03 + (height - 0.03) * at) for at in levels]
    bands = [orange if band % 2 == 0 else WHITE for band in range(len(levels) - 1)]
    sole = BLACK if rng.random() < 0.6 else orange
    return [
        box((foot, foot, 0.035), (0, 0, 0.0175), sole),
        turned(profile, [*bands, BLACK], layer=1),
    ]


def crate(rng: Rng) -> list[Solid]:
    """Return a wooden crate or a moulded plastic one."""
    side = rng.uniform(0.4, 0.75)
    size = (side, side * rng.uniform(0.8, 1.25), side * rng.uniform(0.7, 1.05))
    tone, face, top = crate_sides(int(rng.integers(CRATES)))
    solid = box(size, (0, 0, size[2] / 2), tone)
    on_box(solid, {0: face, 1: face, 2: face, 3: face, 5: top})
    return [solid]


def barrel(rng: Rng) -> list[Solid]:
    """Return a drum with hoops, plain or with a band of colour."""
    radius, height = rng.uniform(0.26, 0.31), rng.uniform(0.8, 0.95)
    palette = [
        (170, 80, 20),
        (60, 110, 40),
        (30, 175, 225),
        (35, 35, 175),
        (60, 60, 62),
        (55, 85, 130),
    ]
    paint = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.85, 1.15)
    hoop, middle = (paint * 0.62).tolist(), paint.tolist()
    if rng.random() < 0.3:
        middle = WHITE
    levels = [0, 0.03, 0.33, 0.36, 0.64, 0.67, 0.97, 1]
    profile = [(radius, level * height) for level in levels]
    plain = paint.tolist()
    colours = [hoop, plain, hoop, middle, hoop, plain, hoop, (paint * 0.8).tolist()]
    lid = turned([(radius * 0.85, height), (radius * 0.85, height + 0.002)], [hoop, hoop], layer=1)
    return [turned(profile, colours, segments=36), lid]


def barrier(rng: Rng) -> list[Solid]:
    """Return a works barrier: striped boards on two legs."""
    length, height = rng.uniform(1.2, 1.6), rng.uniform(0.85, 1.05)
    second = WHITE if rng.random() < 0.8 else (40, 195, 235)
    first = (35, 35, 200) if second is WHITE else BLACK
    if rng.random() < 0.15:
        first = (20, 105, 240)
    picture = stripes(
        first, second, slant=rng.choice([-1.0, 1.0]), repeats=int(rng.integers(3, 7))
    )
    boards = [(height - 0.1, 0.2)]
    if rng.random() < 0.7:
        boards.append((height * 0.45, rng.uniform(0.12, 0.2)))
    legs = BLACK if rng.random() < 0.5 else (150, 150, 152)
    solids = []
    for side in (-0.4, 0.4):
        solids.append(box((0.45, 0.08, 0.06), (0, side * length, 0.03), legs))
        solids.append(
            box((0.04, 0.05, height), (-0.035, side * length, height / 2), legs, layer=1)
        )
    for centre, width in boards:
        board = box((0.03, length, width), (0, 0, centre), second, layer=1)
        on_box(board, {0: picture, 1: picture})
        solids.append(board)
    return solids


def stop_sign(rng: Rng) -> list[Solid]:
    """Return a stop sign on a stand; the stand is not part of its box, as in other data sets."""
    half, middle = rng.uniform(0.24, 0.34), rng.uniform(0.9, 1.5)
    plate = prism(octagon(half) + np.array([0, middle]), 0.02, (190, 190, 192), layer=2)
    picture = stop_plate(rng)
    for face, x in ((0, 0.01), (1, -0.01)):  # readable from both sides
        side = half if face else -half
        on_plane(
            plate,
            face,
            picture,
            [(x, side, middle + half), (x, -side, middle + half), (x, side, middle - half)],
        )
    grey: Colour = (125, 125, 128)
    post = turned([(0.025, 0.0), (0.025, middle - half)], [grey, grey], 8, layer=1, owned=False)
    return [box((0.4, 0.4, 0.06), (0, 0, 0.03), BLACK, owned=False), post, plate]


def dock(rng: Rng) -> list[Solid]:
    """Return a charging dock: a ramp before a panel with a marker."""
    width, height = rng.uniform(0.45, 0.6), rng.uniform(0.5, 0.65)
    grey = rng.uniform(40, 80) if rng.random() < 0.5 else rng.uniform(190, 225)
    body = (grey * 1.03, grey, grey * 0.98)
    panel = box((0.18, width, height), (-0.2, 0, height / 2), body)
    on_box(panel, {1: dock_front(rng, body)})
    accent = [(190, 120, 20), (60, 170, 60), (40, 40, 45)][rng.integers(3)]
    ramp = box((0.4, width, 0.05), (0.09, 0, 0.025), accent)
    cap = box((0.2, width + 0.02, 0.03), (-0.2, 0, height + 0.015), accent, layer=1)
    return [ramp, panel, cap]


def pallet(rng: Rng) -> list[Solid]:
    """Return a flat pallet, 1.2 m by 0.8 m: three runners under five boards."""
    tone = np.array(wood(rng))
    if rng.random() < 0.15:
        tone = np.array([175.0, 95.0, 25.0])  # blue plastic
    solids = []
    for y in (-0.35, 0.0, 0.35):
        solids.append(box((1.2, 0.1, 0.022), (0, y, 0.011), (tone * 0.7).tolist()))
        for x in (-0.53, 0.0, 0.53):
            solids.append(box((0.14, 0.1, 0.08), (x, y, 0.062), (tone * 0.62).tolist(), layer=1))
    for x in (-0.53, 0.0, 0.53):
        solids.append(box((0.14, 0.8, 0.02), (x, 0, 0.112), (tone * 0.75).tolist(), layer=2))
    for y in np.linspace(-0.34, 0.34, 5):
        colour = (tone * rng.uniform(0.85, 1.1)).tolist()
        solids.append(box((1.2, 0.12, 0.022), (0, y, 0.133), colour, layer=3))
    return solids


BUILDERS: dict[str, Callable[[Rng], list[Solid]]] = {
    'cone': cone,
    'crate': crate,
    'barrel': barrel,
    'barrier': barrier,
    'stop_sign': stop_sign,
    'dock': dock,
    'pallet': pallet,
}
