# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The definition of every colour conversion, held against OpenCV and against known colours."""

import cv2
import numpy as np
import pytest

from yolotrt_ros.core.color import to_rgb
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import read_picture

# OpenCV's conversions of an image whose rows lie without padding, from its documentation.
OPENCV = {
    'rgb8': None,
    'bgr8': cv2.COLOR_BGR2RGB,
    'rgba8': cv2.COLOR_RGBA2RGB,
    'bgra8': cv2.COLOR_BGRA2RGB,
    'mono8': cv2.COLOR_GRAY2RGB,
    '8UC1': cv2.COLOR_GRAY2RGB,
    '8UC3': cv2.COLOR_BGR2RGB,
    '8UC4': cv2.COLOR_BGRA2RGB,
    'yuv422': cv2.COLOR_YUV2RGB_UYVY,
    'uyvy': cv2.COLOR_YUV2RGB_UYVY,
    'yuv422_yuy2': cv2.COLOR_YUV2RGB_YUY2,
    'yuyv': cv2.COLOR_YUV2RGB_YUY2,
    'nv12': cv2.COLOR_YUV2RGB_NV12,
    'nv21': cv2.COLOR_YUV2RGB_NV21,
    'i420': cv2.COLOR_YUV2RGB_I420,
    # Before 4.5.5 OpenCV names a pattern by the second row and second column only.
    'bayer_rggb8': cv2.COLOR_BayerBG2RGB,
    'bayer_bggr8': cv2.COLOR_BayerRG2RGB,
    'bayer_gbrg8': cv2.COLOR_BayerGR2RGB,
    'bayer_grbg8': cv2.COLOR_BayerGB2RGB,
}
PHOTOS = ['bus', 'dog', 'horses', 'person', 'zidane']


def opencv_rgb(view):
    """Convert with cv2.cvtColor alone; the image must lie without padding."""
    kind = ENCODINGS[view.encoding.name]
    rows = view.data.size // view.step
    pixels = view.data.reshape(rows, -1, kind.channels).squeeze()
    code = OPENCV[view.encoding.name]
    return pixels if code is None else cv2.cvtColor(pixels, code)


def random_image(rng, width, height, encoding):
    """Make an image of random bytes, each value of the whole range."""
    view = ImageView.allocate(width, height, encoding)
    view.data[...] = rng.integers(0, 256, view.data.size, np.uint8)
    return view


@pytest.mark.parametrize('encoding', OPENCV)
def test_random_bytes_convert_exactly_as_in_opencv(encoding, rng):
    for _ in range(20):
        width, height = (2 * rng.integers(2, 60, 2)).tolist()
        view = random_image(rng, width, height, encoding)
        np.testing.assert_array_equal(to_rgb(view), opencv_rgb(view))


@pytest.mark.parametrize('encoding', [name for name in OPENCV if name.startswith('bayer')])
@pytest.mark.parametrize('size', [(1, 1), (2, 2), (2, 9), (9, 2), (3, 3), (3, 4), (7, 5), (8, 9)])
def test_small_and_odd_mosaics_convert_exactly_as_in_opencv(encoding, size, rng):
    view = random_image(rng, *size, encoding)
    mosaic = view.data.reshape(size[1], size[0])
    np.testing.assert_array_equal(to_rgb(view), cv2.cvtColor(mosaic, OPENCV[encoding]))


@pytest.mark.parametrize('photo', PHOTOS)
@pytest.mark.parametrize('encoding', OPENCV)
def test_photos_convert_exactly_as_in_opencv(encoding, photo, test_data):
    view = encode(read_picture(test_data(f'photos/{photo}.jpg')), encoding)
    np.testing.assert_array_equal(to_rgb(view), opencv_rgb(view))


def test_nv24_converts_as_opencv_converts_the_same_samples_in_nv12(rng):
    # OpenCV has no nv24. With chroma equal within each 2x2 block it holds what nv12 holds.
    nv12 = random_image(rng, 64, 48, 'nv12')
    nv24 = ImageView.allocate(64, 48, 'nv24')
    for plane, samples in zip(nv24.planes(), nv12.planes(), strict=True):
        factor = plane.shape[0] // samples.shape[0]
        plane[...] = samples.repeat(factor, axis=0).repeat(factor, axis=1)
    np.testing.assert_array_equal(to_rgb(nv24), opencv_rgb(nv12))


def test_nv24_is_the_rounded_formula_of_bt601_for_every_pixel(rng):
    view = random_image(rng, 64, 48, 'nv24')
    y, chroma = (plane.astype(np.float64) for plane in view.planes())
    luma, u, v = np.maximum(y - 16, 0), chroma[:, :, 0] - 128, chroma[:, :, 1] - 128
    exact = np.stack(
        [
            1.164 * luma + 1.596 * v,
            1.164 * luma - 0.391 * u - 0.813 * v,
            1.164 * luma + 2.018 * u,
        ],
        axis=2,
    )
    assert np.abs(to_rgb(view) - np.clip(exact, 0, 255)).max() < 0.5 + 1e-3


@pytest.mark.parametrize('is_bigendian', [False, True])
def test_mono16_spans_the_range_and_rounds_to_nearest(is_bigendian):
    values = np.arange(65536, dtype='>u2' if is_bigendian else '<u2')
    view = ImageView.from_bytes(
        values.tobytes(),
        width=256,
        height=256,
        step=512,
        encoding='mono16',
        is_bigendian=is_bigendian,
    )
    expected = np.floor(np.arange(65536) * 255 / 65535 + 0.5).astype(np.uint8)
    for channel in range(3):
        np.testing.assert_array_equal(to_rgb(view)[:, :, channel].ravel(), expected)


# Limited-range BT.601 of the eight corners of the colour cube, as its 75 % bars have them at full
# saturation: R, G, B, Y, U, V.
CORNERS = [
    (0, 0, 0, 16, 128, 128),
    (255, 255, 255, 235, 128, 128),
    (255, 0, 0, 81, 90, 240),
    (0, 255, 0, 145, 54, 34),
    (0, 0, 255, 41, 240, 110),
    (255, 255, 0, 210, 16, 146),
    (0, 255, 255, 170, 166, 16),
    (255, 0, 255, 106, 202, 222),
]


@pytest.mark.parametrize('corner', CORNERS)
@pytest.mark.parametrize('encoding', ['uyvy', 'yuyv', 'nv12', 'nv21', 'nv24', 'i420'])
def test_pure_colours_come_out_pure(encoding, corner):
    red, green, blue, y, u, v = corner
    view = ImageView.allocate(2, 2, encoding)
    luma, *chroma = view.planes()
    if encoding in ('uyvy', 'yuyv'):
        view.data[...] = [{'u': u, 'v': v, 'y': y}[name] for name in encoding * 2]
    else:
        luma[...] = y
        if encoding == 'i420':
            chroma[0][...], chroma[1][...] = u, v
        else:
            chroma[0][...] = (v, u) if encoding == 'nv21' else (u, v)
    assert np.abs(to_rgb(view).astype(int) - [red, green, blue]).max() <= 2


@pytest.mark.parametrize('encoding', sorted(ENCODINGS))
def test_padding_of_the_rows_is_not_read(encoding, rng):
    padding = 6
    tight = random_image(rng, 16, 12, encoding)
    padded = ImageView.allocate(16, 12, encoding, row_padding=padding, fill=0xA5)
    for plane, samples in zip(padded.planes(), tight.planes(), strict=True):
        plane[...] = samples
    np.testing.assert_array_equal(to_rgb(padded), to_rgb(tight))


@pytest.mark.parametrize('encoding', sorted(ENCODINGS))
def test_result_is_rgb_of_the_size_of_the_image(encoding, rng):
    rgb = to_rgb(random_image(rng, 8, 6, encoding))
    assert rgb.shape == (6, 8, 3)
    assert rgb.dtype == np.uint8
