# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small block of memory that the CPU and the GPU both use, each in its turn."""

from __future__ import annotations

from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer


class SharedBlock:
    """
    Page-locked memory and, on a discrete GPU, its twin on the device; both begin as zeros.

    :param num_bytes: the size.
    :param mapped: whether kernels use the host's memory itself; then nothing is ever copied.
    :ivar array: uint8 ``(num_bytes,)``, the CPU's side.
    """

    def __init__(self, num_bytes: int, *, mapped: bool) -> None:
        self._host = HostBuffer(num_bytes, mapped=mapped)
        self._device = None if mapped else DeviceBuffer(num_bytes)
        self.array = self._host.array
        self.array[:] = 0
        if self._device is not None:  # what kernels leave unwritten comes down with the rest
            runtime = bindings().runtime
            check(runtime.cudaMemset(self._device.address, 0, num_bytes), 'clearing memory')

    @property
    def device_address(self) -> int:
        """Where the block begins for a kernel."""
        return self._host.device_address if self._device is None else self._device.address

    def upload(self, stream: int) -> None:
        """Let the GPU see what the CPU wrote; enqueued."""
        if self._device is not None:
            self._device.upload(self.array, stream)

    def download(self, num_bytes: int, stream: int) -> None:
        """Let the CPU see the first bytes of what the GPU wrote; enqueued."""
        if self._device is not None:
            self._device.download(self.array[:num_bytes], stream)

    def close(self) -> None:
        """Free the memory; calling it twice does no harm."""
        self._host.close()
        if self._device is not None:
            self._device.close()
