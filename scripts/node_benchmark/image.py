# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Serialised images to send."""

from __future__ import annotations

from struct import Struct

import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from yolotrt_ros.ros.messages import byte_array

FRAME_ID = 'camera_front_optical'
_SECOND_NS = 10**9
# Seconds and nanoseconds, behind the encapsulation header of every message that has a header.
_STAMP, _STAMP_OFFSET = Struct('<iI'), 4


class SerialisedImage:
    """
    One bgr8 image as bytes, whose stamp and first byte can be set.

    Bytes go out without the time that rclpy takes to make them of a message, as they would from a
    driver in C++.

    :param picture_bgr: uint8 ``(height, width, 3)``; None for noise.
    """

    def __init__(
        self, width: int, height: int, picture_bgr: NDArray[np.uint8] | None = None
    ) -> None:
        if picture_bgr is None:
            pixels = np.random.default_rng(0).integers(0, 256, 3 * width * height, np.uint8)
        else:
            pixels = picture_bgr.reshape(-1)
        message = Image(width=width, height=height, step=3 * width, encoding='bgr8')
        message.header = Header(frame_id=FRAME_ID)
        message.data = byte_array(pixels)
        self._bytes = bytearray(serialize_message(message))
        self._first = self._bytes.index(bytes(pixels[:64]))

    def with_stamp(self, stamp_ns: int, first_byte: int) -> bytes:
        """Return the message of a stamp, which asks a stand-in for ``first_byte`` detections."""
        _STAMP.pack_into(self._bytes, _STAMP_OFFSET, *divmod(stamp_ns, _SECOND_NS))
        self._bytes[self._first] = first_byte
        return bytes(self._bytes)
