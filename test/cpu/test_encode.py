# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a picture in every encoding, and reading it back."""

import cv2
import numpy as np
import pytest

from yolotrt_ros.core.color import to_rgb
from yolotrt_ros.core.encodings import ENCODINGS, Layout
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.cpu.encode import encode, PADDING_BYTE
from yolotrt_ros.cpu.media import read_picture

ALL = sorted(ENCODINGS)
GREY = ['mono8', 'mono16', '8UC1']
PACKED = [name for name in ALL if ENCODINGS[name].layout is Layout.PACKED]
PACKED_COLOUR = [name for name in PACKED if name not in GREY]
YUV = ['yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv', 'nv12', 'nv21', 'nv24', 'i420']
BAYER = [name for name in ALL if name.startswith('bayer')]


def smooth_picture(rng, width=64, height=48):
    """Make a picture whose colours change slowly, as chroma at half size can follow."""
    coarse = rng.integers(0, 256, (3, 4, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def read_back(view):
    return to_rgb(view)[:, :, ::-1]


def test_every_encoding_belongs_to_one_of_the_families_tested_here():
    assert sorted(PACKED_COLOUR + GREY + YUV + BAYER) == ALL


@pytest.mark.parametrize('encoding', PACKED_COLOUR)
def test_packed_colour_comes_back_exactly(encoding, rng):
    picture = rng.integers(0, 256, (9, 13, 3), np.uint8)
    np.testing.assert_array_equal(read_back(encode(picture, encoding)), picture)


@pytest.mark.parametrize('encoding', ['rgba8', 'bgra8', '8UC4'])
def test_alpha_is_opaque(encoding, rng):
    view = encode(rng.integers(0, 256, (9, 13, 3), np.uint8), encoding)
    assert np.all(view.planes()[0][:, :, 3] == 255)


@pytest.mark.parametrize('is_bigendian', [False, True])
@pytest.mark.parametrize('encoding', GREY)
def test_grey_comes_back_as_opencvs_grey(encoding, is_bigendian, rng):
    picture = rng.integers(0, 256, (9, 13, 3), np.uint8)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    view = encode(picture, encoding, is_bigendian=is_bigendian)
    for channel in range(3):
        np.testing.assert_array_equal(read_back(view)[:, :, channel], grey)


@pytest.mark.parametrize('encoding', YUV)
def test_plain_colours_come_back_within_three_levels(encoding):
    # Luma and chroma are rounded to whole levels; blue magnifies half a level of chroma by two.
    cube = [(b, g, r) for b in (0, 255) for g in (0, 255) for r in (0, 255)]
    for color in [*cube, (40, 90, 200)]:
        picture = np.full((4, 6, 3), color, np.uint8)
        difference = read_back(encode(picture, encoding)).astype(int) - picture
        assert np.abs(difference).max() <= 3


@pytest.mark.parametrize('encoding', YUV)
def test_smooth_colours_come_back_within_a_few_levels(encoding, rng):
    picture = smooth_picture(rng, 256, 192)
    difference = np.abs(read_back(encode(picture, encoding)).astype(int) - picture)
    assert difference.mean() < 2
    assert difference.max() <= (3 if encoding == 'nv24' else 16)


@pytest.mark.parametrize('encoding', BAYER)
def test_mosaic_keeps_the_sample_of_each_pixels_colour(encoding, rng):
    picture = rng.integers(0, 256, (9, 13, 3), np.uint8)
    mosaic = encode(picture, encoding).planes()[0]
    for row in range(9):
        for column in range(13):
            color = ENCODINGS[encoding].order[2 * (row % 2) + column % 2]
            assert mosaic[row, column] == picture[row, column, 'bgr'.index(color)]


@pytest.mark.parametrize('encoding', BAYER)
def test_smooth_mosaic_comes_back_within_a_few_levels(encoding, rng):
    picture = smooth_picture(rng, 256, 192)
    difference = np.abs(read_back(encode(picture, encoding)).astype(int) - picture)
    assert difference[2:-2, 2:-2].max() <= 8


@pytest.mark.parametrize('encoding', ALL)
def test_photo_is_recognisable_in_every_encoding(encoding, test_data):
    picture = read_picture(test_data('photos/dog.jpg'))
    expected = picture.astype(float)
    if encoding in GREY:
        expected = np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    error = np.sqrt(np.mean((read_back(encode(picture, encoding)) - expected) ** 2))
    assert 20 * np.log10(255 / max(error, 1e-6)) > (28 if encoding in BAYER else 32)


@pytest.mark.parametrize('row_padding', [0, 2, 10])
@pytest.mark.parametrize('encoding', ALL)
def test_rows_are_padded_with_a_value_that_shows(encoding, row_padding, rng):
    picture = smooth_picture(rng)
    padded = encode(picture, encoding, row_padding=row_padding)
    kind = ENCODINGS[encoding]
    assert padded.step == 64 * kind.bytes_per_pixel + row_padding
    rows = padded.data[: 48 * padded.step].reshape(48, padded.step)
    assert np.all(rows[:, 64 * kind.bytes_per_pixel :] == PADDING_BYTE)
    np.testing.assert_array_equal(read_back(padded), read_back(encode(picture, encoding)))


@pytest.mark.parametrize('encoding', ALL)
def test_odd_last_row_and_column_are_cut_off_only_where_they_must_be(encoding, rng):
    kind = ENCODINGS[encoding]
    view = encode(rng.integers(0, 256, (7, 9, 3), np.uint8), encoding)
    assert view.width == (8 if kind.has_shared_columns else 9)
    assert view.height == (6 if kind.has_shared_rows else 7)


def test_picture_too_small_for_shared_chroma_is_refused():
    with pytest.raises(ImageFormatError, match='image is 0x0 pixels'):
        encode(np.zeros((1, 1, 3), np.uint8), 'nv12')


def test_unknown_encoding_is_an_error():
    with pytest.raises(KeyError, match='bgr16'):
        encode(np.zeros((2, 2, 3), np.uint8), 'bgr16')
