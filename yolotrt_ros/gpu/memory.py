# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory that CUDA gives: on the device, and page-locked on the host."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, NamedTuple
import weakref

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check, failure_text
from yolotrt_ros.gpu.owner import Owner
from yolotrt_ros.gpu.release import release

_OUT_OF_MEMORY = 2
_lock = threading.Lock()
_totals = {'device': 0, 'host': 0}


class AllocatedBytes(NamedTuple):
    """What this process holds through the buffers of this module."""

    device: int
    host: int


def allocated_bytes() -> AllocatedBytes:
    """Return the sum over all open buffers."""
    with _lock:
        return AllocatedBytes(**_totals)


class _Buffer(Owner):
    """
    What both kinds of memory have in common: an address, a size, and one owner.

    :ivar num_bytes: the size.
    """

    _kind: str

    def __init__(self, num_bytes: int) -> None:
        if num_bytes < 1:
            raise ValueError(f'a buffer must hold at least one byte, but {num_bytes} were asked')
        self.num_bytes = int(num_bytes)

    def _own(self, address: int, keeper: object) -> None:
        """Free the address when ``close`` is called, or when the keeper is gone."""
        self._address = address
        _count(self._kind, self.num_bytes)
        self._finalizer = weakref.finalize(keeper, _free, self._kind, address, self.num_bytes)

    @property
    def address(self) -> int:
        """
        Where the memory begins, for the processor that it belongs to.

        :raises CudaError: the buffer is closed.
        """
        if not self._address:
            raise CudaError(f'this buffer of {self.num_bytes} bytes is closed; make a new one')
        return self._address

    def close(self) -> None:
        """Free the memory; calling it twice does no harm."""
        self._address = 0
        super().close()


class DeviceBuffer(_Buffer):
    """
    Memory on the current device.

    :param num_bytes: how much.
    :raises CudaError: there is not so much; the text says how much there is.
    """

    _kind = 'device'

    def __init__(self, num_bytes: int) -> None:
        super().__init__(num_bytes)
        self._own(_allocate(bindings().runtime.cudaMalloc(num_bytes), num_bytes), self)

    def upload(self, array: NDArray[Any], stream: int) -> None:
        """
        Copy an array to the beginning of the buffer.

        From page-locked memory the copy runs on after the call; the array must live and stay as
        it is until then. From ordinary memory the array is free when the call returns.

        :param stream: the stream that the copy is enqueued on.
        :raises ValueError: the array is larger than the buffer, or has gaps.
        """
        self._refuse_misfit(array)
        runtime = bindings().runtime
        check(
            runtime.cudaMemcpyAsync(
                self.address,
                array.ctypes.data,
                array.nbytes,
                runtime.cudaMemcpyKind.cudaMemcpyHostToDevice,
                stream,
            ),
            'copying to the GPU',
        )

    def download(self, array: NDArray[Any], stream: int) -> None:
        """
        Fill an array from the beginning of the buffer; wait for the stream before reading it.

        :param stream: the stream that the copy is enqueued on.
        :raises ValueError: the array is larger than the buffer, has gaps, or is read-only.
        """
        self._refuse_misfit(array)
        if not array.flags.writeable:
            raise ValueError('the array to download into is read-only; give one of your own')
        runtime = bindings().runtime
        check(
            runtime.cudaMemcpyAsync(
                array.ctypes.data,
                self.address,
                array.nbytes,
                runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost,
                stream,
            ),
            'copying from the GPU',
        )

    def _refuse_misfit(self, array: NDArray[Any]) -> None:
        if array.nbytes > self.num_bytes:
            raise ValueError(
                f'an array of {array.nbytes} bytes, shape {array.shape}, does not fit into a '
                f'device buffer of {self.num_bytes} bytes'
            )
        if not array.flags.c_contiguous:
            raise ValueError(
                f'an array of shape {array.shape} and strides {array.strides} has gaps or another '
                'order; make it whole with numpy.ascontiguousarray'
            )


class HostBuffer(_Buffer):
    """
    Page-locked memory of the host, which the GPU copies from and to while the CPU goes on.

    :param num_bytes: how much.
    :param mapped: whether kernels may use it where it lies, as is best on an integrated GPU.
    :ivar array: uint8 ``(num_bytes,)``, the memory itself; must not be used after ``close``.
    :raises CudaError: there is not so much.
    """

    _kind = 'host'

    def __init__(self, num_bytes: int, mapped: bool = False) -> None:
        super().__init__(num_bytes)
        runtime = bindings().runtime
        flags = runtime.cudaHostAllocMapped if mapped else runtime.cudaHostAllocDefault
        doing = f'asking for {num_bytes} bytes of page-locked memory'
        address = int(check(runtime.cudaHostAlloc(num_bytes, flags), doing))
        memory = (ctypes.c_uint8 * num_bytes).from_address(address)
        # The views keep this memory, not the buffer: it is freed when the last of them is gone.
        self._own(address, memory)
        self.array: NDArray[np.uint8] = np.frombuffer(memoryview(memory), np.uint8)
        self._device_address = check(runtime.cudaHostGetDevicePointer(address, 0)) if mapped else 0

    @property
    def device_address(self) -> int:
        """
        Where the memory begins for a kernel.

        :raises CudaError: the buffer is not mapped, or closed.
        """
        if not self._device_address:
            raise CudaError('kernels cannot reach this host buffer; make it with mapped=True')
        return int(self._device_address) if self.address else 0

    def close(self) -> None:
        """Free the memory, views of it or not; calling it twice does no harm."""
        self.array = np.empty(0, np.uint8)
        super().close()


def _allocate(result: tuple[Any, ...], num_bytes: int) -> int:
    doing = f'asking for {num_bytes} bytes of device memory'
    if int(result[0]) != _OUT_OF_MEMORY:
        return int(check(result, doing))
    runtime = bindings().runtime
    text = failure_text(result[0], doing)
    runtime.cudaGetLastError()  # it is reported here, and must not come up again elsewhere
    free, total = check(runtime.cudaMemGetInfo())
    raise CudaError(f'{text}; {free} of {total} bytes are free')


def _free(kind: str, address: int, num_bytes: int) -> None:
    runtime = bindings().runtime
    free = runtime.cudaFree if kind == 'device' else runtime.cudaFreeHost
    release(free(address), f'{num_bytes} bytes of {kind} memory')
    _count(kind, -num_bytes)


def _count(kind: str, num_bytes: int) -> None:
    with _lock:
        _totals[kind] += num_bytes
