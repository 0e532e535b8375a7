# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates from the outputs of engines without the decode plugin, on the device."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_int64, c_void_p, Structure
from typing import Any, ClassVar

import numpy as np

from yolotrt_ros.core.errors import ModelError
from yolotrt_ros.core.heads import Head, HeadLayout
from yolotrt_ros.gpu.candidates import CandidateArrays
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.kernel import KernelModule
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.memory import DeviceBuffer

SOURCE = 'decode.cu'
_THREADS = 256
_ELEMENTS = {np.dtype(np.float32): 'float', np.dtype(np.float16): 'yolotrt::Half'}
# Kernel, and rows or columns of an image that one block looks at.
_KERNELS = {
    Head.YOLOV5: ('decode_yolov5', _THREADS),
    Head.YOLOV8: ('decode_yolov8', 32),
    Head.END_TO_END: ('decode_end_to_end', _THREADS),
    Head.EFFICIENT_NMS: ('decode_counted', _THREADS),
    Head.PLUGIN: ('decode_counted', _THREADS),
}


def decode_defines(dtype: np.dtype[Any]) -> dict[str, str]:
    """
    Return what ``SOURCE`` is compiled with.

    :param dtype: of the engine's outputs, float32 or float16.
    :raises ModelError: it is another.
    """
    if dtype not in _ELEMENTS:
        raise ModelError(
            f'outputs of type {dtype} cannot be decoded, only float32 and float16; export the '
            'network with outputs of one of these'
        )
    return {'YOLOTRT_ELEMENT': _ELEMENTS[dtype]}


def as_candidates(
    layout: HeadLayout, dtype: np.dtype[Any], addresses: Sequence[int]
) -> CandidateArrays | None:
    """
    Return an engine's outputs as candidates, where they need no decoding.

    :param dtype: of its boxes and scores.
    :param addresses: of the outputs in the order of ``layout.output_names``.
    """
    if layout.head in (Head.PLUGIN, Head.EFFICIENT_NMS) and dtype == np.float32:
        return CandidateArrays(*addresses)
    return None


class _CandidateLists(Structure):
    """The struct CandidateLists of kernels/candidate_list.cuh."""

    _fields_: ClassVar = [
        ('counts', c_void_p),
        ('rejected', c_void_p),
        ('boxes', c_void_p),
        ('scores', c_void_p),
        ('class_ids', c_void_p),
        ('stride', c_int64),
    ]


class DecodeKernel:
    """
    ``core.decode.decode`` for a batch of images: the same candidates bit by bit, in any order.

    :param module: compiled from ``SOURCE`` with ``decode_defines``.
    :param layout: any but raw heads, which the plugin decodes.
    :param num_rows: rows or columns of each image in the outputs, one a candidate.
    :param max_batch: images of one launch at most.
    :ivar candidates: what a launch fills.
    """

    def __init__(
        self, module: KernelModule, layout: HeadLayout, *, num_rows: int, max_batch: int
    ) -> None:
        name, self._rows_per_block = _KERNELS[layout.head]
        self._kernel = module.kernel(name)
        self._num_rows = num_rows
        places = num_rows * max_batch
        # Boxes first, because they must lie at multiples of 16.
        sizes = (16 * places, 4 * places, 4 * places, 4 * max_batch, 4 * max_batch)
        self._buffer = DeviceBuffer(sum(sizes))
        boxes, scores, class_ids, counts, rejected = (
            self._buffer.address + sum(sizes[:index]) for index in range(len(sizes))
        )
        self.candidates = CandidateArrays(counts, boxes, scores, class_ids, rejected)
        self._counter_bytes = sum(sizes[3:])
        self._lists = _CandidateLists(counts, rejected, boxes, scores, class_ids, num_rows)

    def launch(
        self, addresses: Sequence[int], selection_address: int, stream: int, *, batch: int
    ) -> None:
        """
        Enqueue the decoding of a batch.

        :param addresses: the engine's outputs in the order of ``layout.output_names``.
        :param selection_address: the block with the rules, on the device.
        :param batch: images, 1 to ``max_batch``.
        """
        check(
            bindings().runtime.cudaMemsetAsync(
                self.candidates.counts, 0, self._counter_bytes, stream
            ),
            'clearing the counts of candidates',
        )
        args = KernelArgs(
            *(c_void_p(address) for address in addresses),
            np.int32(self._num_rows),
            c_void_p(selection_address),
            self._lists,
        )
        blocks = -(-self._num_rows // self._rows_per_block)
        self._kernel.launch((blocks, batch), (_THREADS,), args, stream)

    def close(self) -> None:
        """Free the candidates; calling it twice does no harm."""
        self._buffer.close()
