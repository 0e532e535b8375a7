# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The letterbox: YOLOv5's geometry, and boxes that come back to where they were."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.letterbox import Letterbox, letterbox_image, PAD_VALUE
from yolotrt_ros.core.resize import resize_bilinear

SIDES = st.integers(1, 8000)
NETWORK_SIDES = st.integers(1, 64).map(lambda cells: 32 * cells)


def in_network(boxes_xyxy, letterbox):
    """Bring boxes from the camera image into the network's input, as the picture itself goes."""
    scale = np.array([*letterbox.scale_xy] * 2, np.float32)
    return boxes_xyxy * scale + np.array([letterbox.pad_left, letterbox.pad_top] * 2, np.float32)


@pytest.mark.parametrize(
    ('source_wh', 'network_wh', 'resized_wh', 'pad'),
    [
        ((640, 640), (640, 640), (640, 640), (0, 0)),  # nothing to do
        ((1280, 720), (640, 640), (640, 360), (0, 140)),
        ((720, 1280), (640, 640), (360, 640), (140, 0)),
        ((810, 1080), (640, 640), (480, 640), (80, 0)),
        ((320, 240), (640, 640), (640, 480), (0, 80)),  # enlarged
        ((1920, 1080), (640, 384), (640, 360), (0, 12)),  # a network that is not square
        ((1000, 333), (640, 640), (640, 213), (0, 213)),  # 427 rows of padding: 213 above
        ((333, 1000), (640, 640), (213, 640), (213, 0)),
        ((8000, 1), (640, 640), (640, 1), (0, 319)),  # would round to no row at all
        ((1, 8000), (640, 640), (1, 640), (319, 0)),
        ((1, 1), (640, 640), (640, 640), (0, 0)),
    ],
)
def test_fit_finds_the_size_and_the_padding(source_wh, network_wh, resized_wh, pad):
    letterbox = Letterbox.fit(source_wh, network_wh)
    assert letterbox.resized_wh == resized_wh
    assert (letterbox.pad_left, letterbox.pad_top) == pad


@given(SIDES, SIDES, NETWORK_SIDES, NETWORK_SIDES)
def test_geometry_is_that_of_yolov5(width, height, network_width, network_height):
    # The formulas of yolov5/utils/augmentations.py, letterbox(auto=False, scaleup=True).
    ratio = min(network_height / height, network_width / width)
    new_width, new_height = round(width * ratio), round(height * ratio)
    spare_width, spare_height = (network_width - new_width) / 2, (network_height - new_height) / 2
    left, top = round(spare_width - 0.1), round(spare_height - 0.1)
    right, bottom = round(spare_width + 0.1), round(spare_height + 0.1)
    if 0 in (new_width, new_height):
        return  # YOLOv5 fails on these; the table above says what happens here

    letterbox = Letterbox.fit((width, height), (network_width, network_height))

    assert letterbox.resized_wh == (new_width, new_height)
    assert (letterbox.pad_left, letterbox.pad_top) == (left, top)
    rows, columns = letterbox.region
    assert (network_height - rows.stop, network_width - columns.stop) == (bottom, right)


@given(SIDES, SIDES, NETWORK_SIDES, NETWORK_SIDES)
def test_picture_lies_inside_the_network_and_touches_two_of_its_borders(w, h, nw, nh):
    letterbox = Letterbox.fit((w, h), (nw, nh))
    rows, columns = letterbox.region
    assert 0 <= rows.start < rows.stop <= nh
    assert 0 <= columns.start < columns.stop <= nw
    assert (rows.stop - rows.start) == nh or (columns.stop - columns.start) == nw


@given(
    SIDES,
    SIDES,
    NETWORK_SIDES,
    NETWORK_SIDES,
    st.lists(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4), max_size=20),
)
def test_boxes_come_back_to_where_they_were(w, h, nw, nh, fractions):
    letterbox = Letterbox.fit((w, h), (nw, nh))
    boxes = np.array(fractions, np.float32).reshape(-1, 4) * np.array([w, h, w, h], np.float32)
    returned = letterbox.to_source(in_network(boxes, letterbox))
    # float32 resolves 1/2048 of a pixel at 8192; scaling down to the network's pixels and back
    # magnifies the rounding there by at most the scale.
    tolerance = 1e-3 + 2**-12 * max(1, *(1 / scale for scale in letterbox.scale_xy))
    assert np.abs(returned - boxes).max(initial=0) <= tolerance


def test_common_camera_sizes_come_back_to_a_thousandth_of_a_pixel(rng):
    for width, height in [(640, 480), (1280, 720), (1920, 1080), (3840, 2160)]:
        letterbox = Letterbox.fit((width, height), (640, 640))
        boxes = rng.uniform(0, [width, height] * 2, (500, 4)).astype(np.float32)
        returned = letterbox.to_source(in_network(boxes, letterbox))
        np.testing.assert_allclose(returned, boxes, rtol=0, atol=1e-3)


@given(SIDES, SIDES, NETWORK_SIDES, NETWORK_SIDES)
def test_corners_of_the_region_map_to_the_corners_of_the_picture(w, h, nw, nh):
    letterbox = Letterbox.fit((w, h), (nw, nh))
    rows, columns = letterbox.region
    region = np.array([[columns.start, rows.start, columns.stop, rows.stop]], np.float32)
    np.testing.assert_allclose(letterbox.to_source(region), [[0, 0, w, h]], rtol=1e-6, atol=1e-3)


def test_boxes_are_clipped_to_the_image():
    letterbox = Letterbox.fit((1280, 720), (640, 640))
    boxes = np.array([[-50, -50, 700, 700], [10, 10, 20, 20]], np.float32)
    np.testing.assert_array_equal(letterbox.to_source(boxes), [[0, 0, 1280, 720], [20, 0, 40, 0]])


def test_no_boxes_stay_no_boxes():
    letterbox = Letterbox.fit((1280, 720), (640, 640))
    moved = letterbox.to_source(np.empty((0, 4), np.float32))
    assert moved.shape == (0, 4)
    assert moved.dtype == np.float32


def test_letterboxed_image_is_the_resized_picture_on_grey(rng):
    image = rng.integers(0, 256, (30, 60, 3), np.uint8)
    letterbox = Letterbox.fit((60, 30), (64, 64))
    padded = letterbox_image(image, letterbox)
    np.testing.assert_array_equal(padded[16:48], resize_bilinear(image, (64, 32)))
    assert padded.shape == (64, 64, 3)
    assert np.all(padded[:16] == PAD_VALUE)
    assert np.all(padded[48:] == PAD_VALUE)
    assert PAD_VALUE == 114
