# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One batch of frames on its way through the GPU, as one CUDA graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import logging

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.frame_buffer import FrameBuffer
from yolotrt_ros.gpu.frame_chain import FrameChain
from yolotrt_ros.gpu.frame_copy import FrameCopy
from yolotrt_ros.gpu.frame_parameters import fill_parameters, PARAMETER_DTYPE
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.nms_result import NmsResult
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.gpu.shared_block import SharedBlock

_log = logging.getLogger(__name__)


class FrameSlot:
    """
    The memory of one batch, and the recorded work on it.

    What differs from frame to frame, down to size, encoding and thresholds, is read from a block
    on the device, uploaded when something in it has changed. So a graph is recorded once for each
    number of frames.

    :param chain: the work.
    :param session: where it runs.
    :param max_batch: frames at most.
    :param fixed_batch: whether the network always runs on ``max_batch`` images.
    :param mapped: whether the GPU shares the CPU's memory.
    :param use_graph: whether to record the work; otherwise it is enqueued piece by piece.
    """

    def __init__(
        self,
        chain: FrameChain,
        session: CudaSession,
        *,
        max_batch: int,
        fixed_batch: bool,
        mapped: bool,
        use_graph: bool,
    ) -> None:
        self._chain = chain
        self._session = session
        self._max_batch, self._fixed_batch = max_batch, fixed_batch
        self._use_graph = use_graph
        self.frames = [FrameBuffer(session, mapped=mapped) for _ in range(max_batch)]
        self._parameter_bytes = max_batch * PARAMETER_DTYPE.itemsize
        self._rules = SharedBlock(self._parameter_bytes + chain.selection_bytes, mapped=mapped)
        self._parameters = self._rules.array[: self._parameter_bytes].view(PARAMETER_DTYPE)
        self._parameters[...] = 0
        self._result = SharedBlock(chain.result_bytes(max_batch), mapped=mapped)
        self._found = chain.view_result(self._result.array)
        self._sample = chain.sample_result(max_batch)
        self._graphs: dict[int, CudaGraph] = {}
        self._described: list[object] = [None] * max_batch
        self._selection: Selection | None = None
        self._is_changed = True  # the rules, since they were uploaded
        self._num_frames = 0

    def store(self, frames: Sequence[ImageView], copy: FrameCopy, stream: int) -> None:
        """
        Begin to bring frames to the GPU; ``copy.finish`` ends it.

        :param stream: the uploads are enqueued there.
        """
        addresses = [
            memory.store(view, copy, stream)
            for memory, view in zip(self.frames, frames, strict=False)
        ]
        self._num_frames = len(frames)
        for index, (view, address) in enumerate(zip(frames, addresses, strict=True)):
            facts = (view.width, view.height, view.step, view.encoding, view.is_bigendian, address)
            if self._described[index] != facts:
                letterbox = Letterbox.fit(view.source_wh, self._chain.network_wh)
                fill_parameters(self._parameters[index], view, letterbox, address)
                self._described[index] = facts
                self._is_changed = True
        if self._fixed_batch and any(self._described[len(frames) :]):
            self._parameters[len(frames) :] = 0
            self._described[len(frames) :] = [None] * (self._max_batch - len(frames))
            self._is_changed = True

    def prepare(self, selection: Selection) -> CudaGraph | None:
        """
        Tell the GPU all that the work on the stored frames depends on.

        :returns: the recorded work, to be launched once the frames are there; None where there is
            none, and ``start`` is to be called.
        """
        if selection != self._selection:
            self._chain.fill_selection(self._rules.array[self._parameter_bytes :], selection)
            self._selection = selection
            self._is_changed = True
        if self._is_changed:
            self._rules.upload(self._session.stream)
            self._is_changed = False
        return self._graphs.get(self._batch)

    def start(self) -> None:
        """Start the work on frames that are there; returns before it is done."""
        if self._use_graph and self._batch not in self._graphs:
            self._record()
        if graph := self._graphs.get(self._batch):
            graph.launch()
        else:
            self._enqueue()

    def stages(self) -> Iterator[str]:
        """
        Do the work of ``start`` in steps, without a graph.

        :returns: the name of each stage, once it is enqueued.
        """
        stream = self._session.stream
        parameters = self._rules.device_address
        yield from self._chain.stages(
            self._batch,
            parameters,
            parameters + self._parameter_bytes,
            self._result.device_address,
            stream,
        )
        self._result.download(self._chain.result_bytes(self._batch), stream)
        yield 'download'

    def results(self) -> list[Detections]:
        """Return what was found in each frame, in its pixels; the work must be done."""
        return self._read(self._found)

    def rehearse(self) -> None:
        """
        Do what ``results`` does, with an answer of no meaning, while the GPU works.

        Copying a frame drives code and objects out of the caches of the core. What comes after the
        GPU has finished is waited for, what runs meanwhile is not.
        """
        self._read(self._sample)

    def close(self) -> None:
        """Free the memory; calling it twice does no harm."""
        for graph in self._graphs.values():
            graph.close()
        self._graphs = {}
        for frame in self.frames:
            frame.close()
        self._rules.close()
        self._result.close()

    @property
    def _batch(self) -> int:
        """Images that the network is run on."""
        return self._max_batch if self._fixed_batch else self._num_frames

    def _read(self, result: NmsResult) -> list[Detections]:
        return [result.read(index) for index in range(self._num_frames)]

    def _record(self) -> None:
        self._enqueue()  # nothing may be loaded or allocated while it is recorded
        self._session.synchronize()
        try:
            self._graphs[self._batch] = graph = CudaGraph(self._session, self._enqueue)
            graph.upload()
        except CudaError as error:
            _log.warning('%s; each frame is enqueued piece by piece from now on', error)
            self._use_graph = False

    def _enqueue(self) -> None:
        for _ in self.stages():
            pass
