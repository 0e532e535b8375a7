# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Serialised ROS messages: the Common Data Representation, read value by value.

OMG CDR with the encapsulation header of DDSI-RTPS, as every DDS middleware of ROS 2 sends it. The
messages read here hold nothing wider than four bytes, which XCDR1 and plain XCDR2 lay out alike.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import ImageFormatError

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Representation identifier and options. Offsets and alignment count from behind them.
ENCAPSULATION_BYTES = 4

# Representation identifiers to byte order. Fast DDS and Cyclone DDS write plain XCDR2 as 6 and 7,
# the tables of newer RTPS specifications as 0x10 and 0x11; neither pair means anything else.
_BYTE_ORDERS = {0x0000: '>', 0x0001: '<', 0x0006: '>', 0x0007: '<', 0x0010: '>', 0x0011: '<'}
_INT32 = {order: Struct(order + 'i') for order in '<>'}
_UINT32 = {order: Struct(order + 'I') for order in '<>'}
# How much of a text that cannot be read is shown.
_EXCERPT_BYTES = 24


class CdrReader:
    """
    Reads one message from front to back and never beyond its end.

    Bytes behind the last value are ignored: middlewares pad messages.

    :param serialised: the message as it came, encapsulation header included.
    :param message_type: for the words of errors.
    :raises ImageFormatError: here and in every method: the bytes are no such message.
    """

    __slots__ = ('_int32', '_message_type', '_next', '_uint32', '_view')

    def __init__(self, serialised: Buffer, message_type: str) -> None:
        self._view = memoryview(serialised)
        self._message_type = message_type
        self._next = 0
        start = self._take(ENCAPSULATION_BYTES, 'its encapsulation header')
        identifier = self._view[start] << 8 | self._view[start + 1]
        order = _BYTE_ORDERS.get(identifier)
        if order is None:
            raise ImageFormatError(
                f'{message_type} begins with the representation identifier 0x{identifier:04x}, '
                'but only plain CDR (0x0000, 0x0001) and plain CDR2 (0x0006, 0x0007, 0x0010, '
                '0x0011) can be read; parameter lists, delimited CDR2 and XML are not used by '
                'ROS 2: let the sender use the default representation of its middleware'
            )
        self._int32, self._uint32 = _INT32[order], _UINT32[order]

    def uint8(self, field: str) -> int:
        """Read one byte."""
        return self._view[self._take(1, field)]

    def int32(self, field: str) -> int:
        """Read a signed number of four bytes."""
        value: int = self._int32.unpack_from(self._view, self._take_word(field))[0]
        return value

    def uint32(self, field: str) -> int:
        """Read an unsigned number of four bytes."""
        value: int = self._uint32.unpack_from(self._view, self._take_word(field))[0]
        return value

    def string(self, field: str) -> str:
        """
        Read a text.

        Its length counts the NUL behind it. Writers that leave the NUL out are understood.
        """
        num_bytes = self.uint32(f'the length of {field}')
        start = self._take(num_bytes, field)
        end = start + num_bytes
        if num_bytes and self._view[end - 1] == 0:
            end -= 1
        try:
            text = str(self._view[start:end], 'utf-8')
        except UnicodeDecodeError as error:
            raise self._no_text(field, 'UTF-8', start, end) from error
        if '\0' in text:
            raise self._no_text(field, 'text without NUL', start, end)
        return text

    def byte_sequence(self, field: str) -> NDArray[np.uint8]:
        """View a sequence of bytes, flat: the memory of the message, nothing is copied."""
        num_bytes = self.uint32(f'the length of {field}')
        start = self._take(num_bytes, field)
        return np.frombuffer(self._view, np.uint8)[start : start + num_bytes]

    def _take_word(self, field: str) -> int:
        # The encapsulation header has four bytes, so offsets in body and message align alike.
        self._next += -self._next % 4
        return self._take(4, field)

    def _take(self, num_bytes: int, field: str) -> int:
        """Step over a value; returns where it starts."""
        start = self._next
        end = start + num_bytes
        if end > len(self._view):
            raise ImageFormatError(
                f'{self._message_type} of {len(self._view)} bytes is too short: {field} needs '
                f'{num_bytes} bytes from byte {start} on; the message was cut short, or its '
                'sender means another message type'
            )
        self._next = end
        return start

    def _no_text(self, field: str, expected: str, start: int, end: int) -> ImageFormatError:
        excerpt = bytes(self._view[start : min(end, start + _EXCERPT_BYTES)])
        return ImageFormatError(
            f'{field} of {self._message_type} must be {expected}, but it is {end - start} bytes '
            f'that begin with {excerpt!r}; the message is damaged, or its sender must be mended'
        )
