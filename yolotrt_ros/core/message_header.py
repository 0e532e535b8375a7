# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The header of a serialised message."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from yolotrt_ros.core.cdr import CdrReader

_STAMP_AND_LENGTH = Struct('<iII')


class MessageHeader(NamedTuple):
    """
    A ``std_msgs/Header``.

    :param sec: seconds of the stamp, int32.
    :param nanosec: nanoseconds of the stamp, uint32.
    :param frame_id: the coordinate frame; must hold no NUL.
    """

    sec: int
    nanosec: int
    frame_id: str

    @property
    def stamp_ns(self) -> int:
        """The stamp in nanoseconds."""
        return self.sec * 10**9 + self.nanosec

    @classmethod
    def read(cls, reader: CdrReader) -> MessageHeader:
        """
        Read the header that comes next.

        :raises ImageFormatError: there is none.
        """
        return cls(
            reader.int32('header.stamp.sec'),
            reader.uint32('header.stamp.nanosec'),
            reader.string('header.frame_id'),
        )

    def serialised(self) -> bytes:
        """Return the header in little-endian CDR, padded to four bytes."""
        frame_id = self.frame_id.encode()
        padding = 4 - len(frame_id) % 4  # one of them is the NUL
        length = len(frame_id) + 1
        return _STAMP_AND_LENGTH.pack(self.sec, self.nanosec, length) + frame_id + bytes(padding)
