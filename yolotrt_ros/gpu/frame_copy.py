# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bring frames from ordinary memory to where the GPU reads them, then start its work."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
from time import perf_counter
from typing import Protocol
import weakref

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import BackendError, CudaError
from yolotrt_ros.gpu.address import address_of
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.native_library import load_library, NativeLibrary
from yolotrt_ros.gpu.owner import Owner
from yolotrt_ros.gpu.session import CudaSession

SOURCE = 'frame_copy.cpp'
# What a thread copies before it takes more, so that all end at about the same time.
PIECE_BYTES = 128 * 1024
# What lies there before it is uploaded. Starting an upload takes some microseconds, so smaller
# ones cost more than their earlier start gains.
UPLOAD_BYTES = 512 * 1024
# Eight of them copy hardly faster than six: memory is the limit then.
MOST_THREADS = 6
_DRIVER = 'libcuda.so.1'
_log = logging.getLogger(__name__)

Bytes = NDArray[np.uint8]


class HostMemory(Protocol):
    """Memory that the GPU uploads from, or reads itself; see ``HostBuffer``."""

    array: Bytes

    @property
    def address(self) -> int:
        """Where it begins."""


class Graph(Protocol):
    """Recorded work; see ``CudaGraph``."""

    @property
    def handle(self) -> int:
        """The driver's ``CUgraphExec``."""

    @property
    def stream(self) -> int:
        """Where it is launched."""

    def launch(self) -> None:
        """Start it; returns before it is done."""


class FrameCopy(Protocol):
    """
    Copies frames piece by piece, and uploads each piece once it is copied.

    It belongs to one thread at a time, whatever device is current there. Between the first ``add``
    and ``finish`` neither end of a copy may change or go away.
    """

    def expect(self) -> None:
        """Say that frames are about to come: threads that are awake begin sooner."""

    def add(self, source: Bytes, host: HostMemory, device: int, stream: int) -> None:
        """
        Begin to copy a frame.

        :param source: uint8, flat and contiguous, ordinary memory or the begin of ``host`` itself,
            which is uploaded only.
        :param host: at least as long.
        :param device: where it is uploaded to; 0 if the GPU reads ``host`` itself.
        :param stream: the uploads are enqueued there.
        """

    def finish(self, graph: Graph | None = None) -> float:
        """
        Wait until all frames are copied and their uploads enqueued, then launch a graph.

        To be called also where something failed after ``add``, without a graph.

        :returns: when the last byte was copied, by the clock ``perf_counter``.
        :raises CudaError: an upload or the launch failed; the next ``add`` begins anew.
        """

    def close(self) -> None:
        """End the threads; calling it twice does no harm."""


def open_frame_copy(num_threads: int, session: CudaSession) -> FrameCopy:
    """
    Return the copy by threads, or the plain one where this machine cannot compile the former.

    :param num_threads: threads that copy, the caller included; 0 takes a third of the cores that
        this process may use, ``MOST_THREADS`` at most.
    """
    try:
        library = _library()
    except BackendError as error:
        _warn_once(str(error))
        return PlainCopy(session)
    num_threads = num_threads or _usual_threads()
    return ThreadedCopy(library, num_threads, Driver.of_cuda(), session.context)


class PlainCopy:
    """
    The copy by the calling thread alone, which holds Python's lock between two uploads.

    :param session: where the uploads and graphs belong.
    """

    def __init__(self, session: CudaSession) -> None:
        runtime = bindings().runtime
        self._session = session
        self._upload = runtime.cudaMemcpyAsync
        self._kind = runtime.cudaMemcpyKind.cudaMemcpyHostToDevice

    def expect(self) -> None:
        """Do nothing: there are no threads."""

    def add(self, source: Bytes, host: HostMemory, device: int, stream: int) -> None:
        """Copy a frame; see ``FrameCopy``."""
        self._session.make_current()
        is_there = address_of(source) == host.address
        piece_bytes = max(source.size, 1) if is_there else UPLOAD_BYTES
        for begin in range(0, source.size, piece_bytes):
            end = min(begin + piece_bytes, source.size)
            if not is_there:
                host.array[begin:end] = source[begin:end]
            if device:
                result = self._upload(
                    device + begin, host.address + begin, end - begin, self._kind, stream
                )
                check(result, 'uploading a frame')

    def finish(self, graph: Graph | None = None) -> float:
        """Launch a graph; see ``FrameCopy``."""
        copied_s = perf_counter()
        if graph is not None:
            self._session.make_current()
            graph.launch()
        return copied_s

    def close(self) -> None:
        """Do nothing: there are no threads."""


class Driver(ctypes.Structure):
    """``struct Driver`` of the source: addresses of functions of CUDA's driver."""

    _fields_ = (
        ('set_context', ctypes.c_void_p),
        ('upload', ctypes.c_void_p),
        ('launch', ctypes.c_void_p),
    )

    @classmethod
    def of_cuda(cls) -> Driver:
        """
        Return the driver's own functions.

        :raises BackendError: there is no driver.
        """
        try:
            cuda = ctypes.CDLL(_DRIVER)
        except OSError as error:
            raise BackendError(f'the GPU needs the NVIDIA driver: {error}') from error
        functions = (cuda.cuCtxSetCurrent, cuda.cuMemcpyHtoDAsync_v2, cuda.cuGraphLaunch)
        return cls(*(ctypes.cast(function, ctypes.c_void_p) for function in functions))


class _Outcome(ctypes.Structure):
    """``struct Outcome`` of the source."""

    _fields_ = (
        ('upload_status', ctypes.c_int32),
        ('launch_status', ctypes.c_int32),
        ('copied_s', ctypes.c_double),
    )


class ThreadedCopy(Owner):
    """
    The copy by several threads, none of which waits for Python's lock.

    :param library: the compiled source.
    :param num_threads: threads that copy, the caller included.
    :param driver: functions of CUDA's driver.
    :param context: the handle of the context that the uploads belong to.
    :param piece_bytes: how much a thread copies before it takes more.
    :param upload_bytes: how much is copied of a frame before it is uploaded.
    :raises CudaError: the machine has too little memory or too few threads.
    """

    def __init__(
        self,
        library: NativeLibrary,
        num_threads: int,
        driver: Driver,
        context: int,
        piece_bytes: int = PIECE_BYTES,
        upload_bytes: int = UPLOAD_BYTES,
    ) -> None:
        if num_threads < 1:
            raise ValueError(f'num_threads must be at least 1, but is {num_threads}')
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        open_copy, close_copy = (
            library.free.yolotrt_frame_copy_open,
            library.free.yolotrt_frame_copy_close,
        )
        open_copy.restype = pointer
        open_copy.argtypes = (ctypes.c_int, size, size, pointer, pointer)
        close_copy.restype, close_copy.argtypes = None, (pointer,)
        # Waking the threads takes some microseconds, and giving up the lock might cost it a
        # switch interval.
        self._expect = library.held.yolotrt_frame_copy_expect
        self._expect.restype, self._expect.argtypes = None, (pointer,)
        self._add = library.held.yolotrt_frame_copy_add
        self._add.argtypes = (pointer, pointer, pointer, ctypes.c_uint64, size, pointer)
        self._finish = library.free.yolotrt_frame_copy_finish
        self._finish.restype, self._finish.argtypes = None, (pointer, pointer, pointer, pointer)
        self._driver = driver  # keeps alive what it points at
        self._copy: int | None = open_copy(
            num_threads, piece_bytes, upload_bytes, ctypes.addressof(driver), context
        )
        if self._copy is None:
            raise CudaError(
                f'{num_threads} threads for copying frames cannot be started; set copy_threads '
                'lower'
            )
        self._outcome = _Outcome()
        self._outcome_address = ctypes.addressof(self._outcome)
        self._finalizer = weakref.finalize(self, close_copy, self._copy)

    def expect(self) -> None:
        """Wake the threads for a moment; see ``FrameCopy``."""
        if self._copy is not None:
            self._expect(self._copy)

    def add(self, source: Bytes, host: HostMemory, device: int, stream: int) -> None:
        """Begin to copy a frame; see ``FrameCopy``."""
        if self._copy is None:
            raise CudaError('this copy is closed; make a new one')
        if host.array.size < source.size:
            raise ValueError(f'{source.size} bytes do not fit into {host.array.size}')
        if not self._add(
            self._copy, address_of(source), host.address, device, source.size, stream
        ):
            raise MemoryError('there is no memory left to copy a frame')

    def finish(self, graph: Graph | None = None) -> float:
        """Wait for the copies and launch a graph; see ``FrameCopy``."""
        if self._copy is None:
            raise CudaError('this copy is closed; make a new one')
        handle, stream = (None, None) if graph is None else (graph.handle, graph.stream)
        outcome = self._outcome
        self._finish(self._copy, handle, stream, self._outcome_address)
        if outcome.upload_status:
            _raise(outcome.upload_status, 'uploading a frame')
        if outcome.launch_status:
            _raise(outcome.launch_status, 'launching a CUDA graph')
        return float(outcome.copied_s)

    def close(self) -> None:
        """End the threads; calling it twice does no harm."""
        self._copy = None
        super().close()


def _usual_threads() -> int:
    return min(max(len(os.sched_getaffinity(0)) // 3, 1), MOST_THREADS)


@functools.cache
def _library() -> NativeLibrary:
    return load_library(SOURCE)


def _raise(status: int, doing: str) -> None:
    check((bindings().driver.CUresult(status),), doing)


@functools.cache
def _warn_once(reason: str) -> None:
    _log.warning('one thread copies all frames, whatever copy_threads says: %s', reason)
