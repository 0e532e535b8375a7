# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
What a JPEG or PNG file says of itself, read before anything is decoded.

A decoder believes these numbers: four damaged bytes make it ask for gigabytes and fill them for
seconds. ITU-T T.81 (JPEG), annex B; PNG Specification (Third Edition), chapters 5 and 11.
"""

from __future__ import annotations

from struct import Struct

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import MAX_SIDE_PX

# Four times the pixels of a 4K camera and more, and 200 MB once decoded.
MAX_PIXELS = 1 << 26

_JPEG_START, _JPEG_END, _PNG_START = b'\xff\xd8', b'\xff\xd9', b'\x89PNG\r\n\x1a\n'
_UINT16, _UINT16_PAIR = Struct('>H'), Struct('>HH')
_CHUNK_START, _UINT32_PAIR = Struct('>I4s'), Struct('>II')
_CHUNK_EXTRA_BYTES = 12  # length, type and checksum
# SOF0 to SOF15; the three between them define tables and reserve a code.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN_MARKER = 0xDA
# TEM, RST0 to RST7 and SOI stand alone, everything else is followed by its length.
_LONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


def check_picture_file(data: NDArray[np.uint8]) -> tuple[int, int]:
    """
    Check that a file may be decoded: that it is JPEG or PNG, and of a size to be believed.

    :param data: uint8, flat.
    :returns: width and height, pixels.
    :raises ImageFormatError: it is neither, is cut short, or too large.
    """
    view = data.data
    if bytes(view[:2]) == _JPEG_START:
        content = data.tobytes()
        begin = _jpeg_frame_header(content)
        height, width = _UINT16_PAIR.unpack_from(content, begin + 5)
        if not _has_end(content, begin):
            raise ImageFormatError(
                f'JPEG of {len(view)} bytes is damaged or cut short: it has no end marker; check '
                'the camera driver and the network'
            )
    elif bytes(view[:8]) == _PNG_START:
        width, height = _png_size(view)
    else:
        raise ImageFormatError(
            f'compressed image of {len(view)} bytes begins with {bytes(view[:8])!r}, which is '
            'neither JPEG nor PNG; choose one of these in the camera driver'
        )
    is_too_long = max(width, height) > MAX_SIDE_PX
    if is_too_long or width * height > MAX_PIXELS or not width * height:
        raise ImageFormatError(
            f'compressed image of {len(view)} bytes says that it is {width}x{height} pixels, but '
            f'sides of 1 to {MAX_SIDE_PX} and {MAX_PIXELS} pixels at most are possible; the file '
            'is damaged, or the camera must send a smaller image'
        )
    return width, height


def is_cut_jpeg(data: bytes) -> bool:
    """
    Tell whether a file is a JPEG whose end is missing.

    New versions of OpenCV refuse it; those of Ubuntu 22.04 and 24.04 make up the rest.
    """
    if not data.startswith(_JPEG_START):
        return False
    try:
        return not _has_end(data, _jpeg_frame_header(data))
    except ImageFormatError:
        return False  # no picture at all, as the decoder will find


def _has_end(data: bytes, frame_header: int) -> bool:
    # A preview within the file has an end of its own, before the frame header.
    return data.rfind(_JPEG_END, frame_header) >= 0


def _jpeg_frame_header(data: bytes) -> int:
    """Step from marker to marker up to the frame header, which holds the size."""
    position = len(_JPEG_START)
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            # Some cameras leave rubbish between two segments, and decoders step over it.
            position = data.find(b'\xff', position) % len(data)
            continue
        marker = data[position + 1]
        if marker == 0xFF or marker in _LONE_MARKERS:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAME_MARKERS and position + 9 <= len(data):
            return position
        if marker == _SCAN_MARKER:
            break
        position += 2 + _UINT16.unpack_from(data, position + 2)[0]
    raise ImageFormatError(
        f'JPEG of {len(data)} bytes is damaged or cut short: no frame header, which holds the '
        f'size, up to byte {min(position, len(data))}'
    )


def _png_size(view: memoryview) -> tuple[int, int]:
    """Read the size in the first chunk, and check that every chunk ends within the file."""
    position, size = len(_PNG_START), (0, 0)
    kind = b''
    while kind != b'IEND' and position + _CHUNK_EXTRA_BYTES <= len(view):
        num_bytes, kind = _CHUNK_START.unpack_from(view, position)
        if position == len(_PNG_START) and (kind, num_bytes) != (b'IHDR', 13):
            break
        if kind == b'IHDR' and position + 16 <= len(view):
            size = _UINT32_PAIR.unpack_from(view, position + 8)
        position += num_bytes + _CHUNK_EXTRA_BYTES
    if kind != b'IEND' or position > len(view):
        raise ImageFormatError(
            f'PNG of {len(view)} bytes is damaged or cut short: its chunks do not lead to its '
            f'end (the last one is {kind!r} and would end at byte {position})'
        )
    return size
