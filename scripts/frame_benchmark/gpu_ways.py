# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ways whose time is the GPU's own, between events in its stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
import logging
from time import perf_counter

from scripts.frame_benchmark.figures import Call
from scripts.frame_benchmark.message_ring import Message
from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.events import CudaEvent
from yolotrt_ros.gpu.frame_chain import FrameChain, NetworkFacts
from yolotrt_ros.gpu.frame_copy import open_frame_copy
from yolotrt_ros.gpu.frame_slot import FrameSlot
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.memory import HostBuffer
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.engine_session import EngineSession

_log = logging.getLogger(__name__)
Stages = Callable[[], Iterable[str]]


class GpuWay:
    """
    Work with a mark behind each stage, recorded into a CUDA graph together with the marks.

    So no time of the host lies between two marks. Where the work cannot be recorded it is
    enqueued piece by piece, and a warning says so.

    :param name: of the way.
    :param stages: enqueues the work; yields the name of each stage once it is enqueued.
    :param wall_name: of a further figure, what the host waits for launch and end; None for none.
    """

    def __init__(
        self, name: str, cuda: CudaSession, stages: Stages, *, wall_name: str | None = None
    ) -> None:
        self.name = name
        self._cuda, self._stages, self._wall_name = cuda, stages, wall_name
        self._names = list(stages())  # nothing may be loaded while it is recorded
        cuda.synchronize()
        self._marks = [CudaEvent() for _ in range(len(self._names) + 1)]
        self._graph: CudaGraph | None = None
        try:
            self._graph = CudaGraph(cuda, lambda: self._enqueue(in_graph=True))
            self._graph.upload()
        except CudaError as error:
            _log.warning('%s: %s; its times hold gaps between the pieces', name, error)

    def measure(self, count: int) -> list[Call]:
        """Run so many times."""
        return [self._call() for _ in range(count)]

    def close(self) -> None:
        """Destroy the graph and the marks."""
        if self._graph is not None:
            self._graph.close()
        for mark in self._marks:
            mark.close()

    def _call(self) -> Call:
        start = perf_counter()
        if self._graph is None:
            self._enqueue(in_graph=False)
        else:
            self._graph.launch()
        self._cuda.synchronize()
        wall_ms = 1e3 * (perf_counter() - start)
        pairs = zip(self._names, self._marks, self._marks[1:], strict=False)
        times_ms = {name: end.elapsed_ms(begin) for name, begin, end in pairs}
        return Call(times_ms | ({} if self._wall_name is None else {self._wall_name: wall_ms}))

    def _enqueue(self, *, in_graph: bool) -> None:
        stream = self._cuda.stream
        self._marks[0].record(stream, in_graph=in_graph)
        for mark, _ in zip(self._marks[1:], self._stages(), strict=True):
            mark.record(stream, in_graph=in_graph)


class GpuChain:
    """
    All work of the GPU on a batch, in memory of its own beside the pipelines'.

    :param session: the engine, which others may use as well, one at a time.
    :param facts: the pipeline's, which describe it.
    :param messages: one batch of the messages that are measured.
    :ivar upload_memory: room for a copy of each frame that the GPU can upload from.
    """

    def __init__(
        self,
        session: EngineSession,
        facts: NetworkFacts,
        selection: Selection,
        messages: list[Message],
    ) -> None:
        self._cuda = session.cuda
        self._network = session.on_device(facts.network_wh)
        self._batch = session.batch or len(messages)
        if facts.layout.head.is_suppressed:
            selection = replace(selection, iou_threshold=1.0)
        with ExitStack() as resources:
            self._copy = open_frame_copy(1, self._cuda)
            resources.callback(self._copy.close)
            chain = FrameChain(self._cuda, self._network, facts, selection.max_detections)
            resources.callback(chain.close)
            self._slot = FrameSlot(
                chain,
                self._cuda,
                max_batch=facts.max_batch,
                fixed_batch=session.batch is not None,
                mapped=session.device.is_integrated,
                use_graph=False,
            )
            resources.callback(self._slot.close)
            self.upload_memory = [
                resources.enter_context(HostBuffer(message.bytes.size)) for message in messages
            ]
            self._views = []
            for message, frame in zip(messages, self._slot.frames, strict=False):
                memory = frame.memory(message.bytes.size)
                memory[:] = message.bytes
                self._views.append(message.view_in(memory))
            self._store()
            self._slot.prepare(selection)
            self._slot.start()
            self._cuda.synchronize()
            self._resources = resources.pop_all()

    def engine_alone(self, name: str, wall_name: str) -> GpuWay:
        """Return the way of the bare network on what lies in its input."""

        def stages() -> Iterator[str]:
            self._network.enqueue(self._batch, self._cuda.stream)
            yield name

        return self._way(GpuWay(name, self._cuda, stages, wall_name=wall_name))

    def stage_by_stage(self, name: str) -> GpuWay:
        """Return the way from the upload to the download, with the time of each stage."""
        return self._way(GpuWay(name, self._cuda, self._all_stages))

    def whole(self, name: str) -> GpuWay:
        """Return the way from the upload to the download, in one piece."""

        def stages() -> Iterator[str]:
            for _ in self._all_stages():
                pass
            yield name

        return self._way(GpuWay(name, self._cuda, stages))

    def close(self) -> None:
        """Free the memory, also that of the ways."""
        self._resources.close()

    def _way(self, way: GpuWay) -> GpuWay:
        self._resources.callback(way.close)
        return way

    def _store(self) -> None:
        self._slot.store(self._views, self._copy, self._cuda.stream)
        self._copy.finish()

    def _all_stages(self) -> Iterator[str]:
        self._store()
        yield 'upload'
        yield from self._slot.stages()
