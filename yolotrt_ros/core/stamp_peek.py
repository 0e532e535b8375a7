# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stamp of a serialised message, without reading the rest."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_LITTLE, _BIG = Struct('<iI'), Struct('>iI')
_ENCAPSULATION_BYTES = 4


def peek_stamp_ns(serialised: Buffer) -> int | None:
    """
    Return the stamp of a message that begins with a ``std_msgs/Header``.

    :param serialised: the message in CDR, of either byte order.
    :returns: nanoseconds; None where the message is too short to have a stamp.
    """
    view = memoryview(serialised)
    if view.nbytes < _ENCAPSULATION_BYTES + _LITTLE.size:
        return None
    # The lowest bit of the second byte tells the byte order in every version of CDR.
    sec, nanosec = (_LITTLE if view[1] & 1 else _BIG).unpack_from(view, _ENCAPSULATION_BYTES)
    return int(sec) * 10**9 + int(nanosec)
