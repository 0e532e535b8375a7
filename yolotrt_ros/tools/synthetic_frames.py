# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that show nothing: gradients and noise, the same each time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from yolotrt_ros.core.image import ImageView

SEED = 0
LARGEST_CELL_PX = 64


def synthetic_frames(count: int, source_wh: tuple[int, int]) -> Iterator[ImageView]:
    """
    Make pictures of a smooth gradient under noise of ever coarser grain.

    :param source_wh: width and height, pixels.
    :returns: bgr8 images; the same sequence each time.
    """
    rng = np.random.default_rng(SEED)
    width, height = source_wh
    for index in range(count):
        corners = rng.uniform(0, 255, (2, 2, 3))
        down = np.linspace(0, 1, height)[:, np.newaxis, np.newaxis]
        right = np.linspace(0, 1, width)[np.newaxis, :, np.newaxis]
        left_side = corners[0, 0] * (1 - down) + corners[1, 0] * down
        right_side = corners[0, 1] * (1 - down) + corners[1, 1] * down
        gradient = left_side * (1 - right) + right_side * right
        cell = min(1 << index % 8, LARGEST_CELL_PX)
        grains = rng.normal(0, 60, (-(-height // cell), -(-width // cell), 3))
        noise = np.kron(grains, np.ones((cell, cell, 1)))[:height, :width]
        yield ImageView.from_array(np.clip(gradient + noise, 0, 255).astype(np.uint8))
