# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the bytes of a camera frame lie for the GPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.gpu.frame_copy import FrameCopy
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer
from yolotrt_ros.gpu.session import CudaSession


class FrameBuffer:
    """
    Memory for one frame of any size; it grows when a larger frame comes, and never shrinks.

    A discrete GPU gets a copy of the bytes, uploaded from page-locked memory. An integrated one
    shares the memory with the CPU and reads them where they are.

    :param session: the device; it is made current where memory is taken.
    :param mapped: whether kernels read the host's memory itself.
    """

    def __init__(self, session: CudaSession, *, mapped: bool) -> None:
        self._session = session
        self._mapped = mapped
        self._host: HostBuffer | None = None
        self._device: DeviceBuffer | None = None

    def memory(self, num_bytes: int) -> NDArray[np.uint8]:
        """
        Return memory to write a frame into; one that is written there need not be copied.

        :returns: uint8 ``(num_bytes,)``, valid until a larger frame comes or ``close`` is called.
        """
        return self._reserve(num_bytes).array[:num_bytes]

    def store(self, view: ImageView, copy: FrameCopy, stream: int) -> int:
        """
        Begin to bring a frame to where kernels can read it; ``copy.finish`` ends it.

        Bytes that lie in ``memory`` already are not copied on the host.

        :param stream: the uploads are enqueued there.
        :returns: the address of the first byte for a kernel that runs on this stream.
        :raises CudaError: there is no memory left.
        """
        source = view.data[: view.num_bytes]
        host = self._reserve(source.size)
        if self._device is None:
            copy.add(source, host, 0, stream)
            return host.device_address
        copy.add(source, host, self._device.address, stream)
        return self._device.address

    def _reserve(self, num_bytes: int) -> HostBuffer:
        if self._host is None or self._host.num_bytes < num_bytes:
            self.close()
            # The calling thread may be another than the one that made this buffer, and have a
            # device of its own.
            self._session.make_current()
            self._host = HostBuffer(num_bytes, mapped=self._mapped)
            if not self._mapped:
                self._device = DeviceBuffer(num_bytes)
        return self._host

    def close(self) -> None:
        """Free the memory; calling it twice does no harm."""
        for buffer in (self._host, self._device):
            if buffer is not None:
                buffer.close()
        self._host = self._device = None
