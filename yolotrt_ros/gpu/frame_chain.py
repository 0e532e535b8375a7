# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All work of the GPU on a batch of frames: preprocessing, network, decoding, suppression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.heads import HeadLayout
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu import decode, nms, preprocess
from yolotrt_ros.gpu.kernel_loader import load_module
from yolotrt_ros.gpu.nms_result import NmsResult, result_bytes, sample_result
from yolotrt_ros.gpu.session import CudaSession


class DeviceNetwork(Protocol):
    """A network whose input and outputs lie on the device."""

    @property
    def input_address(self) -> int:
        """Where ``(max_batch, 3, H, W)`` begins."""

    def output_address(self, name: str) -> int:
        """Where an output begins, of the largest batch."""

    def enqueue(self, batch: int, stream: int) -> None:
        """Start the network on the first ``batch`` images; returns before it is done."""


@dataclass(frozen=True)
class NetworkFacts:
    """
    What the kernels are made for.

    :param network_wh: width and height of the input, pixels.
    :param max_batch: images of one run at most.
    :param input_dtype: float32 or float16.
    :param output_dtype: of the boxes and scores.
    :param num_rows: candidates that the outputs have room for, of one image.
    :param layout: how the outputs are to be read.
    """

    network_wh: tuple[int, int]
    max_batch: int
    input_dtype: np.dtype[Any]
    output_dtype: np.dtype[Any]
    num_rows: int
    layout: HeadLayout


class FrameChain:
    """
    The kernels around a network, in the order of the stream.

    :param session: the device and its stream.
    :param network: the network.
    :param facts: what it looks like.
    :param max_detections: rows kept at most for an image, whatever the rules say.
    :raises CudaError: a kernel cannot be loaded, or there is no memory left.
    """

    def __init__(
        self,
        session: CudaSession,
        network: DeviceNetwork,
        facts: NetworkFacts,
        max_detections: int,
    ) -> None:
        self._network = network
        self._facts = facts
        self.max_detections = max_detections
        self._modules = {'preprocess': load_module(session, preprocess.SOURCE)}
        self._preprocess: dict[int, preprocess.PreprocessKernel] = {}
        names = facts.layout.output_names
        self._outputs = [network.output_address(name) for name in names]
        self._decode: decode.DecodeKernel | None = None
        candidates = decode.as_candidates(facts.layout, facts.output_dtype, self._outputs)
        if candidates is None:
            self._decode = self._decoder(session)
            candidates = self._decode.candidates
        self._candidates = candidates
        self._modules['nms'] = load_module(session, nms.SOURCE)
        self._nms = nms.NmsKernel(
            self._modules['nms'],
            max_candidates=facts.num_rows,
            max_detections=max_detections,
            max_batch=facts.max_batch,
            num_classes=facts.layout.num_classes,
        )

    @property
    def network_wh(self) -> tuple[int, int]:
        """Width and height of the network's input, pixels."""
        return self._facts.network_wh

    @property
    def selection_bytes(self) -> int:
        """Size of the block that ``fill_selection`` writes."""
        return self._nms.selection_bytes

    def result_bytes(self, batch: int) -> int:
        """Size of the result of so many images."""
        return batch * result_bytes(self.max_detections)

    def fill_selection(self, block: NDArray[np.uint8], selection: Selection) -> None:
        """Write the rules to where ``stages`` reads them."""
        self._nms.fill_selection(block, selection)

    def stages(
        self, batch: int, parameters: int, selection: int, result: int, stream: int
    ) -> Iterator[str]:
        """
        Start the whole chain in steps, without waiting for it.

        :param batch: images that the network is run on.
        :param parameters: ``batch`` elements of ``PARAMETER_DTYPE`` on the device.
        :param selection: the rules on the device.
        :param result: room for ``result_bytes(batch)`` on the device.
        :returns: the name of each stage, once it is enqueued.
        """
        preprocessor = self._preprocessor(batch)
        preprocessor.launch(parameters, self._network.input_address, stream)
        yield 'preprocess'
        self._network.enqueue(batch, stream)
        yield 'network'
        if self._decode is not None:
            self._decode.launch(self._outputs, selection, stream, batch=batch)
            yield 'decode'
        self._nms.launch(
            self._candidates, selection, result, stream, batch=batch, frames_address=parameters
        )
        yield 'suppression'

    def view_result(self, memory: NDArray[np.uint8]) -> NmsResult:
        """View the downloaded result of a batch."""
        return self._nms.view_result(memory)

    def sample_result(self, batch: int) -> NmsResult:
        """Return a result of so many images with some rows each, of no meaning."""
        return self.view_result(sample_result(batch, self.max_detections))

    def close(self) -> None:
        """Free what the kernels hold; calling it twice does no harm."""
        self._nms.close()
        if self._decode is not None:
            self._decode.close()
        for module in self._modules.values():
            module.close()

    def _decoder(self, session: CudaSession) -> decode.DecodeKernel:
        facts = self._facts
        defines = decode.decode_defines(facts.output_dtype)
        self._modules['decode'] = load_module(session, decode.SOURCE, defines=defines)
        return decode.DecodeKernel(
            self._modules['decode'],
            facts.layout,
            num_rows=facts.num_rows,
            max_batch=facts.max_batch,
        )

    def _preprocessor(self, batch: int) -> preprocess.PreprocessKernel:
        if batch not in self._preprocess:
            self._preprocess[batch] = preprocess.PreprocessKernel(
                self._modules['preprocess'],
                self._facts.network_wh,
                batch,
                self._facts.input_dtype,
            )
        return self._preprocess[batch]
