# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random fields from which all textures are made."""

from __future__ import annotations

import cv2
import numpy as np

from yolotrt_ros.demo.arrays import Floats32, Image

Rng = np.random.Generator


def fractal_noise(rng: Rng, shape: tuple[int, int], cell_px: int, octaves: int = 4) -> Floats32:
    """
    Sum smooth random fields, each twice as fine and half as strong as the one before.

    :param shape: (height, width).
    :param cell_px: size of the coarsest blotches.
    :returns: float32 (height, width), mean about 0, values about -1 to 1.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = max(cell_px >> octave, 1)
        grid = rng.standard_normal((height // cell + 2, width // cell + 2), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * 0.5**octave
    return total / np.float32(2)


def grain(rng: Rng, shape: tuple[int, int]) -> Floats32:
    """Return white noise (height, width), standard deviation 1, repeated from a small patch."""
    height, width = shape
    patch = rng.standard_normal((min(height, 509), min(width, 521)), np.float32)
    repeats = (-(-height // patch.shape[0]), -(-width // patch.shape[1]))
    return np.asarray(np.tile(patch, repeats)[:height, :width])


def coloured(brightness: Floats32, colour: tuple[float, float, float]) -> Image:
    """Return uint8 (H, W, 3): ``colour`` (blue, green, red) times the brightness field (H, W)."""
    return np.asarray(
        cv2.merge([cv2.convertScaleAbs(brightness, alpha=channel) for channel in colour])
    )


def muted(rng: Rng, low: float, high: float, saturation: float) -> tuple[float, float, float]:
    """Draw a colour: a grey between low and high, each channel off by up to ``saturation``."""
    blue, green, red = rng.uniform(low, high) * (1 + rng.uniform(-saturation, saturation, 3))
    return blue, green, red


def pyramid(image: Image, levels: int) -> tuple[Image, ...]:
    """Return the image and its successive halvings, ``levels`` pictures in all."""
    pictures = [image]
    for _ in range(levels - 1):
        height, width = pictures[-1].shape[:2]
        size = (max(width // 2, 1), max(height // 2, 1))
        pictures.append(cv2.resize(pictures[-1], size, interpolation=cv2.INTER_AREA))
    return tuple(pictures)
