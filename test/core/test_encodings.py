# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of encodings: every name a driver may send, told in the words of sensor_msgs."""

import pytest

from yolotrt_ros.core.encodings import ENCODINGS, Layout

# name: bytes of a pixel in the first plane, whether the width and the height must be even.
EXPECTED = {
    'rgb8': (3, False, False),
    'bgr8': (3, False, False),
    'rgba8': (4, False, False),
    'bgra8': (4, False, False),
    'mono8': (1, False, False),
    'mono16': (2, False, False),
    '8UC1': (1, False, False),
    '8UC3': (3, False, False),
    '8UC4': (4, False, False),
    'yuv422': (2, True, False),
    'uyvy': (2, True, False),
    'yuv422_yuy2': (2, True, False),
    'yuyv': (2, True, False),
    'nv12': (1, True, True),
    'nv21': (1, True, True),
    'nv24': (1, False, False),
    'i420': (1, True, True),
    'bayer_rggb8': (1, False, False),
    'bayer_bggr8': (1, False, False),
    'bayer_gbrg8': (1, False, False),
    'bayer_grbg8': (1, False, False),
}


def test_table_holds_every_encoding_and_no_other():
    assert set(ENCODINGS) == set(EXPECTED)


@pytest.mark.parametrize('name', EXPECTED)
def test_encoding_knows_its_bytes_and_which_sides_must_be_even(name):
    encoding = ENCODINGS[name]
    assert encoding.name == name
    facts = (encoding.bytes_per_pixel, encoding.has_shared_columns, encoding.has_shared_rows)
    assert facts == EXPECTED[name]


@pytest.mark.parametrize('name', [name for name in EXPECTED if name.startswith('bayer')])
def test_bayer_order_is_the_pattern_in_the_name(name):
    assert ENCODINGS[name].layout is Layout.BAYER
    assert name == f'bayer_{ENCODINGS[name].order}8'


@pytest.mark.parametrize(
    ('older', 'newer'), [('yuv422', 'uyvy'), ('yuv422_yuy2', 'yuyv'), ('8UC3', 'bgr8')]
)
def test_two_names_of_one_encoding_mean_the_same(older, newer):
    assert ENCODINGS[older].layout is ENCODINGS[newer].layout
    assert ENCODINGS[older].order == ENCODINGS[newer].order
