# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One GPU in use: its context, and the stream that all work goes through."""

from __future__ import annotations

import weakref

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.gpu.owner import Owner
from yolotrt_ros.gpu.release import release

_SET_ON_ACTIVE_PROCESS = 708


class CudaSession(Owner):
    """
    A device made current for the calling thread, with one stream.

    The stream waits for no other stream, also not for CUDA's default one. Another thread that
    wants to work on the device calls ``make_current`` first. How a thread waits belongs to the
    device: of several sessions, the last one that says something decides it for all. After
    ``close``, what was enqueued still runs to its end.

    :param device: the GPU.
    :param blocking_wait: sleep while waiting for the GPU, which frees a core and costs some tens
        of microseconds a frame; False keeps asking; None leaves it as it was.
    :raises CudaError: the GPU cannot be used.
    """

    def __init__(self, device: CudaDevice, *, blocking_wait: bool | None = None) -> None:
        runtime = bindings().runtime
        self.device = device
        self._choosing = f'choosing {device}'  # made once: this is asked for each frame
        self.make_current()
        if blocking_wait is not None:
            _choose_wait(blocking_wait)
        check(runtime.cudaFree(0), f'starting CUDA on {device}')  # brings the context up
        stream = check(
            runtime.cudaStreamCreateWithFlags(runtime.cudaStreamNonBlocking), 'making a stream'
        )
        self._stream = int(stream)
        self._finalizer = weakref.finalize(self, _destroy_stream, self._stream)

    @property
    def stream(self) -> int:
        """
        The handle of the stream.

        :raises CudaError: the session is closed.
        """
        if not self.is_open:
            raise CudaError('the CUDA session is closed; open a new one')
        return self._stream

    @property
    def context(self) -> int:
        """The handle of the device's context, as the driver knows it."""
        self.make_current()
        return int(check(bindings().driver.cuCtxGetCurrent(), 'asking for the context'))

    def make_current(self) -> None:
        """Let the calling thread work on the device."""
        check(bindings().runtime.cudaSetDevice(self.device.index), self._choosing)

    def synchronize(self) -> None:
        """Wait until all work of the stream is done."""
        # Of all ways to wait, this one lets other Python threads run in every cuda-python.
        check(bindings().runtime.cudaStreamSynchronize(self.stream), 'waiting for the GPU')

    def free_bytes(self) -> int:
        """Return the memory of the device that nobody uses; the thread's device is this one."""
        free, _ = check(bindings().runtime.cudaMemGetInfo(), 'asking for free memory')
        return int(free)


def _choose_wait(blocking: bool) -> None:
    runtime = bindings().runtime
    how = runtime.cudaDeviceScheduleBlockingSync if blocking else runtime.cudaDeviceScheduleSpin
    result = runtime.cudaSetDeviceFlags(how | runtime.cudaDeviceMapHost)
    if int(result[0]) == _SET_ON_ACTIVE_PROCESS:  # others use the device in their own way
        runtime.cudaGetLastError()
        return
    check(result, 'choosing how to wait for the GPU')


def _destroy_stream(stream: int) -> None:
    release(bindings().runtime.cudaStreamDestroy(stream), 'a stream')
