# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests must know of the OpenCV that is there."""

import cv2


def takes_size(width, height):
    """Tell whether OpenCV takes a picture: that of Ubuntu 22.04 fails with a single pixel."""
    version = tuple(int(part) for part in cv2.__version__.split('.')[:3])
    return (width, height) != (1, 1) or version >= (4, 5, 5)
