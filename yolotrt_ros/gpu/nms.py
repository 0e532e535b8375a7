# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Thresholds and non-maximum suppression on the device, behind the engine in the same stream."""

from __future__ import annotations

from ctypes import c_void_p

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.candidates import CandidateArrays
from yolotrt_ros.gpu.kernel import KernelModule
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.nms_result import NmsResult, result_bytes
from yolotrt_ros.gpu.selection_block import fill_selection, selection_bytes

SOURCE = 'nms.cu'
_THREADS = 512
_ENTRY_BYTES = 8


class NmsKernel:
    """
    ``Selection.apply`` and ``in_source`` for a batch of images: the same rows, bit by bit.

    A launch allocates nothing, waits for nothing and reads the rules from the device, so it can be
    recorded into a CUDA graph once and replayed with other rules.

    :param module: compiled from ``SOURCE``.
    :param max_candidates: places of each image in the candidate arrays.
    :param max_detections: rows kept at most for an image, whatever the rules say.
    :param max_batch: images of one launch at most.
    :param num_classes: of the network.
    """

    def __init__(
        self,
        module: KernelModule,
        *,
        max_candidates: int,
        max_detections: int,
        max_batch: int,
        num_classes: int,
    ) -> None:
        self._kernel = module.kernel('nms')
        self._max_candidates = max_candidates
        self._max_detections = max_detections
        self._max_batch = max_batch
        self._num_classes = num_classes
        self._entries = DeviceBuffer(_ENTRY_BYTES * max(1, max_candidates * max_batch))

    @property
    def selection_bytes(self) -> int:
        """Size of the block with the rules."""
        return selection_bytes(self._num_classes)

    @property
    def result_bytes(self) -> int:
        """Size of the result of ``max_batch`` images; that of fewer is the beginning of it."""
        return self._max_batch * result_bytes(self._max_detections)

    def fill_selection(self, block: NDArray[np.uint8], selection: Selection) -> None:
        """
        Write the rules into a block of ``selection_bytes``, to be copied to the device.

        :raises ValueError: they ask for more rows than there is room for.
        """
        if selection.max_detections > self._max_detections:
            raise ValueError(
                f'the rules ask for {selection.max_detections} detections, but there is room for '
                f'{self._max_detections}; prepare the kernel for more'
            )
        fill_selection(block, selection, self._num_classes)

    def launch(
        self,
        candidates: CandidateArrays,
        selection_address: int,
        result_address: int,
        stream: int,
        *,
        batch: int,
        frames_address: int | None = None,
    ) -> None:
        """
        Enqueue the suppression of a batch.

        :param candidates: filled by work enqueued before.
        :param selection_address: the block with the rules, on the device.
        :param result_address: ``result_bytes`` on the device.
        :param batch: images, 1 to ``max_batch``.
        :param frames_address: ``batch`` elements of ``PARAMETER_DTYPE`` on the device, which say
            where each image lies; None leaves boxes in network pixels, however small.
        """
        args = KernelArgs(
            c_void_p(candidates.counts),
            c_void_p(candidates.boxes),
            c_void_p(candidates.scores),
            c_void_p(candidates.class_ids),
            c_void_p(candidates.rejected),
            np.int32(self._max_candidates),
            c_void_p(frames_address),
            c_void_p(selection_address),
            self._entries,
            np.int32(self._max_detections),
            c_void_p(result_address),
        )
        self._kernel.launch((batch,), (_THREADS,), args, stream)

    def view_result(self, memory: NDArray[np.uint8]) -> NmsResult:
        """
        View the downloaded result of a batch.

        :param memory: uint8, as many bytes of the result as the batch has.
        """
        return NmsResult(memory, self._max_detections, self._max_candidates)

    def close(self) -> None:
        """Free the room to work in; calling it twice does no harm."""
        self._entries.close()
