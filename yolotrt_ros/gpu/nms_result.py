# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the kernel of the suppression writes, and how it is read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import DetectionError

# The structs ResultHeader and ResultRow of kernels/result.cuh.
RESULT_HEADER_DTYPE = np.dtype(
    [
        ('num_rows', np.int32),
        ('num_nonfinite', np.int32),
        ('num_candidates', np.int32),
        ('num_selected', np.int32),
    ]
)
RESULT_ROW_DTYPE = np.dtype(
    [('box_xyxy', np.float32, (4,)), ('score', np.float32), ('class_id', np.int32)]
)
_SAMPLE_ROWS = 8


class NmsResult:
    """
    The detections of a batch in memory of the host, to be read again and again.

    Everything is viewed once: looking at memory in another way costs more than copying it.

    :param memory: uint8, ``result_bytes`` for each image; written by others.
    :param max_detections: rows of an image at most.
    :param max_candidates: places of an image in the candidate arrays.
    """

    def __init__(
        self, memory: NDArray[np.uint8], max_detections: int, max_candidates: int
    ) -> None:
        self._max_candidates = max_candidates
        size, header = result_bytes(max_detections), RESULT_HEADER_DTYPE.itemsize
        begins = range(0, memory.size - size + 1, size)
        self._headers = [memory[begin : begin + header].view(np.int32) for begin in begins]
        rows = [memory[begin + header : begin + size].view(RESULT_ROW_DTYPE) for begin in begins]
        self._boxes = [of_image['box_xyxy'] for of_image in rows]
        self._scores = [of_image['score'] for of_image in rows]
        self._class_ids = [of_image['class_id'] for of_image in rows]

    def read(self, image: int) -> Detections:
        """
        Copy the detections of one image.

        :param image: index within the batch.
        :returns: best score first, in the pixels that the kernel was asked for.
        :raises DetectionError: the network counted more candidates than it has places.
        """
        num_rows, num_nonfinite, num_candidates, _ = self._headers[image].tolist()
        if not 0 <= num_candidates <= self._max_candidates:
            raise DetectionError(
                f'the network says it put out {num_candidates} candidates, but has room for '
                f'{self._max_candidates} only; build the engine again with the plugin library '
                'that is loaded'
            )
        return Detections(
            self._boxes[image][:num_rows].copy(),
            self._scores[image][:num_rows].copy(),
            self._class_ids[image][:num_rows].copy(),
            num_nonfinite,
        )


def result_bytes(max_detections: int) -> int:
    """Return the size of the result of one image."""
    return RESULT_HEADER_DTYPE.itemsize + max_detections * RESULT_ROW_DTYPE.itemsize


def sample_result(batch: int, max_detections: int) -> NDArray[np.uint8]:
    """Return a result of so many images with a few rows each, all of them zeros."""
    result = np.zeros((batch, result_bytes(max_detections)), np.uint8)
    for of_image in result:
        header = of_image[: RESULT_HEADER_DTYPE.itemsize].view(RESULT_HEADER_DTYPE)
        header['num_rows'] = min(_SAMPLE_ROWS, max_detections)
    return result.reshape(-1)
