# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much memory of the GPU each thing took."""

from __future__ import annotations

import resource

from yolotrt_ros.gpu.session import CudaSession


class MemoryLog:
    """
    Notes the free memory of the GPU now and again.

    What other processes take meanwhile counts as well.

    :param cuda: the device; its context is there already, and in no figure.
    :ivar taken: bytes that were taken since the note before, by what took them.
    """

    def __init__(self, cuda: CudaSession) -> None:
        self._cuda = cuda
        self._start = self._last = self._free()
        self.taken: dict[str, int] = {}

    def note(self, what: str) -> None:
        """Note what was taken since the last note."""
        free = self._free()
        self.taken[what] = self._last - free
        self._last = free

    def sum(self) -> int:
        """Return what is taken by now."""
        return self._start - self._free()

    def _free(self) -> int:
        self._cuda.make_current()
        return self._cuda.free_bytes()


def host_peak_bytes() -> int:
    """Return the most host memory that this process ever used; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
