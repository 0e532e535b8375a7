# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Images read from serialised messages, without a copy of their pixels.

rclpy copies every byte of an image on deserialisation; a view takes some microseconds.
"""

from __future__ import annotations

from typing import NamedTuple, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.cdr import CdrReader
from yolotrt_ros.core.message_header import MessageHeader

if TYPE_CHECKING:
    from typing_extensions import Buffer


class SerialisedImage(NamedTuple):
    """
    The fields of a ``sensor_msgs/Image`` as they came: whether they fit each other is not checked.

    :param header: stamp and frame.
    :param height: rows.
    :param width: pixels in a row.
    :param encoding: how the bytes are to be read.
    :param is_bigendian: byte order of samples wider than one byte.
    :param step: bytes from one row to the next.
    :param data: uint8, flat; a view of the message, which it keeps alive.
    """

    header: MessageHeader
    height: int
    width: int
    encoding: str
    is_bigendian: bool
    step: int
    data: NDArray[np.uint8]


class SerialisedCompressedImage(NamedTuple):
    """
    The fields of a ``sensor_msgs/CompressedImage``.

    :param header: stamp and frame.
    :param format: what the sender says of ``data``.
    :param data: uint8, flat; the picture file, a view of the message, which it keeps alive.
    """

    header: MessageHeader
    format: str
    data: NDArray[np.uint8]


def read_image(serialised: Buffer) -> SerialisedImage:
    """
    Read a ``sensor_msgs/Image``.

    :param serialised: the bytes that a raw subscription hands out.
    :raises ImageFormatError: they are no such message.
    """
    reader = CdrReader(serialised, 'sensor_msgs/Image')
    return SerialisedImage(
        MessageHeader.read(reader),
        reader.uint32('height'),
        reader.uint32('width'),
        reader.string('encoding'),
        bool(reader.uint8('is_bigendian')),
        reader.uint32('step'),
        reader.byte_sequence('data'),
    )


def read_compressed_image(serialised: Buffer) -> SerialisedCompressedImage:
    """
    Read a ``sensor_msgs/CompressedImage``.

    :param serialised: the bytes that a raw subscription hands out.
    :raises ImageFormatError: they are no such message.
    """
    reader = CdrReader(serialised, 'sensor_msgs/CompressedImage')
    return SerialisedCompressedImage(
        MessageHeader.read(reader), reader.string('format'), reader.byte_sequence('data')
    )
