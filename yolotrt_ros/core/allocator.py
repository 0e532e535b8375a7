# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the C library's allocator treats memory that was freed."""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt(3), from malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3

# Free memory at the end of a heap that goes back to the system: several images of any size.
KEPT_BYTES = 256 << 20
# Blocks from this size on are asked of the system one by one. It is the most that glibc allows.
LARGEST_KEPT_BLOCK = 32 << 20


def keep_freed_memory() -> bool:
    """
    Let the process keep the memory of an image for the next one.

    On its way through the middleware an image is copied two or three times, each time into memory
    that is freed some milliseconds later. By default glibc hands such large blocks back to the
    system, which must find, clear and map every page of them anew for each image: that takes
    longer than the copies themselves. The process keeps as much as it once needed at a time.

    To be called by a program, not by a library: it holds for the whole process.

    :returns: whether it took effect; False where the C library is not glibc.
    """
    if not sys.platform.startswith('linux'):
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_THRESHOLD, LARGEST_KEPT_BLOCK), (_M_TRIM_THRESHOLD, KEPT_BYTES))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)
