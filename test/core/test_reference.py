# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The definition of preprocessing, worked out by hand where that can be done."""

import cv2
import numpy as np
import pytest

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.reference import preprocess


def test_plain_colour_lies_between_grey_bars():
    blue, green, red = 255, 51, 0
    image = np.full((2, 4, 3), (blue, green, red), np.uint8)
    tensor = preprocess(ImageView.from_array(image), Letterbox.fit((4, 2), (8, 8)))
    assert tensor.shape == (3, 8, 8)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    for plane, value in zip(tensor, (0.0, 0.2, 1.0), strict=True):
        np.testing.assert_allclose(plane[2:6], value, rtol=0, atol=1e-7)
        np.testing.assert_allclose(plane[[0, 1, 6, 7]], 114 / 255, rtol=0, atol=1e-7)


@pytest.mark.parametrize('network_wh', [(64, 64), (96, 64), (320, 320)])
def test_tensor_is_that_of_yolov5s_own_steps(network_wh, rng):
    # cv2.resize, cv2.copyMakeBorder and the swap of axes, as in utils/augmentations.py.
    image = rng.integers(0, 256, (90, 120, 3), np.uint8)
    letterbox = Letterbox.fit((120, 90), network_wh)
    resized = cv2.resize(image, letterbox.resized_wh, interpolation=cv2.INTER_LINEAR)
    right = network_wh[0] - letterbox.pad_left - letterbox.resized_wh[0]
    bottom = network_wh[1] - letterbox.pad_top - letterbox.resized_wh[1]
    padded = cv2.copyMakeBorder(
        resized,
        letterbox.pad_top,
        bottom,
        letterbox.pad_left,
        right,
        cv2.BORDER_CONSTANT,
        value=(114, 114, 114),
    )
    expected = padded[:, :, ::-1].transpose(2, 0, 1) / 255
    difference = np.abs(preprocess(ImageView.from_array(image), letterbox) - expected)
    assert difference.max() < 1.001 / 255
