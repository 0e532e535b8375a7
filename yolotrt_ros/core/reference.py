# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Preprocessing in NumPy, from a message's bytes to the network's input: the definition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.color import to_rgb
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox, letterbox_image


def preprocess(view: ImageView, letterbox: Letterbox) -> NDArray[np.float32]:
    """
    Convert, resize, pad and scale one image.

    :param view: the image, of the letterbox's source size.
    :returns: float32 ``(3, H, W)``, RGB, 0 to 1.
    """
    pixels = letterbox_image(to_rgb(view), letterbox)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / np.float32(255)
