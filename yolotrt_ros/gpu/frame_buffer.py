# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the bytes of a camera frame lie for the GPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.shared_copy import SharedCopy
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer


class FrameBuffer:
    """
    Memory for one frame of any size; it grows when a larger frame comes, and never shrinks.

    A discrete GPU gets a copy of the bytes, uploaded from page-locked memory. An integrated one
    shares the memory with the CPU and reads them where they are.

    :param mapped: whether kernels read the host's memory itself.
    """

    def __init__(self, *, mapped: bool) -> None:
        self._mapped = mapped
        self._host: HostBuffer | None = None
        self._device: DeviceBuffer | None = None
        self._upload: _Upload | None = None

    def memory(self, num_bytes: int) -> NDArray[np.uint8]:
        """
        Return memory to write a frame into; one that is written there need not be copied.

        :returns: uint8 ``(num_bytes,)``, valid until a larger frame comes or ``close`` is called.
        """
        return self._reserve(num_bytes).array[:num_bytes]

    def store(self, view: ImageView, copy: SharedCopy, stream: int) -> int:
        """
        Bring a frame to where kernels can read it.

        Bytes that lie in ``memory`` already are not copied on the host. Elsewhere each piece is
        uploaded while the next one is copied.

        :param stream: the uploads are enqueued there.
        :returns: the address of the first byte for a kernel that runs on this stream.
        :raises CudaError: there is no memory left.
        """
        source = view.data[: view.num_bytes]
        host = self._reserve(source.size)
        is_there = _address(source) == host.address
        upload = self._upload
        if upload is None:
            if not is_there:
                copy(source, host.array)
            return host.device_address
        upload.stream = stream
        if is_there:
            upload(0, source.size)
        else:
            copy(source, host.array, upload)
        return upload.device_address

    def _reserve(self, num_bytes: int) -> HostBuffer:
        if self._host is None or self._host.num_bytes < num_bytes:
            self.close()
            self._host = HostBuffer(num_bytes, mapped=self._mapped)
            if not self._mapped:
                self._device = DeviceBuffer(num_bytes)
                self._upload = _Upload(self._host.address, self._device.address)
        return self._host

    def close(self) -> None:
        """Free the memory; calling it twice does no harm."""
        for buffer in (self._host, self._device):
            if buffer is not None:
                buffer.close()
        self._host = self._device = self._upload = None


class _Upload:
    """
    Copies a piece of page-locked memory to the same place of device memory.

    :ivar stream: where the copies are enqueued.
    """

    def __init__(self, host_address: int, device_address: int) -> None:
        runtime = bindings().runtime
        self._host, self.device_address, self.stream = host_address, device_address, 0
        self._copy = runtime.cudaMemcpyAsync
        self._kind = runtime.cudaMemcpyKind.cudaMemcpyHostToDevice

    def __call__(self, begin: int, end: int) -> None:
        check(
            self._copy(
                self.device_address + begin,
                self._host + begin,
                end - begin,
                self._kind,
                self.stream,
            ),
            'uploading a frame',
        )


def _address(array: NDArray[np.uint8]) -> int:
    return int(array.__array_interface__['data'][0])
