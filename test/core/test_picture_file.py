# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes of picture files, and files that would cost the decoder gigabytes."""

import struct
import zlib

import cv2
from hypothesis import given, strategies
import numpy as np
import pytest

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import MAX_SIDE_PX
from yolotrt_ros.core.picture_file import check_picture_file, is_cut_jpeg, MAX_PIXELS

IHDR_SIZE = slice(16, 24)
KINDS = {
    'baseline JPEG': ('.jpg', []),
    'progressive JPEG': ('.jpg', [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    'JPEG with restarts': ('.jpg', [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]),
    'PNG': ('.png', []),
}


def picture_file(height=5, width=7, suffix='.jpg', options=(), channels=3) -> bytes:
    rng = np.random.default_rng(height * width)
    shape = (height, width, channels) if channels > 1 else (height, width)
    return cv2.imencode(suffix, rng.integers(0, 256, shape, np.uint8), options)[1].tobytes()


def size_of(data: bytes) -> tuple[int, int]:
    return check_picture_file(np.frombuffer(data, np.uint8))


def jpeg_of_size(width, height) -> bytes:
    data = bytearray(picture_file())
    start = data.index(b'\xff\xc0') + 5
    data[start : start + 4] = struct.pack('>HH', height, width)
    return bytes(data)


def png_of_size(width, height) -> bytes:
    data = bytearray(picture_file(suffix='.png'))
    data[IHDR_SIZE] = struct.pack('>II', width, height)
    data[29:33] = struct.pack('>I', zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize(('suffix', 'options'), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(('width', 'height'), [(1, 1), (7, 5), (640, 480), (1, 2000)])
def test_size_is_that_of_the_picture(width, height, suffix, options, channels):
    assert size_of(picture_file(height, width, suffix, options, channels)) == (width, height)


def test_transparency_is_no_obstacle():
    assert size_of(picture_file(9, 4, '.png', channels=4)) == (4, 9)


@pytest.mark.parametrize('fill', [b'', b'\xff', b'\xff\xff'])
# A comment, and three that are no frame header although their codes lie among those.
@pytest.mark.parametrize('marker', [b'\xff\xfe', b'\xff\xc4', b'\xff\xc8', b'\xff\xcc'])
def test_fill_bytes_and_other_segments_before_the_size_are_stepped_over(marker, fill):
    data = picture_file(5, 7)
    segment = fill + marker + struct.pack('>H', 10) + b'\xff\xc0ab\0\x09\0\x09'
    assert size_of(data[:2] + segment + data[2:]) == (7, 5)


@pytest.mark.parametrize('code', [0x01, 0xD0, 0xD7, 0xD8])
def test_marker_that_stands_alone_has_no_length(code):
    data = picture_file(5, 7)
    assert size_of(data[:2] + bytes([0xFF, code]) + data[2:]) == (7, 5)


def test_size_behind_the_start_of_the_picture_is_not_believed():
    data = picture_file(5, 7)
    scan = b'\xff\xda' + struct.pack('>H', 2)
    with pytest.raises(ImageFormatError, match='no frame header, which holds the size, up to '):
        size_of(data[:2] + scan + data[2:])


def test_rubbish_between_segments_is_stepped_over():
    data = picture_file(5, 7)
    assert size_of(data[:2] + b'rubbish' + data[2:]) == (7, 5)


@pytest.mark.parametrize('of_size', [jpeg_of_size, png_of_size])
@pytest.mark.parametrize(
    ('width', 'height'),
    [
        (30_000, 30_000),
        ((MAX_PIXELS >> 13) + 1, 1 << 13),
        (65_000, 1),
        (1, MAX_SIDE_PX + 1),
        (0, 5),
        (5, 0),
    ],
)
def test_impossible_sizes_are_refused_before_decoding(of_size, width, height):
    with pytest.raises(ImageFormatError, match=f'says that it is {width}x{height} pixels'):
        size_of(of_size(width, height))


@pytest.mark.parametrize('of_size', [jpeg_of_size, png_of_size])
@pytest.mark.parametrize(
    ('width', 'height'), [(MAX_PIXELS >> 13, 1 << 13), (MAX_SIDE_PX, 1), (1, MAX_SIDE_PX)]
)
def test_largest_sizes_are_believed(of_size, width, height):
    assert size_of(of_size(width, height)) == (width, height)


@pytest.mark.parametrize('num_bytes', [0x7FFFFFF0, 0xFFFFFFFF, 1000])
def test_chunk_that_is_longer_than_the_file_is_refused(num_bytes):
    data = picture_file(suffix='.png')
    start = data.index(b'IDAT') - 4
    data = data[:start] + struct.pack('>I', num_bytes) + data[start + 4 :]
    with pytest.raises(ImageFormatError, match='its chunks do not lead to its end'):
        size_of(data)


def test_png_without_a_header_is_refused():
    data = picture_file(suffix='.png').replace(b'IHDR', b'tEXt')
    with pytest.raises(ImageFormatError, match='damaged or cut short'):
        size_of(data)


@pytest.mark.parametrize('suffix', ['.bmp', '.webp', '.tiff'])
def test_other_formats_are_refused(suffix):
    with pytest.raises(ImageFormatError, match='neither JPEG nor PNG'):
        size_of(picture_file(suffix=suffix))


def test_nothing_is_refused():
    with pytest.raises(ImageFormatError, match='of 0 bytes'):
        size_of(b'')


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@given(fraction=strategies.floats(0, 0.999))
def test_file_that_is_cut_short_never_reads_beyond_its_end(suffix, fraction):
    data = picture_file(40, 30, suffix)
    with pytest.raises(ImageFormatError, match=r'cut short|neither JPEG nor PNG'):
        size_of(data[: int(fraction * len(data))])


@pytest.mark.parametrize(('suffix', 'options'), KINDS.values(), ids=KINDS)
def test_file_that_ends_anywhere_before_its_end_is_refused(suffix, options):
    data = picture_file(40, 30, suffix, options)
    for cut in range(8, len(data)):
        with pytest.raises(ImageFormatError, match='damaged or cut short'):
            size_of(data[:cut])


@pytest.mark.parametrize('tail', [b'\0', b'\0' * 4096, b'\xff', b'\xff\xd8\xff'])
def test_bytes_behind_the_end_of_a_picture_are_no_matter(tail):
    assert size_of(picture_file(5, 7) + tail) == (7, 5)


def test_end_of_a_preview_is_not_that_of_the_picture():
    data, preview = picture_file(40, 30), picture_file(5, 7)
    segment = b'\xff\xe1' + struct.pack('>H', len(preview) + 2) + preview
    whole = data[:2] + segment + data[2:]
    assert not is_cut_jpeg(whole)
    assert is_cut_jpeg(whole[:-100])
    assert size_of(whole) == (30, 40)
    with pytest.raises(ImageFormatError, match='cut short: it has no end marker'):
        size_of(whole[:-100])


@pytest.mark.parametrize(
    'data', [b'', b'\xff\xd8', b'no picture', picture_file(suffix='.png')[:-9]]
)
def test_only_a_jpeg_is_called_a_cut_jpeg(data):
    assert not is_cut_jpeg(data)


@given(
    start=strategies.sampled_from([b'\xff\xd8', b'\x89PNG\r\n\x1a\n', b'']),
    rest=strategies.binary(),
)
def test_any_bytes_give_a_size_or_an_error_in_words(start, rest):
    try:
        width, height = size_of(start + rest)
    except ImageFormatError as error:
        assert 'bytes' in str(error)  # noqa: PT017
    else:
        assert 0 < width * height <= MAX_PIXELS


@given(data=strategies.data())
def test_damaged_files_never_ask_for_more_than_the_limit(data):
    whole = bytearray(picture_file(9, 9, data.draw(strategies.sampled_from(['.jpg', '.png']))))
    for _ in range(data.draw(strategies.integers(1, 4))):
        whole[data.draw(strategies.integers(0, len(whole) - 1))] = data.draw(
            strategies.integers(0, 255)
        )
    try:
        width, height = size_of(bytes(whole))
    except ImageFormatError:
        return
    assert 0 < width * height <= MAX_PIXELS
