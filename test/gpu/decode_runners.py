# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs of networks, and the decode kernels on the CPU and on a GPU behind one method."""

import ctypes

import numpy as np

from test.gpu.on_cpu import check_outcome, GuardedArray
from yolotrt_ros.core.heads import Head, HeadLayout, PLUGIN_OUTPUTS
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.decode import decode_defines, DecodeKernel, SOURCE
from yolotrt_ros.gpu.kernel_loader import load_module
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.selection_block import fill_selection, selection_bytes


def layout_of(head, num_classes):
    counted = head in (Head.PLUGIN, Head.EFFICIENT_NMS)
    return HeadLayout(head, num_classes, PLUGIN_OUTPUTS if counted else ('output0',), ())


def random_outputs(rng, head, num_classes, *, batch=1, rows=300, dtype=np.float32):
    """Make the outputs of a network; many scores are below the usual threshold."""
    centres = rng.uniform(0, 600, (batch, rows, 2))
    boxes = np.concatenate([centres, centres + rng.uniform(1, 90, centres.shape)], axis=2)
    if head is Head.YOLOV5:
        scores = rng.uniform(0, 1, (batch, rows, 1 + num_classes))
        return [np.concatenate([boxes, scores], axis=2).astype(dtype)]
    if head is Head.YOLOV8:
        scores = rng.uniform(0, 1, (batch, rows, num_classes)) ** (2 + 2 * num_classes)
        columns = np.concatenate([boxes, scores], axis=2).transpose(0, 2, 1)
        return [np.ascontiguousarray(columns, dtype)]
    scores = rng.uniform(0, 1, (batch, rows))
    class_ids = rng.integers(0, num_classes, (batch, rows))
    if head is Head.END_TO_END:
        rest = np.stack([scores, class_ids], axis=2)
        return [np.concatenate([boxes, rest], axis=2).astype(dtype)]
    counts = rng.integers(0, rows + 1, (batch, 1)).astype(np.int32)
    behind = np.arange(rows) >= counts
    boxes[behind], scores[behind], class_ids[behind] = np.nan, 0.9, -7
    return [counts, boxes.astype(dtype), scores.astype(dtype), class_ids.astype(np.int32)]


def num_rows_of(head, outputs):
    """Count the rows or columns of an image."""
    return outputs[-1].shape[2] if head is Head.YOLOV8 else outputs[-1].shape[1]


class OnCpu:
    """The kernels' source with fibers for threads; each launch has another order of them."""

    def __init__(self, libraries):
        self._libraries = libraries
        self._seed = 0

    def candidates_of(self, outputs, layout, selection, dtype):
        """Return counts, boxes, scores, class ids and counts of what was rejected."""
        batch, rows = len(outputs[0]), num_rows_of(layout.head, outputs)
        name, rows_per_block = {
            Head.YOLOV5: ('decode_yolov5_on_cpu', 256),
            Head.YOLOV8: ('decode_yolov8_on_cpu', 32),
            Head.END_TO_END: ('decode_end_to_end_on_cpu', 256),
        }.get(layout.head, ('decode_counted_on_cpu', 256))
        run = self._libraries[np.dtype(dtype)][name]
        run.restype = ctypes.c_char_p
        block = GuardedArray((selection_bytes(layout.num_classes),), np.uint8)
        fill_selection(block.array, selection, layout.num_classes)
        inputs = [GuardedArray.of(output) for output in outputs]
        found = [
            GuardedArray.of(np.zeros(batch, np.int32)),
            GuardedArray((batch, rows, 4), np.float32),
            GuardedArray((batch, rows), np.float32),
            GuardedArray((batch, rows), np.int32),
            GuardedArray.of(np.zeros(batch, np.int32)),
        ]
        order = (0, 4, 1, 2, 3)
        lists = (ctypes.c_int64 * 6)(*(found[index].address.value for index in order), rows)
        self._seed += 1
        failure = run(
            *(array.address for array in inputs),
            rows,
            block.address,
            lists,
            -(-rows // rows_per_block),
            batch,
            self._seed,
        )
        check_outcome(failure)
        for array in (*inputs, *found, block):
            array.check()
        return [array.array for array in found]


class OnGpu:
    """The kernels as the package launches them."""

    def __init__(self, session):
        self.session = session

    def upload(self, *arrays):
        buffers = [DeviceBuffer(array.nbytes) for array in arrays]
        for buffer, array in zip(buffers, arrays, strict=True):
            buffer.upload(array, self.session.stream)
        return buffers

    def kernel(self, outputs, layout, dtype):
        module = load_module(self.session, SOURCE, defines=decode_defines(np.dtype(dtype)))
        rows = num_rows_of(layout.head, outputs)
        return DecodeKernel(module, layout, num_rows=rows, max_batch=len(outputs[0]))

    def candidates_of(self, outputs, layout, selection, dtype):
        kernel = self.kernel(outputs, layout, dtype)
        block = np.empty(selection_bytes(layout.num_classes), np.uint8)
        fill_selection(block, selection, layout.num_classes)
        buffers = self.upload(*outputs, block)
        *addresses, selection_address = (buffer.address for buffer in buffers)
        batch, rows = len(outputs[0]), num_rows_of(layout.head, outputs)
        for _ in range(2):  # the second launch must not count on from the first
            kernel.launch(addresses, selection_address, self.session.stream, batch=batch)
        found = kernel.candidates
        counts = self.download(found.counts, (batch,), np.int32)
        return [
            counts,
            self.rows_of(found.boxes, counts, (rows, 4), np.float32),
            self.rows_of(found.scores, counts, (rows,), np.float32),
            self.rows_of(found.class_ids, counts, (rows,), np.int32),
            self.download(found.rejected, (batch,), np.int32),
        ]

    def rows_of(self, address, counts, shape, dtype):
        """Download the rows that were written; compute-sanitizer minds the others."""
        rows = np.zeros((len(counts), *shape), dtype)
        for index, count in enumerate(counts):
            if not 0 <= count <= shape[0]:
                continue  # what the network said is handed on, and no rows are
            begin = address + index * rows[0].nbytes
            rows[index, :count] = self.download(begin, (count, *shape[1:]), dtype)
        return rows

    def download(self, address, shape, dtype):
        array = np.empty(shape, dtype)
        if not array.size:
            return array
        runtime = bindings().runtime
        kind = runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        copied = runtime.cudaMemcpyAsync(
            array.ctypes.data, address, array.nbytes, kind, self.session.stream
        )
        check(copied)
        self.session.synchronize()
        return array
