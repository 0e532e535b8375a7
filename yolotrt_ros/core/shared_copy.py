# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Copy a frame's bytes with several threads, and hand each piece on as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
# Told where a piece begins and ends, bytes from the begin of the copy.
PieceDone = Callable[[int, int], None]

# One core moves this in about 0.1 ms: long against waking a thread and handing Python's lock from
# one thread to the next, short against a frame. Measured best of 256 KiB to 4 MiB.
PIECE_BYTES = 1024 * 1024


class SharedCopy:
    """
    A copy that threads share piece by piece; NumPy copies without Python's lock.

    It belongs to one thread at a time.

    :param num_threads: threads that copy, the caller included.
    :param prepare_thread: called once in each further thread before its first piece.
    """

    def __init__(
        self, num_threads: int = 1, prepare_thread: Callable[[], None] | None = None
    ) -> None:
        if num_threads < 1:
            raise ValueError(f'num_threads must be at least 1, but is {num_threads}')
        self._helpers = [_Helper(prepare_thread) for _ in range(num_threads - 1)]

    def __call__(self, source: Bytes, target: Bytes, piece_done: PieceDone | None = None) -> None:
        """
        Copy; returns when every byte is there.

        :param source: uint8, flat and contiguous.
        :param target: uint8, flat and contiguous, at least as long.
        :param piece_done: called for each piece once it is copied, in the thread that copied it.
        :raises ValueError: the target is shorter than the source.
        """
        if target.size < source.size:
            raise ValueError(f'{source.size} bytes do not fit into {target.size}')
        num_pieces = -(-source.size // PIECE_BYTES)
        helpers = self._helpers[: max(num_pieces - 1, 0)]
        stride = len(helpers) + 1

        def share(first: int) -> None:
            for begin in range(first * PIECE_BYTES, source.size, stride * PIECE_BYTES):
                end = min(begin + PIECE_BYTES, source.size)
                target[begin:end] = source[begin:end]
                if piece_done is not None:
                    piece_done(begin, end)

        for index, helper in enumerate(helpers):
            helper.start_job(share, index + 1)
        try:
            share(0)
        finally:
            # Also after an error: nobody may write into the target once this call has ended.
            errors = [helper.wait() for helper in helpers]
        for error in filter(None, errors):
            raise error

    def close(self) -> None:
        """End the threads; calling it twice does no harm."""
        for helper in self._helpers:
            helper.stop()
        self._helpers = []


class _Helper:
    """A thread that sleeps until it has a share to copy; a lock is the fastest way to wake it."""

    def __init__(self, prepare: Callable[[], None] | None) -> None:
        self._prepare = prepare
        self._job: Callable[[], None] | None = None
        self._error: BaseException | None = None
        self._wake, self._done = Lock(), Lock()
        self._wake.acquire()
        self._done.acquire()
        self._thread = Thread(target=self._run, name='yolotrt-copy', daemon=True)
        self._thread.start()

    def start_job(self, share: Callable[[int], None], first: int) -> None:
        self._job = lambda: share(first)
        self._wake.release()

    def wait(self) -> BaseException | None:
        self._done.acquire()
        error, self._error, self._job = self._error, None, None
        return error

    def stop(self) -> None:
        self._job = None
        self._wake.release()
        self._thread.join()

    def _run(self) -> None:
        is_prepared = self._prepare is None
        while True:
            self._wake.acquire()
            if self._job is None:
                return
            try:
                if not is_prepared and self._prepare is not None:
                    self._prepare()
                    is_prepared = True
                self._job()
            except BaseException as error:  # handed to the caller, who raises it
                self._error = error
            finally:
                self._done.release()
