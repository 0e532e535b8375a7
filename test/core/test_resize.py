# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The definition of resizing, held against OpenCV's.

On x86 they are equal to the bit, with and without OpenCV's SIMD code. Elsewhere its compiler may
fuse the multiplication and the addition that give a position, or its library may have a path of
the processor maker's: there a weight may differ by one unit, and then a sample by one level.
"""

import platform

import cv2
from hypothesis import assume, given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.opencv import takes_size
from yolotrt_ros.core.resize import column_taps, resize_bilinear, row_taps, WEIGHT_ONE
from yolotrt_ros.cpu.media import read_picture

IS_X86 = platform.machine().lower() in ('x86_64', 'amd64', 'i686')
SIDES = st.integers(1, 90)


@pytest.fixture(params=[True, False], ids=['simd', 'plain'])
def opencv_code(request):
    """Run the test with OpenCV's optimised code and without it."""
    before = cv2.useOptimized()
    cv2.setUseOptimized(request.param)
    yield
    cv2.setUseOptimized(before)


def assert_is_opencvs(image, resized_wh):
    ours = resize_bilinear(image, resized_wh)
    assert ours.dtype == np.uint8
    assert ours.shape == (resized_wh[1], resized_wh[0], image.shape[2])
    opencv = cv2.resize(image, resized_wh, interpolation=cv2.INTER_LINEAR).reshape(ours.shape)
    if IS_X86:
        np.testing.assert_array_equal(ours, opencv)
    difference = np.abs(ours.astype(int) - opencv)
    assert difference.max() <= 1
    # A mean is a statement about many samples, not about the few of a tiny picture.
    assert difference.size < 10_000 or difference.mean() < 0.02


@pytest.mark.usefixtures('opencv_code')
@pytest.mark.parametrize('wh', [(1, 1), (1, 50), (50, 1), (37, 23), (64, 64), (200, 150)])
@pytest.mark.parametrize('resized_wh', [(1, 1), (20, 20), (37, 23), (64, 48), (333, 500)])
@pytest.mark.parametrize('picture', ['random', 'checkerboard', 'white'])
def test_resize_is_opencvs(picture, wh, resized_wh, rng):
    if not takes_size(*wh):
        pytest.skip('this OpenCV takes no picture of a single pixel')
    image = rng.integers(0, 256, (wh[1], wh[0], 3), np.uint8)
    if picture == 'checkerboard':
        image[...] = np.where(np.indices(wh[::-1]).sum(axis=0) % 2, 255, 0)[:, :, np.newaxis]
    elif picture == 'white':
        image[...] = 255
    assert_is_opencvs(image, resized_wh)


@pytest.mark.usefixtures('opencv_code')
@pytest.mark.parametrize('photo', ['bus', 'dog', 'horses', 'person', 'zidane'])
@pytest.mark.parametrize('resized_wh', [(320, 320), (480, 640), (640, 360), (1500, 1400)])
def test_resized_photo_is_opencvs(photo, resized_wh, test_data):
    assert_is_opencvs(read_picture(test_data(f'photos/{photo}.jpg')), resized_wh)


# Grey, colour, and colour with alpha: OpenCV has SIMD code of its own for each.
@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from([1, 3, 4]), st.integers(0, 2**32 - 1))
def test_resize_of_any_size_is_opencvs(width, height, new_width, new_height, channels, seed):
    assume(takes_size(width, height))
    shape = (height, width, channels)
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    assert_is_opencvs(image, (new_width, new_height))


@given(st.integers(1, 4000), st.integers(1, 1400), st.integers(0, 2**32 - 1))
def test_long_rows_and_columns_are_opencvs(source, resized, seed):
    # Far from the origin a position has fewer bits behind the point.
    row = np.random.default_rng(seed).integers(0, 256, (2, source, 3), np.uint8)
    assert_is_opencvs(row, (resized, 2))
    assert_is_opencvs(np.ascontiguousarray(row.transpose(1, 0, 2)), (2, resized))


@given(SIDES, SIDES, st.sampled_from([1, 3, 4]), st.integers(0, 2**32 - 1))
def test_half_the_size_is_the_mean_of_four_pixels(width, height, channels, seed):
    shape = (2 * height, 2 * width, channels)
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    sums = image.astype(int).reshape(height, 2, width, 2, channels).sum(axis=(1, 3))
    np.testing.assert_array_equal(resize_bilinear(image, (width, height)), (sums + 2) // 4)
    assert_is_opencvs(image, (width, height))


def test_resize_to_the_same_size_changes_nothing(rng):
    image = rng.integers(0, 256, (31, 47, 3), np.uint8)
    np.testing.assert_array_equal(resize_bilinear(image, (47, 31)), image)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 255))
def test_plain_colour_stays(width, height, new_width, new_height, level):
    image = np.full((height, width, 3), level, np.uint8)
    assert np.all(resize_bilinear(image, (new_width, new_height)) == level)


def test_taps_worked_out_by_hand():
    # Three pixels from two: positions -1/6, 1/2 and 7/6.
    columns, rows = column_taps(2, 3), row_taps(2, 3)
    np.testing.assert_array_equal(columns.near, [0, 0, 1])
    np.testing.assert_array_equal(columns.far, [0, 1, 1])
    np.testing.assert_array_equal(columns.near_weight, [2048, 1024, 2048])
    np.testing.assert_array_equal(columns.far_weight, [0, 1024, 0])
    np.testing.assert_array_equal(rows.near, columns.near)
    np.testing.assert_array_equal(rows.far, columns.far)
    np.testing.assert_array_equal(rows.near_weight, [341, 1024, 1707])
    np.testing.assert_array_equal(rows.far_weight, [1707, 1024, 341])


@given(st.integers(1, 1 << 15), st.integers(1, 4096))
def test_taps_lie_within_the_source_and_their_weights_make_one(source, resized):
    for taps in (column_taps(source, resized), row_taps(source, resized)):
        assert np.all((taps.near >= 0) & (taps.near <= taps.far) & (taps.far < source))
        assert np.all(np.diff(taps.near) >= 0)
        assert np.all((taps.near_weight >= 0) & (taps.far_weight >= 0))
        # Each weight is rounded for itself; a tie may go the same way in both.
        assert np.all(np.abs(taps.near_weight + taps.far_weight - WEIGHT_ONE) <= 1)
