# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""OpenCV's way to every encoding, held against the definition in core."""

import cv2
import numpy as np
import pytest

from test.opencv import takes_size
from yolotrt_ros.core.color import to_rgb
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.color import to_bgr, to_resizable
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import read_picture

ALL = sorted(ENCODINGS)
# The rows of the packed 8-bit encodings are handed to OpenCV as they lie in the message.
VIEWED = ['rgb8', 'bgr8', 'rgba8', 'bgra8', 'mono8', '8UC1', '8UC3', '8UC4']


def random_image(rng, width, height, encoding, **details):
    view = ImageView.allocate(width, height, encoding, **details)
    view.data[...] = rng.integers(0, 256, view.data.size, np.uint8)
    return view


def rgb_of(view):
    pixels, channels = to_resizable(view)
    return pixels[:, :, np.newaxis].repeat(3, 2) if pixels.ndim == 2 else pixels[:, :, channels]


def assert_equals_definition(view):
    expected = to_rgb(view).astype(int)
    for actual in (rgb_of(view), to_bgr(view)[:, :, ::-1]):
        assert actual.shape == expected.shape
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize('row_padding', [0, 1, 2, 7, 64])
@pytest.mark.parametrize('encoding', ALL)
def test_random_bytes_convert_as_defined(encoding, row_padding, rng):
    if encoding == 'i420' and row_padding % 2:
        row_padding += 1  # its half-width planes need an even step
    for _ in range(4):
        width, height = (2 * rng.integers(1, 60, 2)).tolist()
        assert_equals_definition(
            random_image(rng, width, height, encoding, row_padding=row_padding)
        )


@pytest.mark.parametrize('size', [(1, 1), (1, 8), (9, 1), (2, 2), (2, 3), (3, 3), (31, 17)])
@pytest.mark.parametrize('encoding', ALL)
def test_small_and_odd_images_convert_as_defined(encoding, size, rng):
    kind = ENCODINGS[encoding]
    width = size[0] + size[0] % 2 if kind.has_shared_columns else size[0]
    height = size[1] + size[1] % 2 if kind.has_shared_rows else size[1]
    if not takes_size(width, height):
        pytest.skip('this OpenCV takes no picture of a single pixel')
    assert_equals_definition(random_image(rng, width, height, encoding))


@pytest.mark.parametrize('row_padding', [0, 1, 6])
def test_big_endian_mono16_converts_as_defined(row_padding, rng):
    view = random_image(rng, 33, 9, 'mono16', row_padding=row_padding, is_bigendian=True)
    assert_equals_definition(view)


def test_mono16_that_begins_at_an_odd_address_converts_as_defined(rng):
    data = rng.integers(0, 256, 2 * 33 * 9 + 1, np.uint8)[1:]
    assert_equals_definition(
        ImageView.from_bytes(data, width=33, height=9, step=66, encoding='mono16')
    )


@pytest.mark.parametrize('encoding', ALL)
def test_read_only_bytes_convert_as_defined(encoding, rng):
    view = random_image(rng, 16, 8, encoding, row_padding=4)
    assert_equals_definition(
        ImageView.from_bytes(
            view.data.tobytes(), width=16, height=8, step=view.step, encoding=encoding
        )
    )


@pytest.mark.parametrize('encoding', ALL)
def test_photo_converts_as_defined(encoding, test_data):
    assert_equals_definition(encode(read_picture(test_data('photos/zidane.jpg')), encoding))


@pytest.mark.parametrize('encoding', VIEWED)
def test_packed_image_is_not_copied(encoding, rng):
    view = random_image(rng, 20, 10, encoding, row_padding=5)
    assert np.shares_memory(to_resizable(view)[0], view.data)


@pytest.mark.parametrize('encoding', ALL)
def test_bgr_is_a_copy_that_can_be_drawn_on(encoding, rng):
    view = random_image(rng, 20, 10, encoding)
    before = view.data.copy()
    image = to_bgr(view)
    assert image.flags.c_contiguous
    cv2.line(image, (0, 0), (19, 9), (1, 2, 3), 2)
    np.testing.assert_array_equal(view.data, before)
