# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What lens, sensor and compression do to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from yolotrt_ros.demo.arrays import Floats32, Image
from yolotrt_ros.demo.noise import Rng

NOISE_LEVELS = 6


@dataclass(frozen=True)
class Lens:
    """
    The faults of one camera.

    :param gain: exposure, 1 is right.
    :param gamma: 1 is neutral, less lifts the shadows.
    :param cast: factors for blue, green and red.
    :param vignette: share of light lost in the corners.
    :param noise: grey levels of sensor noise, standard deviation; rounded down to an integer.
    :param jpeg_quality: 0 leaves the picture uncompressed.
    """

    gain: float = 1.0
    gamma: float = 1.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignette: float = 0.2
    noise: float = 2.0
    jpeg_quality: int = 0

    @staticmethod
    def draw(rng: Rng, strength: float = 1.0) -> Lens:
        """Draw a lens; strength 0 is nearly perfect, 1 includes poor ones."""
        warmth = rng.normal(0, 0.07) * strength
        return Lens(
            gain=float(np.exp(rng.normal(0, 0.2) * strength)),
            gamma=float(np.exp(rng.normal(0, 0.15) * strength)),
            cast=(1 - warmth, 1 + rng.normal(0, 0.03) * strength, 1 + warmth),
            vignette=float(rng.uniform(0, 0.4)),
            noise=float(rng.uniform(0, NOISE_LEVELS) * strength),
            jpeg_quality=int(rng.integers(45, 97)) if rng.random() < 0.6 else 0,
        )

    def apply(self, image: Image, blur_px: tuple[float, float], rng: Rng) -> Image:
        """
        Return the picture as the camera would deliver it.

        :param blur_px: how far the scene moves during the exposure, x and y.
        """
        blurred = _moved(image, blur_px)
        dimmed = cv2.multiply(
            blurred, _vignette(image.shape[:2], round(self.vignette, 1)), scale=1 / 255
        )
        noisy = self._add_noise(cv2.LUT(dimmed, self._curves()), rng)
        if not self.jpeg_quality:
            return noisy
        _, data = cv2.imencode('.jpg', noisy, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))

    def _curves(self) -> Image:
        """Return the lookup table (1, 256, 3) of exposure, gamma and colour cast."""
        levels = (np.arange(256) / 255) ** self.gamma * 255 * self.gain
        curves = levels[:, None] * np.array(self.cast)
        soft = np.where(curves > 220, 220 + 35 * np.tanh((curves - 220) / 35), curves)
        return np.clip(soft, 0, 255).astype(np.uint8)[None]

    def _add_noise(self, image: Image, rng: Rng) -> Image:
        if self.noise < 1:
            return image
        above, below = _noise(int(self.noise))
        height, width = image.shape[:2]
        if height > above.shape[0] // 2 or width > above.shape[1] // 2:
            repeats = (-(-height * 2 // above.shape[0]), -(-width * 2 // above.shape[1]), 1)
            above, below = np.tile(above, repeats), np.tile(below, repeats)
        y, x = rng.integers(0, (above.shape[0] - height, above.shape[1] - width))
        window = np.s_[y : y + height, x : x + width]
        return np.asarray(cv2.subtract(cv2.add(image, above[window]), below[window]))


def _moved(image: Image, blur_px: tuple[float, float]) -> Image:
    """Smear along x and y by up to 31 pixels each; the middle of the exposure stays in place."""
    size = tuple(int(np.clip(np.round(abs(length)), 0, 30)) // 2 * 2 + 1 for length in blur_px)
    return image if size == (1, 1) else np.asarray(cv2.blur(image, size))


@lru_cache(maxsize=32)
def _vignette(shape: tuple[int, int], strength: float) -> Image:
    """Return brightness (H, W, 3), 255 in the middle, falling with the squared distance."""
    y, x = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    fall = 255 * (1 - strength * (x * x + y * y) / 2)
    return np.repeat(fall[..., None].astype(np.uint8), 3, axis=2)


@lru_cache(maxsize=NOISE_LEVELS)
def _noise(sigma: int) -> tuple[Image, Image]:
    """Return what to add and what to take away, each (1024, 1536, 3): shot grain, a bit soft."""
    rng = np.random.default_rng([sigma, 4])
    field: Floats32 = rng.standard_normal((1024, 1536, 3), np.float32) * sigma
    grain = np.round(0.7 * field + 0.6 * cv2.blur(field, (2, 2)) * 1.4)
    return np.clip(grain, 0, 255).astype(np.uint8), np.clip(-grain, 0, 255).astype(np.uint8)
