# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ways whose time is what the caller waits, by the host's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter, process_time
from typing import Any

from scripts.frame_benchmark.figures import Call
from scripts.frame_benchmark.message_ring import Message, MessageRing
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.frame_copy import FrameCopy, HostMemory
from yolotrt_ros.trt.gpu_pipeline import GpuPipeline


class HostWay:
    """
    A function of messages, timed call by call.

    :param name: of the figure.
    :param process: what is timed; returns how many objects it found, or None.
    :param prepare: makes its argument of the messages, before the clock starts.
    """

    def __init__(
        self,
        name: str,
        ring: MessageRing,
        batch: int,
        process: Callable[[Any], int | None],
        prepare: Callable[[list[Message]], Any] = list,
    ) -> None:
        self.name = name
        self._ring, self._batch = ring, batch
        self._process, self._prepare = process, prepare

    def measure(self, count: int) -> list[Call]:
        """Make so many calls."""
        return [self._call() for _ in range(count)]

    def _call(self) -> Call:
        given = self._prepare(self._ring.next(self._batch))
        cpu_start, start = process_time(), perf_counter()
        found = self._process(given)
        elapsed_ms = 1e3 * (perf_counter() - start)
        cpu_ms = 1e3 * (process_time() - cpu_start)
        objects = None if found is None else found / self._batch
        return Call({self.name: elapsed_ms}, cpu_ms, objects)


class PipelinedWay:
    """
    Two batches on their way at a time; a call is the share of one in a whole block.

    :param name: of the figure.
    """

    def __init__(
        self,
        name: str,
        ring: MessageRing,
        batch: int,
        pipeline: GpuPipeline,
        selection: Selection,
    ) -> None:
        self.name = name
        self._ring, self._batch = ring, batch
        self._pipeline, self._selection = pipeline, selection

    def measure(self, count: int) -> list[Call]:
        """Make so many calls."""
        cpu_start, start = process_time(), perf_counter()
        self._enqueue()
        objects = 0
        for _ in range(count - 1):
            self._enqueue()
            objects += num_objects(self._pipeline.fetch())
        objects += num_objects(self._pipeline.fetch())
        elapsed_ms = 1e3 * (perf_counter() - start) / count
        cpu_ms = 1e3 * (process_time() - cpu_start) / count
        return [Call({self.name: elapsed_ms}, cpu_ms, objects / (count * self._batch))]

    def _enqueue(self) -> None:
        messages = self._ring.next(self._batch)
        self._pipeline.enqueue([message.view() for message in messages], self._selection)


def detecting(pipeline: Pipeline, selection: Selection) -> Callable[[Sequence[Message]], int]:
    """Return what a pipeline does with messages."""

    def detect(messages: Sequence[Message]) -> int:
        return num_objects(pipeline.detect([message.view() for message in messages], selection))

    return detect


def in_place(name: str, ring: MessageRing, pipeline: GpuPipeline, selection: Selection) -> HostWay:
    """Return the way of a frame whose bytes the camera driver wrote to upload memory itself."""

    def prepare(messages: list[Message]) -> tuple[Message, Any]:
        (message,) = messages
        memory = pipeline.frame_memory(message.bytes.size)
        memory[:] = message.bytes
        return message, memory

    def detect(given: tuple[Message, Any]) -> int:
        message, memory = given
        return num_objects(pipeline.detect([message.view_in(memory)], selection))

    return HostWay(name, ring, 1, detect, prepare)


def copying(
    copy: FrameCopy, memories: Sequence[HostMemory]
) -> Callable[[Sequence[Message]], None]:
    """Return the host's copy alone, from messages to memory that the GPU uploads from."""

    def copy_all(messages: Sequence[Message]) -> None:
        for message, memory in zip(messages, memories, strict=False):
            copy.add(message.bytes, memory, 0, 0)
        copy.finish()

    return copy_all


def num_objects(found: Sequence[Detections]) -> int:
    """Return how many objects a batch holds."""
    return sum(map(len, found))
