# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Detections written as a serialised message: bytes laid side by side instead of objects.

The layout follows from the interface files of vision_msgs 4 and from CDR's rule that a number lies
at a multiple of its size. A ``Detection2D`` is a prefix, whose length depends on frame and label,
and a block of 50 words of eight bytes, which is the same for all but for five of its numbers::

    prefix  header, number of results (1), class_id, padding to eight bytes
    block   score, pose (7), covariance (36), x, y, theta, size_x, size_y, id ('') and padding

So every detection but the first starts at a multiple of eight; the first may start four bytes
behind one.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader

_CDR_LITTLE_ENDIAN = b'\x00\x01\x00\x00'
_UINT32 = Struct('<I')
_WORD_BYTES = 8
# Behind the last detection there is nothing to align, so the padding behind its id is left out.
_ID_PADDING_BYTES = 3

# Words of a block.
_SCORE, _ORIENTATION_W, _X, _Y, _SIZE_X, _SIZE_Y, _ID = 0, 7, 44, 45, 47, 48, 49
_BLOCK_WORDS = 50
_FILLED = np.array([_SCORE, _X, _Y, _SIZE_X, _SIZE_Y])


def _blank_block() -> bytes:
    block = np.zeros(_BLOCK_WORDS, '<f8')
    block[_ORIENTATION_W] = 1.0
    # The length of an empty string counts its NUL.
    block.view('<u4')[2 * _ID] = 1
    return block.tobytes()


_BLANK_BLOCK = _blank_block()


class DetectionArrayWriter:
    """
    Writes ``vision_msgs/Detection2DArray`` in little-endian CDR, as publishers take it.

    The bytes are those that rclpy makes of the message of ``ros.messages.detection_array``.

    :param labels: what ``class_id`` holds for each class.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = [_one_result(label) for label in labels]

    def write(self, detections: Detections, header: MessageHeader) -> bytes:
        """
        Serialise the detections of one image.

        :param detections: boxes in pixels of that image; class ids must lie within ``labels``.
        :param header: the image's own, written for the array and for every detection.
        """
        repeated = header.serialised()
        start = repeated + _UINT32.pack(len(detections))
        if not len(detections):
            return _CDR_LITTLE_ENDIAN + start
        cells = self._cells(repeated, detections.class_ids.tolist(), len(start) % _WORD_BYTES)
        # The array's header and count, and the first detection's prefix, end together on a word.
        message = bytearray(b''.join([_CDR_LITTLE_ENDIAN, start, *cells]))
        words = np.frombuffer(message, '<f8', offset=len(_CDR_LITTLE_ENDIAN))
        ends = np.cumsum([len(cell) for cell in cells]) + len(start)
        blocks = ends // _WORD_BYTES - _BLOCK_WORDS
        words[blocks[:, np.newaxis] + _FILLED] = _numbers(detections)
        return bytes(memoryview(message)[:-_ID_PADDING_BYTES])

    def _cells(self, header: bytes, class_ids: list[int], offset: int) -> list[bytes]:
        """
        Make every detection with its numbers left blank.

        :param offset: of the first detection behind a multiple of eight bytes.
        """
        blank = {index: self._cell(header, index, 0) for index in set(class_ids)}
        first = self._cell(header, class_ids[0], offset)
        return [first, *[blank[index] for index in class_ids[1:]]]

    def _cell(self, header: bytes, class_id: int, offset: int) -> bytes:
        prefix = header + self._labels[class_id]
        return prefix + bytes(-(offset + len(prefix)) % _WORD_BYTES) + _BLANK_BLOCK


def _one_result(label: str) -> bytes:
    """Serialise a sequence of one result, up to its ``class_id``."""
    # As rclpy, whose strings are those of C and end at the first NUL.
    text = label.partition('\0')[0].encode() + b'\0'
    return _UINT32.pack(1) + _UINT32.pack(len(text)) + text


def _numbers(detections: Detections) -> NDArray[np.float64]:
    """Return score, centre x and y, width and height, row by row: float64 ``(N, 5)``."""
    numbers = np.empty((len(detections), len(_FILLED)))
    boxes_xyxy = detections.boxes_xyxy.astype(np.float64)
    top_left, bottom_right = boxes_xyxy[:, :2], boxes_xyxy[:, 2:]
    numbers[:, 0] = detections.scores
    np.add(top_left, bottom_right, out=numbers[:, 1:3])
    numbers[:, 1:3] /= 2
    np.subtract(bottom_right, top_left, out=numbers[:, 3:5])
    return numbers
