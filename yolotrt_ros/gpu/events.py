# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points in time on a stream, and the GPU's own time between two of them."""

from __future__ import annotations

import weakref

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.owner import Owner
from yolotrt_ros.gpu.release import release


class CudaEvent(Owner):
    """
    A mark that the GPU stamps with its time when it comes by.

    :param blocking_wait: ``synchronize`` sleeps while it waits; otherwise it keeps asking,
        whatever the session was told.
    :raises CudaError: there is no current device.
    """

    def __init__(self, *, blocking_wait: bool = False) -> None:
        runtime = bindings().runtime
        flags = runtime.cudaEventBlockingSync if blocking_wait else runtime.cudaEventDefault
        self._handle = check(runtime.cudaEventCreateWithFlags(flags), 'making a CUDA event')
        self._finalizer = weakref.finalize(self, _destroy, self._handle)

    def record(self, stream: int, *, in_graph: bool = False) -> None:
        """
        Set the mark behind the work enqueued so far.

        :param in_graph: the stream is being recorded into a CUDA graph, and each launch of the
            graph shall stamp the event.
        """
        runtime = bindings().runtime
        if not self.is_open:
            raise CudaError('this CUDA event is closed; make a new one')
        if in_graph:
            result = runtime.cudaEventRecordWithFlags(
                self._handle, stream, runtime.cudaEventRecordExternal
            )
        else:
            result = runtime.cudaEventRecord(self._handle, stream)
        check(result, 'recording a CUDA event')

    def hold_back(self, stream: int) -> None:
        """Let what is enqueued on a stream from now on wait for the mark."""
        check(
            bindings().runtime.cudaStreamWaitEvent(stream, self._handle, 0),
            'waiting for a CUDA event',
        )

    def synchronize(self) -> None:
        """Wait until the GPU has come by the mark."""
        check(bindings().runtime.cudaEventSynchronize(self._handle), 'waiting for the GPU')

    def elapsed_ms(self, since: CudaEvent) -> float:
        """
        Return the GPU's time between two marks; wait for the stream before.

        :param since: the earlier mark.
        :raises CudaError: the GPU has not come by both.
        """
        result = bindings().runtime.cudaEventElapsedTime(since._handle, self._handle)
        return float(check(result, 'reading a CUDA event'))


def _destroy(handle: object) -> None:
    release(bindings().runtime.cudaEventDestroy(handle), 'a CUDA event')
