# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline of a GPU: from the bytes of camera messages to boxes by one graph launch."""

from __future__ import annotations

from collections.abc import Sequence
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import CudaError, DetectionError, ModelError
from yolotrt_ros.core.heads import Head, HeadLayout
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import PAD_VALUE
from yolotrt_ros.core.network_reading import read_session
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.gpu.frame_chain import FrameChain, NetworkFacts
from yolotrt_ros.gpu.frame_copy import open_frame_copy
from yolotrt_ros.gpu.frame_queue import FrameQueue, NUM_SLOTS
from yolotrt_ros.gpu.frame_slot import FrameSlot
from yolotrt_ros.trt.engine_session import EngineSession

_log = logging.getLogger(__name__)


class GpuPipeline:
    """
    A ``Pipeline`` that leaves the CPU nothing but one copy of the frame.

    ``detect`` is ``enqueue`` and ``fetch`` in one. Who calls them apart can have two batches on
    their way, which raises the throughput; results come in the order of ``enqueue``.

    :param session: the engine; the pipeline closes it.
    :param config: how to read it and how to run it.
    :raises ModelError: the outputs of the engine cannot be decoded on the GPU.
    :raises ConfigError: the class names given do not fit the engine.
    :raises CudaError: there is too little memory, or a kernel cannot be loaded.
    """

    def __init__(self, session: EngineSession, config: DetectorConfig) -> None:
        self._engine = session
        self._config = config
        self._info, layout, outputs = read_session(session, config)
        self._facts = self._kernel_facts(layout, outputs)
        self._is_suppressed = layout.head.is_suppressed
        self._use_graph = config.cuda_graph and self._can_record()
        self._copy = open_frame_copy(config.copy_threads, session.cuda)
        self._max_detections = config.max_detections
        self._queue = self._make_queue(config.max_detections)

    @property
    def info(self) -> NetworkInfo:
        """The network that runs."""
        return self._info

    @property
    def device(self) -> CudaDevice:
        """The GPU that it runs on."""
        return self._engine.device

    @property
    def facts(self) -> NetworkFacts:
        """What the kernels were made for."""
        return self._facts

    @property
    def stage_times(self) -> StageTimes:
        """
        Milliseconds of the last call.

        ``preprocess`` is the copy of the frames; the GPU resizes them. ``inference`` is the wait
        for the GPU, suppression included, and ``postprocess`` the reading of its answer.
        """
        return self._queue.stage_times

    def expect_frames(self) -> None:
        """Wake the threads that copy frames; they stay awake for a millisecond."""
        self._queue.expect_frames()

    def detect(self, frames: Sequence[ImageView], selection: Selection) -> list[Detections]:
        """
        Find the objects in each frame; blocks until they are found.

        :param frames: one to ``info.max_batch`` images of any sizes and encodings.
        :param selection: the rules to apply, free to differ from call to call.
        :returns: boxes in pixels of the frames, clipped to them, best score first.
        :raises DetectionError: the GPU failed.
        :raises ValueError: batches are on their way that were not fetched.
        """
        if len(self._queue):
            raise ValueError('fetch what was enqueued before detect is called')
        self.enqueue(frames, selection)
        self._queue.rehearse()
        return self.fetch()

    def enqueue(self, frames: Sequence[ImageView], selection: Selection) -> None:
        """
        Copy frames and start the GPU; returns before it is done.

        :param frames: as for ``detect``; they may be changed once this call has returned.
        :param selection: the rules to apply.
        :raises DetectionError: the GPU failed.
        :raises ValueError: two batches are on their way, or there are too many frames.
        """
        if not 1 <= len(frames) <= self._info.max_batch:
            raise ValueError(f'{len(frames)} frames came; give 1 to {self._info.max_batch}')
        if self._is_suppressed:
            selection = selection.without_suppression()
        try:
            if selection.max_detections > self._max_detections:
                self._make_room(selection.max_detections)
            self._queue.enqueue(frames, selection)
        except CudaError as error:
            raise self._explained(error) from error

    def fetch(self) -> list[Detections]:
        """
        Wait for the batch that was enqueued first.

        :returns: boxes in pixels of its frames, clipped to them, best score first.
        :raises DetectionError: the GPU failed.
        :raises ValueError: no batch is on its way.
        """
        try:
            return self._queue.fetch()
        except CudaError as error:
            raise self._explained(error) from error

    def frame_memory(self, num_bytes: int) -> NDArray[np.uint8]:
        """
        Return memory for the first frame of the next call, which then need not be copied.

        :returns: uint8 ``(num_bytes,)``, to be filled and viewed as an image before that call.
        """
        return self._queue.frame_memory(num_bytes)

    def warm_up(self) -> None:
        """Record the graph of each number of frames, so that the first are as fast as others."""
        width, height = self._info.network_wh
        grey = ImageView.from_array(np.full((height, width, 3), PAD_VALUE, np.uint8))
        rules = Selection(1.0, 1.0, 1)
        smallest = self._info.max_batch if self._engine.batch else 1
        for batch in range(smallest, self._info.max_batch + 1):
            for _ in range(NUM_SLOTS):
                self.enqueue([grey] * batch, rules)
            for _ in range(NUM_SLOTS):
                self.fetch()

    def close(self) -> None:
        """Free what the pipeline holds; calling it twice does no harm."""
        self._queue.close()
        self._copy.close()
        self._engine.close()

    def _kernel_facts(self, layout: HeadLayout, outputs: dict[str, NDArray[Any]]) -> NetworkFacts:
        """Return what the kernels must know; refuses what they cannot decode."""
        session = self._engine
        if layout.head is Head.RAW_HEADS:
            raise ModelError(
                f'{session.path} ends in raw heads, which the GPU does not decode; build the '
                'engine with the decode plugin, without --no-plugin'
            )
        for name in layout.output_names:
            if outputs[name].dtype == np.int64:
                raise ModelError(
                    f'the output {name} of {session.path} is int64, but the GPU reads int32; '
                    'export the network with outputs of int32, and build the engine again'
                )
        counted = layout.head in (Head.PLUGIN, Head.EFFICIENT_NMS)
        boxes = outputs[layout.output_names[1 if counted else 0]]
        return NetworkFacts(
            self._info.network_wh,
            self._info.max_batch,
            session.input_dtype,
            boxes.dtype,
            boxes.shape[2 if layout.head is Head.YOLOV8 else 1],
            layout,
        )

    def _can_record(self) -> bool:
        """Tell whether CUDA graphs of all batch sizes can be kept; says it where not."""
        facts, session = self._facts, self._engine
        has_one_size = session.batch is not None or facts.max_batch == 1
        if has_one_size or session.on_device(facts.network_wh).has_own_contexts:
            return True
        _log.warning(
            '%s allows one execution context at a time, so each frame is enqueued piece by piece, '
            'which is slower; build the engine again with `ros2 run yolotrt_ros build_engine '
            'MODEL.onnx`, or set max_batch to 1',
            session.path,
        )
        return False

    def _make_queue(self, max_detections: int) -> FrameQueue:
        cuda, facts = self._engine.cuda, self._facts
        network = self._engine.on_device(facts.network_wh)
        chain = FrameChain(cuda, network, facts, max_detections)
        slots = [
            FrameSlot(
                chain,
                cuda,
                max_batch=facts.max_batch,
                fixed_batch=self._engine.batch is not None,
                mapped=self._engine.device.is_integrated,
                use_graph=self._use_graph,
            )
            for _ in range(NUM_SLOTS)
        ]
        blocking_wait = self._config.gpu_wait == 'block'
        return FrameQueue(chain, cuda, slots, self._copy, blocking_wait=blocking_wait)

    def _explained(self, error: CudaError) -> DetectionError:
        """Turn what CUDA says into the error that callers of a pipeline expect."""
        return DetectionError(f'{self._info.model_path} failed: {error}')

    def _make_room(self, max_detections: int) -> None:
        """Begin anew with larger results: the rules may change while the detector runs."""
        if len(self._queue):
            raise ValueError(
                f'max_detections grows to {max_detections}; fetch what was enqueued before'
            )
        larger = self._make_queue(max_detections)  # where this fails, the present one goes on
        self._queue.close()
        self._queue, self._max_detections = larger, max_detections
