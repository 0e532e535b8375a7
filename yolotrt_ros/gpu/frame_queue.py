# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of frames one after another on the GPU, at most two on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.shared_copy import SharedCopy
from yolotrt_ros.core.timing import StageTimes, Stopwatch
from yolotrt_ros.gpu.events import CudaEvent
from yolotrt_ros.gpu.frame_chain import FrameChain
from yolotrt_ros.gpu.frame_slot import FrameSlot
from yolotrt_ros.gpu.nvtx import nvtx_range
from yolotrt_ros.gpu.session import CudaSession

# The bytes of the next batch are copied while the GPU works on this one.
NUM_SLOTS = 2


class FrameQueue:
    """
    First in, first out.

    :param chain: the work on a batch.
    :param session: where it runs.
    :param slots: ``NUM_SLOTS`` of them, which the queue closes.
    :param copy: brings the frames to page-locked memory.
    :param blocking_wait: sleep while waiting for the GPU.
    """

    def __init__(
        self,
        chain: FrameChain,
        session: CudaSession,
        slots: Sequence[FrameSlot],
        copy: SharedCopy,
        *,
        blocking_wait: bool = False,
    ) -> None:
        self._session = session
        self._copy = copy
        self._free = deque(slots)
        self._busy: deque[FrameSlot] = deque()
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
        return self._free[0].frames[0].memory(num_bytes)

    def enqueue(
        self,
        frames: Sequence[ImageView],
        letterboxes: Sequence[Letterbox],
        selection: Selection,
    ) -> StageTimes:
        """
        Copy frames and start the GPU; returns before it is done.

        :param letterboxes: one for each frame.
        :returns: the milliseconds that this took.
        :raises ValueError: no slot is free.
        :raises CudaError: a call to CUDA failed.
        """
        if not self._free:
            raise ValueError(f'{NUM_SLOTS} batches are on their way; fetch one before the next')
        watch, slot = Stopwatch(), self._free[0]
        with watch.stage('preprocess'), nvtx_range('copy'):
            self._store(slot, frames, letterboxes)
        with watch.stage('inference'), nvtx_range('launch'):
            slot.start(selection)
            self._is_done[id(slot)].record(self._session.stream)
        self._busy.append(self._free.popleft())
        return watch.stage_times

    def fetch(self) -> tuple[list[Detections], StageTimes]:
        """
        Wait for the batch that was enqueued first.

        :returns: what was found in each frame, in its pixels, and the milliseconds it took.
        :raises ValueError: no batch is on its way.
        :raises CudaError: the GPU failed; the batch is lost.
        :raises DetectionError: the network put out what cannot be.
        """
        if not self._busy:
            raise ValueError('no batch is on its way; enqueue one before')
        watch, slot = Stopwatch(), self._busy.popleft()
        self._free.append(slot)
        with watch.stage('inference'), nvtx_range('wait'):
            if self._busy:
                self._is_done[id(slot)].synchronize()
            else:  # of the two ways to wait, this one lets other threads run in old cuda-pythons
                self._session.synchronize()
        with watch.stage('postprocess'), nvtx_range('results'):
            found = slot.results()
        return found, watch.stage_times

    def close(self) -> None:
        """Wait for what is on its way, then free everything; calling it twice does no harm."""
        self._busy.clear()
        self._resources.close()

    def _store(
        self, slot: FrameSlot, frames: Sequence[ImageView], letterboxes: Sequence[Letterbox]
    ) -> None:
        if not self._busy:
            slot.store(frames, letterboxes, self._copy, self._session.stream)
            return
        slot.store(frames, letterboxes, self._copy, self._uploads.stream)
        self._is_stored.record(self._uploads.stream)
        self._is_stored.hold_back(self._session.stream)
