# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Balls: patterned spheres that roll."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from yolotrt_ros.demo.arrays import Bools, Floats, Floats32, Image
from yolotrt_ros.demo.noise import Rng

PATTERN_SHAPE = (64, 128)
"""Rows from the bottom pole to the top one at equal steps of height, columns once round."""


@dataclass(frozen=True)
class Ball:
    """
    A ball on the floor that may roll to and fro along a line.

    :param middle: (3,), metres, where it rests or the middle of its way.
    :param pattern: uint8 (*PATTERN_SHAPE, 3).
    :param turn: float64 (3, 3), how the pattern lies at the middle of the way.
    :param heading: radians, direction of the way.
    :param reach: metres to either side.
    :param period_s: seconds there and back.
    """

    radius: float
    middle: Floats
    pattern: Image
    turn: Floats
    heading: float = 0.0
    reach: float = 0.0
    period_s: float = 1.0

    def centre(self, time: float) -> Floats:
        """Return the centre (3,) at a time in seconds."""
        return self.middle + self._travel(time) * np.array(
            [np.cos(self.heading), np.sin(self.heading), 0.0]
        )

    def orientation(self, time: float) -> Floats:
        """Return (3, 3), ball axes to world axes: it rolls without slipping."""
        angle = self._travel(time) / self.radius
        axis = np.array([-np.sin(self.heading), np.cos(self.heading), 0.0])
        return np.asarray(cv2.Rodrigues(axis * angle)[0]) @ self.turn

    def _travel(self, time: float) -> float:
        return float(self.reach * np.sin(2 * np.pi * time / self.period_s))

    def outline(self, centre: Floats, eye: Floats, count: int = 40) -> Floats:
        """
        Return the circle (count, 3) along which lines of sight from ``eye`` touch the ball.

        With d the distance and r the radius, it lies r²/d before the centre, and its radius
        is r sqrt(1 - r²/d²).
        """
        basis, distance = self.facing(centre, eye)
        ratio = min(self.radius / distance, 0.99)
        angles = np.arange(count) * (2 * np.pi / count)
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ basis[:2]
        middle = centre + basis[2] * (self.radius * ratio)
        return np.asarray(middle + circle * (self.radius * np.sqrt(1 - ratio * ratio)))

    @staticmethod
    def facing(centre: Floats, eye: Floats) -> tuple[Floats, float]:
        """Return the axes (3, 3) right, down and towards the eye, seen from it; the distance."""
        towards = eye - centre
        distance = float(np.linalg.norm(towards))
        towards = towards / distance
        right = np.cross(towards, [0.0, 0.0, -1.0])
        right /= np.linalg.norm(right) + 1e-9
        return np.stack([right, np.cross(-towards, right), towards]), distance

    def shaded(
        self, axes: Floats, orientation: Floats, lamp: Floats, ambient: float, size: int
    ) -> Image:
        """
        Return a picture (size, size, 3) of the ball that fills the square.

        :param axes: from ``facing``.
        :param orientation: ball axes to world axes (3, 3).
        :param lamp: unit vector (3,) towards the lamp.
        """
        normals = _hemisphere(size)
        on_ball = normals @ (axes @ orientation).astype(np.float32)
        angle = cv2.phase(on_ball[:, 0].copy(), on_ball[:, 1].copy())
        columns = (angle * (PATTERN_SHAPE[1] / (2 * np.pi))).reshape(size, size)
        rows = ((on_ball[:, 2] + 1) * (PATTERN_SHAPE[0] / 2 - 0.5)).reshape(size, size)
        surface = cv2.remap(
            self.pattern, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        diffuse = np.clip(normals @ (axes @ lamp).astype(np.float32), 0, None)
        middle = axes @ (lamp + axes[2])
        gloss = np.clip(normals @ (middle / np.linalg.norm(middle)).astype(np.float32), 0, None)
        sky = 0.7 + 0.3 * (normals @ axes[:, 2].astype(np.float32))
        brightness = (ambient * sky + (1.1 - ambient) * diffuse).reshape(size, size)
        lit = cv2.multiply(surface, cv2.merge([brightness] * 3), dtype=cv2.CV_8U)
        shine = cv2.convertScaleAbs(90 * gloss**24).reshape(size, size)
        return np.asarray(cv2.add(lit, cv2.merge([shine] * 3)))


@lru_cache(maxsize=16)
def _hemisphere(size: int) -> Floats32:
    """Return the normals (size², 3) right, down, towards the eye of a ball seen from afar."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    right, down = np.meshgrid(steps, steps)
    towards = np.sqrt(np.clip(1 - right**2 - down**2, 0, None))
    normals = np.stack([right, down, towards], axis=-1).reshape(-1, 3)
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True), np.float32)


def pattern(rng: Rng) -> Image:
    """Draw the surface of a ball: plain, halved, striped, seamed or patched."""
    bright = rng.permutation([255, rng.uniform(40, 200), rng.uniform(0, 60)]) * rng.uniform(0.7, 1)
    pale = np.full(3, rng.uniform(215, 245))
    kind = rng.integers(5)
    surface = _surface()
    if kind == 0:
        return _painted(np.zeros(PATTERN_SHAPE, np.bool_), pale, bright)
    if kind == 1:
        return _painted(surface[..., 2] > 0, pale, bright)
    if kind == 2:
        stripe = np.arange(PATTERN_SHAPE[1]) * 6 // PATTERN_SHAPE[1]
        return _painted(np.broadcast_to(stripe % 2 == 1, PATTERN_SHAPE), pale, bright)
    if kind == 3:
        brown = np.array([30.0, 95.0, 205.0]) * rng.uniform(0.8, 1.1)
        return _painted(_on_seam(surface), np.full(3, 25.0), brown)
    return _painted(_on_patch(surface), np.full(3, 40.0), np.full(3, 235.0))


def _painted(mask: Bools, inside: Floats, outside: Floats) -> Image:
    return np.asarray(np.where(mask[..., None], inside, outside), np.uint8)


def _surface() -> Floats:
    """Return the unit vectors (*PATTERN_SHAPE, 3) to the texels of a pattern."""
    rows, columns = PATTERN_SHAPE
    height = np.linspace(-1, 1, rows)[:, None] + np.zeros(columns)
    angle = np.arange(columns) * (2 * np.pi / columns)
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1)


def _on_seam(surface: Floats) -> Bools:
    """Tell where a basketball has its seams, near enough."""
    x, y, z = np.abs(np.moveaxis(surface, -1, 0))
    return np.asarray(np.minimum.reduce([x, z, np.abs(y - 0.62)]) < 0.03)


def _on_patch(surface: Floats) -> Bools:
    """Tell where a football is black: around the twelve corners of an icosahedron."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([[0, a, b * golden] for a in (-1, 1) for b in (-1, 1)])
    corners = np.concatenate([np.roll(corners, shift, axis=1) for shift in range(3)])
    return np.asarray((surface @ corners.T).max(axis=-1) > 0.93 * np.sqrt(1 + golden**2))
