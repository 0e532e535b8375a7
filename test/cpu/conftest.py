# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames and rules for the tests of the CPU pipeline."""

import numpy as np
import pytest

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection


@pytest.fixture
def plain_frame():
    """Return a function that makes a square frame of one grey level."""

    def make(level: int, side: int = 64) -> ImageView:
        return ImageView.from_array(np.full((side, side, 3), level, np.uint8))

    return make


@pytest.fixture
def selection():
    return Selection(0.25, 0.45, 300)
