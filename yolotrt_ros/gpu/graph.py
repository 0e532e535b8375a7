# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CUDA graphs: work that is recorded once and then started by a single call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import gc
from typing import Any
import weakref

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.owner import Owner
from yolotrt_ros.gpu.release import release
from yolotrt_ros.gpu.session import CudaSession


class CudaGraph(Owner):
    """
    What a function enqueued on the session's stream, ready to be launched again and again.

    The graph keeps the addresses, shapes and kernel arguments of the recording, and the function.
    Run the same work once without recording before, so that nothing is left to allocate or load.
    When the recording fails, the stream is as before, and the work can be enqueued plainly.

    :param session: the stream that is recorded.
    :param record: enqueues the work; must neither wait, allocate, nor copy from or to ordinary
        memory.
    :raises CudaError: something cannot be recorded, or nothing was.
    """

    def __init__(self, session: CudaSession, record: Callable[[], None]) -> None:
        self._session = session
        self._record = record  # keeps alive what it uses
        graph = _record(session.stream, record)
        try:
            runtime = bindings().runtime
            _, self.num_nodes = check(runtime.cudaGraphGetNodes(graph), 'counting graph nodes')
            if not self.num_nodes:
                raise CudaError('nothing was recorded into the CUDA graph; enqueue on its stream')
            self._executable = check(
                runtime.cudaGraphInstantiateWithFlags(graph, 0), 'preparing a CUDA graph'
            )
        finally:
            release(bindings().runtime.cudaGraphDestroy(graph), 'a CUDA graph')
        self._finalizer = weakref.finalize(self, _destroy, self._executable)

    @property
    def handle(self) -> int:
        """
        The graph as the driver knows it, a ``CUgraphExec``.

        :raises CudaError: the graph is closed.
        """
        return int(self._handle)

    @property
    def stream(self) -> int:
        """The stream that it is launched on."""
        return self._session.stream

    def upload(self) -> None:
        """Send the graph to the device now, so that its first launch is as fast as the others."""
        check(
            bindings().runtime.cudaGraphUpload(self._handle, self.stream),
            'uploading a CUDA graph',
        )

    def launch(self) -> None:
        """Start the work on the session's stream; returns before it is done."""
        check(
            bindings().runtime.cudaGraphLaunch(self._handle, self.stream),
            'launching a CUDA graph',
        )

    @property
    def _handle(self) -> Any:  # noqa: ANN401
        if not self.is_open:
            raise CudaError('this CUDA graph is closed; record it again')
        return self._executable


def _record(stream: int, record: Callable[[], None]) -> Any:  # noqa: ANN401
    runtime = bindings().runtime
    # ThreadLocal: what other threads do on the GPU meanwhile does not spoil the recording.
    mode = runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
    check(runtime.cudaStreamBeginCapture(stream, mode), 'recording a CUDA graph')
    try:
        with _no_garbage_collection():
            record()
    except BaseException as error:
        _abandon(stream)
        if not isinstance(error, Exception):
            raise
        raise CudaError(
            f'the work cannot be recorded into a CUDA graph: {error}; run it without a graph'
        ) from error
    return check(runtime.cudaStreamEndCapture(stream), 'recording a CUDA graph')


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector from freeing device memory, which would spoil the recording."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _abandon(stream: int) -> None:
    """End a recording that failed, and forget its error."""
    runtime = bindings().runtime
    status, graph = runtime.cudaStreamEndCapture(stream)
    if int(status) == 0:
        release(runtime.cudaGraphDestroy(graph), 'a CUDA graph')
    runtime.cudaGetLastError()


def _destroy(executable: object) -> None:
    release(bindings().runtime.cudaGraphExecDestroy(executable), 'a CUDA graph')
