# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine, loaded in every way that is compared."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack, suppress

from scripts.frame_benchmark.memory_log import MemoryLog
from scripts.frame_benchmark.peers import open_peers
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.cpu.host_pipeline import HostPipeline
from yolotrt_ros.gpu.device import CudaDevice, find_device
from yolotrt_ros.gpu.frame_copy import FrameCopy, open_frame_copy
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.engine_card import EngineCard
from yolotrt_ros.trt.engine_session import EngineSession
from yolotrt_ros.trt.gpu_pipeline import GpuPipeline

COPY_THREADS = (1, 2, 4, 6)


class Subject:
    """
    Everything that is measured, loaded once.

    :param options: the command line.
    :raises YolotrtError: the engine or the machine cannot be used.
    :ivar gpu: the pipeline of the GPU for each number of copy threads; they share one engine.
    :ivar copies: the copy alone, likewise.
    :ivar tutorial: OpenCV, float upload from ordinary memory, whole download, NMS on the CPU.
    :ivar notes: sentences on what is left out.
    """

    def __init__(self, options: Namespace) -> None:
        self._options = options
        with ExitStack() as resources:
            # The first session decides how the process waits, on drivers that ask only once.
            self._cuda = resources.enter_context(
                CudaSession(find_device(options.device), blocking_wait=options.wait == 'block')
            )
            self.memory = MemoryLog(self._cuda)
            self.session = self._open_session(resources)
            self.memory.note('one EngineSession: engine, context, its inputs and outputs')
            self.gpu: dict[int, GpuPipeline] = {}
            for num_threads in COPY_THREADS:
                pipeline = GpuPipeline(self.session, self._config(num_threads))
                resources.callback(pipeline.close)
                self.gpu[num_threads] = pipeline
                self.memory.note(f'GpuPipeline with {num_threads} copy threads around it')
            self.tutorial = HostPipeline(self._open_session(resources), self._config(1))
            self.memory.note('the same engine once more, for the tutorial loop')
            self.copies = {number: self._copy(number, resources) for number in COPY_THREADS}
            self.info = self.gpu[1].info
            self.selection = self._config(1).selection(self.info)
            self.peers, self.notes = open_peers(
                options, self.info, self.selection, self.session.device.index
            )
            if self.peers:
                self.memory.note('other packages')
            self.batches = self._fitting_batches()
            self._resources = resources.pop_all()

    @property
    def device(self) -> CudaDevice:
        """The GPU."""
        return self.session.device

    @property
    def precision(self) -> str:
        """What the card says, for people."""
        with suppress(EngineError):
            return EngineCard.read(self._options.engine).precision.value
        return 'precision not known (no card)'

    def close(self) -> None:
        """Free everything."""
        self._resources.close()

    def _open_session(self, resources: ExitStack) -> EngineSession:
        options = self._options
        session = EngineSession(
            options.engine,
            device=self._cuda.device,
            plugin_path=options.plugin_path,
            blocking_wait=options.wait == 'block',
        )
        resources.callback(session.close)
        return session

    def _config(self, copy_threads: int) -> DetectorConfig:
        return DetectorConfig(
            engine_path=str(self._options.engine),
            gpu_wait=self._options.wait,
            copy_threads=copy_threads,
            class_names_path=self._options.class_names_path,
            score_threshold=self._options.score_threshold,
            max_batch=max(self._options.batches),
        )

    def _copy(self, num_threads: int, resources: ExitStack) -> FrameCopy:
        copy = open_frame_copy(num_threads, self.session.cuda)
        resources.callback(copy.close)
        return copy

    def _fitting_batches(self) -> list[int]:
        fitting = [batch for batch in self._options.batches if batch <= self.info.max_batch]
        for batch in self._options.batches:
            if batch not in fitting:
                self.notes.append(
                    f'Batch {batch} is left out: the engine takes {self.info.max_batch} at most.'
                )
        if self.session.batch:
            self.notes.append(f'The engine always runs on {self.session.batch} images.')
        if self.peers and fitting != [1]:
            self.notes.append('Other packages are measured at batch 1 only.')
        return fitting
