# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of a kernel, packed once and used for every launch."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

_CTYPES = (ctypes._SimpleCData, ctypes.Structure, ctypes.Array)


class KernelArgs:
    """
    Arguments in the order of the kernel's parameters.

    The object keeps the arguments alive. A ctypes value is not copied: who changes it, changes
    the argument of the next launch. A CUDA graph keeps what the values were when it was recorded.

    :param values: a buffer (its address is passed), ``None`` for a null pointer, a NumPy scalar
        such as ``np.int32(3)``, a ctypes value or structure, or the bytes of a structure.
    :raises TypeError: another type, such as a Python number, whose width is not known.
    """

    def __init__(self, *values: object) -> None:
        self._owners = values
        self._values = [_as_ctypes(value) for value in values]
        self._pointers = (ctypes.c_void_p * max(1, len(values)))(
            *[ctypes.addressof(value) for value in self._values]
        )

    @property
    def address(self) -> int:
        """Where the array of pointers to the arguments lies, as ``cuLaunchKernel`` wants it."""
        return ctypes.addressof(self._pointers)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The size of each argument in bytes."""
        return tuple(ctypes.sizeof(value) for value in self._values)


def _as_ctypes(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, _CTYPES):
        return value
    if value is None:
        return ctypes.c_void_p()
    if isinstance(value, np.generic):
        value = value.tobytes()
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        return (ctypes.c_char * len(content)).from_buffer_copy(content)
    address = _address(value)
    if address is None:
        raise TypeError(
            f'a kernel argument must be a buffer, None, a NumPy scalar such as np.int32(3), a '
            f'ctypes value or bytes, but is {value!r} of {type(value).__name__}'
        )
    return ctypes.c_void_p(address)


def _address(value: object) -> int | None:
    """Return the address of a buffer as a kernel sees it."""
    for attribute in ('device_address', 'address'):
        address = getattr(value, attribute, None)
        if address is not None:
            return int(address)
    return None
