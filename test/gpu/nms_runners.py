# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The suppression kernel on the CPU and on a GPU, behind one method."""

import ctypes
from dataclasses import dataclass

import numpy as np

from test.gpu.candidate_sets import NUM_CLASSES
from test.gpu.on_cpu import check_outcome, GuardedArray
from yolotrt_ros.gpu.candidates import CandidateArrays
from yolotrt_ros.gpu.kernel_loader import load_module
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.nms import NmsKernel, SOURCE
from yolotrt_ros.gpu.nms_result import result_bytes
from yolotrt_ros.gpu.selection_block import fill_selection, selection_bytes


@dataclass
class Batch:
    """The arrays of a batch, with rubbish behind the counts."""

    counts: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray

    @classmethod
    def of(cls, images, *, places=None):
        places = places or max(len(image) for image in images) + 3
        batch = cls(
            np.array([len(image) for image in images], np.int32),
            np.full((len(images), places, 4), np.nan, np.float32),
            np.full((len(images), places), 0.999, np.float32),
            np.full((len(images), places), 1, np.int32),
        )
        for index, image in enumerate(images):
            batch.boxes[index, : len(image)] = image.boxes_xyxy
            batch.scores[index, : len(image)] = image.scores
            batch.class_ids[index, : len(image)] = image.class_ids
        return batch

    @property
    def arrays(self):
        return self.counts, self.boxes, self.scores, self.class_ids

    @property
    def places(self):
        return self.scores.shape[1]

    def __len__(self):
        return len(self.counts)


def block_of(selection):
    block = np.empty(selection_bytes(NUM_CLASSES), np.uint8)
    fill_selection(block, selection, NUM_CLASSES)
    return block


class OnCpu:
    """The kernel's source with fibers for threads; each launch has another order of them."""

    def __init__(self, library):
        self._library = library
        library.run_nms.restype = ctypes.c_char_p
        self._seed = 0

    def result_of(self, batch, selection, *, max_detections=300, rejected=None, frames=None):
        inputs = [GuardedArray.of(array) for array in (*batch.arrays, block_of(selection))]
        described = [] if frames is None else [GuardedArray.of(frames)]
        entries = GuardedArray((len(batch), batch.places, 8), np.uint8)
        result = GuardedArray((len(batch) * result_bytes(max_detections),), np.uint8)
        self._seed += 1
        failure = self._library.run_nms(
            *(array.address for array in inputs[:4]),
            None if rejected is None else rejected.ctypes.data_as(ctypes.c_void_p),
            batch.places,
            described[0].address if described else None,
            inputs[4].address,
            entries.address,
            max_detections,
            result.address,
            len(batch),
            self._seed,
        )
        check_outcome(failure)
        for array in (*inputs, *described, entries, result):
            array.check()
        return result.array


class OnGpu:
    """The kernel as the package launches it."""

    def __init__(self, session):
        self.session = session
        self.module = load_module(session, SOURCE)

    def kernel(self, batch, max_detections):
        return NmsKernel(
            self.module,
            max_candidates=batch.places,
            max_detections=max_detections,
            max_batch=len(batch),
            num_classes=NUM_CLASSES,
        )

    def upload(self, *arrays):
        buffers = [DeviceBuffer(array.nbytes) for array in arrays]
        for buffer, array in zip(buffers, arrays, strict=True):
            buffer.upload(np.ascontiguousarray(array), self.session.stream)
        return buffers

    def result_of(self, batch, selection, *, max_detections=300, rejected=None, frames=None):
        kernel = self.kernel(batch, max_detections)
        block = np.empty(kernel.selection_bytes, np.uint8)
        kernel.fill_selection(block, selection)
        inputs = self.upload(*batch.arrays, block)
        others = [] if rejected is None else self.upload(rejected)
        described = [] if frames is None else self.upload(frames)
        result = DeviceBuffer(kernel.result_bytes)
        downloaded = np.zeros(kernel.result_bytes, np.uint8)
        result.upload(downloaded, self.session.stream)
        kernel.launch(
            CandidateArrays(*(buffer.address for buffer in (*inputs[:4], *others))),
            inputs[4].address,
            result.address,
            self.session.stream,
            batch=len(batch),
            frames_address=described[0].address if described else None,
        )
        result.download(downloaded, self.session.stream)
        self.session.synchronize()
        return downloaded
