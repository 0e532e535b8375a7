# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The GPU's time of one engine, alone and with what our pipeline runs behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.heads import HeadLayout
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu import decode, nms
from yolotrt_ros.gpu.events import CudaEvent
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.kernel_loader import load_module
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.nms_result import RESULT_HEADER_DTYPE
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.engine import Engine

Work = Callable[[int], None]


class EndingMeter:
    """
    One engine on the device, ready to be timed.

    :param plan: the serialised engine.
    :param tensor: ``(B, 3, H, W)``, what it sees at every launch.
    :param layout: of the outputs, for decoding and suppression behind the engine; None where the
        engine does both itself.
    :param selection: the rules of the suppression.
    :raises CudaError: there is too little memory, or something cannot be recorded.
    :raises EngineError: the plan cannot be loaded.
    """

    def __init__(
        self,
        session: CudaSession,
        plan: bytes,
        tensor: NDArray[np.floating],
        layout: HeadLayout | None,
        selection: Selection,
    ) -> None:
        self._session = session
        self._engine = Engine(plan, session)
        self._context = self._engine.create_context()
        self._buffers: dict[str, DeviceBuffer] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._allocate(tensor)
        self._suppression: Suppression | None = None
        self._chain: TimedGraph | None = None
        works: list[Work] = [self._context.enqueue]
        self._alone = TimedGraph(session, works)
        if layout is not None:
            self._suppression = Suppression(session, self, layout, selection, len(tensor))
            works = [*works, self._suppression.enqueue]
            self._chain = TimedGraph(session, works)

    @property
    def output_bytes(self) -> int:
        """Size of all outputs."""
        return sum(self._buffers[tensor.name].num_bytes for tensor in self._engine.outputs)

    @property
    def result_bytes(self) -> int | None:
        """Size of what our pipeline downloads; None where it runs nothing behind the engine."""
        return None if self._suppression is None else self._suppression.result_bytes

    def engine_ms(self) -> float:
        """Launch the engine alone once."""
        return self._alone.times_ms()[0]

    def chain_ms(self) -> tuple[float, float] | None:
        """Launch engine and suppression once; returns the time of the latter, and of both."""
        if self._chain is None:
            return None
        engine, behind = self._chain.times_ms()
        return behind, engine + behind

    def result_header(self) -> NDArray[Any] | None:
        """Return one ``RESULT_HEADER_DTYPE`` an image of the last ``chain_ms``."""
        return None if self._suppression is None else self._suppression.headers()

    def address(self, name: str) -> int:
        """Where an output begins."""
        return self._buffers[name].address

    def facts(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Return type and shape of an output."""
        dtype = next(tensor.dtype for tensor in self._engine.outputs if tensor.name == name)
        return dtype, self._shapes[name]

    def output(self, name: str) -> NDArray[Any]:
        """Download what the last launch put out."""
        dtype, shape = self.facts(name)
        values = np.empty(shape, dtype)
        self._buffers[name].download(values, self._session.stream)
        self._session.synchronize()
        return values

    def close(self) -> None:
        """Free everything."""
        for graph in (self._alone, self._chain):
            if graph is not None:
                graph.close()
        if self._suppression is not None:
            self._suppression.close()
        self._context.close()
        self._engine.close()
        for buffer in self._buffers.values():
            buffer.close()

    def _allocate(self, tensor: NDArray[np.floating]) -> None:
        [image] = self._engine.inputs
        self._context.set_input_shape(image.name, tensor.shape)
        self._shapes[image.name] = tensor.shape
        for info in self._engine.outputs:
            self._shapes[info.name] = self._context.output_shape(info.name)
        for info in (image, *self._engine.outputs):
            buffer = DeviceBuffer(info.num_bytes(self._shapes[info.name]))
            self._buffers[info.name] = buffer
            self._context.set_address(info.name, buffer.address)
        typed = np.ascontiguousarray(tensor, image.dtype)
        self._buffers[image.name].upload(typed, self._session.stream)
        self._session.synchronize()


class Suppression:
    """Our decoding, where the engine leaves it open, and our suppression."""

    def __init__(
        self,
        session: CudaSession,
        meter: EndingMeter,
        layout: HeadLayout,
        selection: Selection,
        batch: int,
    ) -> None:
        self._session, self._batch = session, batch
        # Boxes come second where they are counted, and are all there is where they are not.
        boxes = layout.output_names[1 if layout.head.holds_class_ids else 0]
        dtype, shape = meter.facts(boxes)
        self._addresses = [meter.address(name) for name in layout.output_names]
        self._modules = [load_module(session, nms.SOURCE)]
        self._nms = nms.NmsKernel(
            self._modules[0],
            max_candidates=shape[1],
            max_detections=selection.max_detections,
            max_batch=batch,
            num_classes=layout.num_classes,
        )
        self._decode: decode.DecodeKernel | None = None
        candidates = decode.as_candidates(layout, dtype, self._addresses)
        if candidates is None:
            defines = decode.decode_defines(dtype)
            self._modules.append(load_module(session, decode.SOURCE, defines=defines))
            self._decode = decode.DecodeKernel(
                self._modules[1], layout, num_rows=shape[1], max_batch=batch
            )
            candidates = self._decode.candidates
        self._candidates = candidates
        self.result_bytes = self._nms.result_bytes
        self._result = DeviceBuffer(self.result_bytes)
        self._rules = DeviceBuffer(self._nms.selection_bytes)
        block = np.zeros(self._nms.selection_bytes, np.uint8)
        self._nms.fill_selection(block, selection)
        self._rules.upload(block, session.stream)
        session.synchronize()

    def enqueue(self, stream: int) -> None:
        """Start it behind the engine."""
        rules, batch = self._rules.address, self._batch
        if self._decode is not None:
            self._decode.launch(self._addresses, rules, stream, batch=batch)
        self._nms.launch(self._candidates, rules, self._result.address, stream, batch=batch)

    def headers(self) -> NDArray[Any]:
        """Download the counts of each image."""
        result = np.empty(self.result_bytes, np.uint8)
        self._result.download(result, self._session.stream)
        self._session.synchronize()
        heads = result.reshape(self._batch, -1)[:, : RESULT_HEADER_DTYPE.itemsize]
        return np.ascontiguousarray(heads).view(RESULT_HEADER_DTYPE)[:, 0]

    def close(self) -> None:
        """Free everything."""
        self._nms.close()
        if self._decode is not None:
            self._decode.close()
        for closable in (self._result, self._rules, *self._modules):
            closable.close()


class TimedGraph:
    """A CUDA graph of several works in a row, with a mark of the GPU's clock between them."""

    def __init__(self, session: CudaSession, works: Sequence[Work]) -> None:
        self._session = session
        self._marks = [CudaEvent() for _ in range(len(works) + 1)]
        stream = session.stream
        for work in works:  # nothing may be loaded or allocated while it is recorded
            work(stream)
        session.synchronize()

        def record() -> None:
            self._marks[0].record(stream, in_graph=True)
            for work, mark in zip(works, self._marks[1:], strict=True):
                work(stream)
                mark.record(stream, in_graph=True)

        self._graph = CudaGraph(session, record)
        self._graph.upload()
        session.synchronize()

    def times_ms(self) -> list[float]:
        """Launch once, wait, and return the GPU's milliseconds of each work."""
        self._graph.launch()
        self._session.synchronize()
        return [stop.elapsed_ms(start) for start, stop in pairwise(self._marks)]

    def close(self) -> None:
        """Free everything."""
        self._graph.close()
        for mark in self._marks:
            mark.close()
