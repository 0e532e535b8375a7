# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of frames one after another on the GPU, at most two on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes
from yolotrt_ros.gpu.events import CudaEvent
from yolotrt_ros.gpu.frame_chain import FrameChain
from yolotrt_ros.gpu.frame_copy import FrameCopy
from yolotrt_ros.gpu.frame_slot import FrameSlot
from yolotrt_ros.gpu.nvtx import nvtx_range
from yolotrt_ros.gpu.session import CudaSession

# The bytes of the next batch are copied while the GPU works on this one.
NUM_SLOTS = 2


class _Sent(NamedTuple):
    """When a batch was enqueued, seconds: at the begin, once it was copied, and launched."""

    begin: float
    stored: float
    launched: float


class _Got(NamedTuple):
    """When a batch was fetched, seconds: at the begin, once the GPU was done, and at the end."""

    begin: float
    done: float
    read: float


class FrameQueue:
    """
    First in, first out.

    :param chain: the work on a batch.
    :param session: where it runs.
    :param slots: ``NUM_SLOTS`` of them, which the queue closes.
    :param copy: brings the frames to page-locked memory; the queue does not close it.
    :param blocking_wait: sleep while waiting for the GPU.
    """

    def __init__(
        self,
        chain: FrameChain,
        session: CudaSession,
        slots: Sequence[FrameSlot],
        copy: FrameCopy,
        *,
        blocking_wait: bool = False,
    ) -> None:
        self._session = session
        self._copy = copy
        self._free = deque(slots)
        self._busy: deque[FrameSlot] = deque()
        self._is_memory_lent = False
        self._sent: deque[_Sent] = deque()
        self._fetched: tuple[_Sent, _Got] | None = None
        self._resources = ExitStack()
        self._resources.callback(chain.close)
        for slot in slots:
            self._resources.callback(slot.close)
        # Uploads that may overtake the batch that the GPU works on need a stream of their own.
        self._uploads = self._resources.enter_context(CudaSession(session.device))
        self._is_stored = CudaEvent()
        self._is_done = {id(slot): CudaEvent(blocking_wait=blocking_wait) for slot in slots}
        for event in (self._is_stored, *self._is_done.values()):
            self._resources.callback(event.close)

    def __len__(self) -> int:
        """Return the number of batches on their way."""
        return len(self._busy)

    def frame_memory(self, num_bytes: int) -> NDArray[np.uint8]:
        """
        Return where the first frame of the next batch is to be, so that it need not be copied.

        :returns: uint8 ``(num_bytes,)``, to be written and enqueued before the next call.
        :raises ValueError: no slot is free.
        """
        if not self._free:
            raise ValueError(f'{NUM_SLOTS} batches are on their way; fetch one before the next')
        self._is_memory_lent = True
        return self._free[0].frames[0].memory(num_bytes)

    @property
    def stage_times(self) -> StageTimes:
        """Milliseconds of the batch that was fetched last, none before the first."""
        if self._fetched is None:
            return {}
        sent, got = self._fetched
        return {
            'preprocess': 1e3 * (sent.stored - sent.begin),
            'inference': 1e3 * (sent.launched - sent.stored + got.done - got.begin),
            'postprocess': 1e3 * (got.read - got.done),
        }

    def expect_frames(self) -> None:
        """Get ready to copy frames that are about to come."""
        self._copy.expect()

    def enqueue(self, frames: Sequence[ImageView], selection: Selection) -> None:
        """
        Copy frames and start the GPU; returns before it is done.

        :raises ValueError: no slot is free.
        :raises CudaError: a call to CUDA failed; the frames are lost.
        """
        if not self._free:
            raise ValueError(f'{NUM_SLOTS} batches are on their way; fetch one before the next')
        begin, slot = perf_counter(), self._free[0]
        if not self._is_memory_lent:  # otherwise there may be nothing to copy
            self._copy.expect()
        self._is_memory_lent = False
        with nvtx_range('copy and launch'):
            stored = self._start(slot, frames, selection)
        launched = perf_counter()
        self._is_done[id(slot)].record(self._session.stream)
        self._busy.append(self._free.popleft())
        self._sent.append(_Sent(begin, stored, launched))

    def rehearse(self) -> None:
        """Run through what ``fetch`` does once the GPU is done, so that it is faster then."""
        self._busy[0].rehearse()

    def fetch(self) -> list[Detections]:
        """
        Wait for the batch that was enqueued first.

        :returns: what was found in each frame, in its pixels.
        :raises ValueError: no batch is on its way.
        :raises CudaError: the GPU failed; the batch is lost.
        :raises DetectionError: the network put out what cannot be.
        """
        if not self._busy:
            raise ValueError('no batch is on its way; enqueue one before')
        begin, slot, sent = perf_counter(), self._busy.popleft(), self._sent.popleft()
        self._free.append(slot)
        with nvtx_range('wait'):
            if self._busy:
                self._is_done[id(slot)].synchronize()
            else:  # of the two ways to wait, this one lets other threads run in old cuda-pythons
                self._session.synchronize()
        done = perf_counter()
        with nvtx_range('results'):
            found = slot.results()
        self._fetched = sent, _Got(begin, done, perf_counter())
        return found

    def close(self) -> None:
        """Wait for what is on its way, then free everything; calling it twice does no harm."""
        self._busy.clear()
        self._sent.clear()
        self._resources.close()

    def _start(self, slot: FrameSlot, frames: Sequence[ImageView], selection: Selection) -> float:
        """Start the GPU; returns when the frames had been copied."""
        is_alone = not self._busy
        graph = None
        try:
            slot.store(frames, self._copy, (self._session if is_alone else self._uploads).stream)
            # The copy is under way and looks after itself. What follows is for this device, and
            # the calling thread may have had another.
            self._session.make_current()
            graph = slot.prepare(selection)
        except BaseException:
            # The frames go away with the caller, and the slot is the next one's.
            self._copy.finish()
            self._uploads.synchronize()
            self._session.synchronize()
            raise
        stored = self._copy.finish(graph if is_alone else None)
        if not is_alone:
            self._is_stored.record(self._uploads.stream)
            self._is_stored.hold_back(self._session.stream)
        if graph is None or not is_alone:
            slot.start()
        return stored
