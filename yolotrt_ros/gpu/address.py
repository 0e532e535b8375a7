# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where NumPy's arrays lie."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray


def address_of(array: NDArray[Any]) -> int:
    """Return the address of the first element; quicker than ``array.ctypes``."""
    return int(array.__array_interface__['data'][0])
