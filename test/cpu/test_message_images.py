# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures out of serialised messages: what can be used is viewed, the rest explained."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_image import SerialisedCompressedImage, SerialisedImage
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.message_images import view_of_compressed, view_of_image, view_of_pixels

HEADER = MessageHeader(3, 4, 'camera')


def random_pixels(rng, *shape, dtype=np.uint8):
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def compressed(data, name='jpeg'):
    return SerialisedCompressedImage(HEADER, name, np.frombuffer(bytes(data), np.uint8))


def fields_of(view, **changes):
    fields = {
        'height': view.height,
        'width': view.width,
        'encoding': view.encoding.name,
        'is_bigendian': view.is_bigendian,
        'step': view.step,
        'data': view.data,
    }
    return SerialisedImage(HEADER, **(fields | changes))


@pytest.mark.parametrize('name', ENCODINGS)
def test_raw_image_is_viewed_and_not_copied(name, rng):
    expected = encode(random_pixels(rng, 8, 12, 3), name, row_padding=6, is_bigendian=True)
    view = view_of_image(fields_of(expected))
    assert view.data.base is expected.data or np.shares_memory(view.data, expected.data)
    for ours, theirs in zip(view.planes(), expected.planes(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'encoding': 'rainbow'}, "encoding 'rainbow' is not one of rgb8"),
        ({'width': 4_000_000_000}, 'image is 4000000000x8 pixels'),
        ({'step': 3}, 'step is 3 bytes'),
        ({'data': np.zeros(5, np.uint8)}, 'data holds 5 bytes'),
    ],
)
def test_raw_image_that_does_not_fit_is_refused(changes, words, rng):
    view = ImageView.from_array(random_pixels(rng, 8, 12, 3))
    with pytest.raises(ImageFormatError, match=words):
        view_of_image(fields_of(view, **changes))


@pytest.mark.parametrize(
    ('shape', 'encoding'),
    [((9, 7), 'mono8'), ((9, 7, 3), 'bgr8'), ((9, 7, 4), 'bgra8')],
    ids=['grey', 'colour', 'colour and opacity'],
)
def test_png_comes_back_as_it_was(shape, encoding, rng):
    picture = random_pixels(rng, *shape)
    view = view_of_compressed(compressed(cv2.imencode('.png', picture)[1], 'png'))
    assert view.encoding.name == encoding
    np.testing.assert_array_equal(view.planes()[0], picture)


def test_jpeg_is_decoded_to_blue_first():
    picture = np.full((16, 24, 3), (200, 90, 20), np.uint8)
    view = view_of_compressed(compressed(cv2.imencode('.jpg', picture)[1]))
    assert view.encoding.name == 'bgr8'
    np.testing.assert_allclose(view.planes()[0], picture, atol=3)


def test_rotation_that_a_jpeg_asks_for_is_passed_over():
    picture = np.full((16, 24, 3), 99, np.uint8)
    data = cv2.imencode('.jpg', picture)[1].tobytes()
    # Exif, big-endian, one entry: orientation (0x0112), short, 6 (rotate by 90 degrees).
    exif = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    segment = b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif
    rotated = data[:2] + segment + data[2:]
    assert cv2.imdecode(np.frombuffer(rotated, np.uint8), cv2.IMREAD_COLOR).shape == (24, 16, 3)
    assert view_of_compressed(compressed(rotated)).source_wh == (24, 16)


@pytest.mark.parametrize('data', [b'', b'no picture', b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff'])
def test_what_is_no_picture_is_refused_with_its_format(data):
    words = rf"image of format 'x; jpeg': .*{len(data)} bytes"
    with pytest.raises(ImageFormatError, match=words):
        view_of_compressed(compressed(data, 'x; jpeg'))


def test_picture_without_its_pixels_is_refused_with_its_format():
    data = cv2.imencode('.jpg', np.zeros((16, 24, 3), np.uint8))[1].tobytes()
    header = data[: data.index(b'\xff\xc0') + 19] + data[-2:]  # the frame header, and the end
    words = f"format 'jpeg': {len(header)} bytes begin like a picture, but cannot be decoded"
    with pytest.raises(ImageFormatError, match=words):
        view_of_compressed(compressed(header))


def test_jpeg_that_was_cut_short_is_refused_with_its_format(rng):
    data = cv2.imencode('.jpg', random_pixels(rng, 48, 64, 3))[1].tobytes()
    for end in (len(data) // 2, len(data) - 1):
        words = f"format 'jpeg': JPEG of {end} bytes is damaged or cut short"
        with pytest.raises(ImageFormatError, match=words):
            view_of_compressed(compressed(data[:end]))


def test_size_that_cannot_be_is_refused_before_memory_is_asked_for():
    data = bytearray(cv2.imencode('.jpg', np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    start = data.index(b'\xff\xc0') + 5  # height and width in the frame header
    data[start : start + 4] = b'\x60\x00' * 2
    with pytest.raises(ImageFormatError, match='says that it is 24576x24576 pixels'):
        view_of_compressed(compressed(data))


def test_other_formats_are_refused_with_the_cure():
    data = cv2.imencode('.tiff', np.zeros((4, 4, 3), np.uint8))[1]
    with pytest.raises(ImageFormatError, match='neither JPEG nor PNG; choose one of these'):
        view_of_compressed(compressed(data, 'bgr8; tiff compressed'))


def test_sixteen_bits_are_refused_with_the_cure(rng):
    data = cv2.imencode('.png', random_pixels(rng, 5, 6, dtype=np.uint16))[1]
    words = r"'16UC1; png' decodes to uint16 \(5, 6\), but 8-bit .* choose an 8-bit format"
    with pytest.raises(ImageFormatError, match=words):
        view_of_compressed(compressed(data, '16UC1; png'))


@pytest.mark.parametrize('shape', [(4, 4, 2), (4, 4, 5), (4,), (1, 4, 4, 3)])
def test_pixels_of_no_known_form_are_refused(shape):
    with pytest.raises(ImageFormatError, match='8-bit grey or colour is needed'):
        view_of_pixels(np.zeros(shape, np.uint8), 'strange')


@given(st.binary(max_size=300), st.integers(0, 300), st.booleans())
def test_damaged_picture_is_decoded_or_explained(noise, begin, is_png):
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    data = bytearray(cv2.imencode('.png' if is_png else '.jpg', picture)[1].tobytes())
    data[begin : begin + len(noise)] = noise
    with suppress(ImageFormatError):
        view = view_of_compressed(compressed(data))
        assert view.encoding.name in ('mono8', 'bgr8', 'bgra8')


def test_pictures_can_be_decoded_in_several_threads(rng):
    pictures = [random_pixels(rng, 50 + index, 60, 3) for index in range(16)]
    messages = [compressed(cv2.imencode('.png', picture)[1], 'png') for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        views = list(threads.map(view_of_compressed, messages))
    for view, picture in zip(views, pictures, strict=True):
        np.testing.assert_array_equal(view.planes()[0], picture)
