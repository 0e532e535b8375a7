# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stamp of a serialised message whose first field is a ``std_msgs/Header``."""

from __future__ import annotations

from struct import Struct

# int32 seconds and uint32 nanoseconds behind the four bytes that tell the encapsulation, the
# second of which is odd in little-endian messages.
_OFFSET = 4
_LITTLE, _BIG = Struct('<iI'), Struct('>iI')
_END = _OFFSET + _LITTLE.size


def read_stamp_ns(data: bytes) -> int | None:
    """Return the stamp in nanoseconds; None where the message is too short to hold one."""
    if len(data) < _END:
        return None
    sec, nanosec = _layout(data).unpack_from(data, _OFFSET)
    return int(sec) * 10**9 + int(nanosec)


def restamped(data: bytes, stamp_ns: int) -> bytes:
    """Copy a message, with another stamp; one that is too short comes back as it is."""
    if len(data) < _END:
        return data
    result = bytearray(data)
    _layout(data).pack_into(result, _OFFSET, *divmod(stamp_ns, 10**9))
    return bytes(result)


def _layout(data: bytes) -> Struct:
    # The lowest bit of the second byte tells the byte order in every version of CDR.
    return _LITTLE if data[1] & 1 else _BIG
