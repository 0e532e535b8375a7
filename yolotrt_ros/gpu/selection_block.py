# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules that kernels read at each launch, so that they change without a new recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.selection import Selection

# The struct Selection of kernels/selection.cuh; one float32 threshold for each class follows.
SELECTION_DTYPE = np.dtype(
    [
        ('score_floor', np.float32),
        ('score_floor_of_half', np.float32),
        ('iou_threshold', np.float32),
        ('max_detections', np.int32),
        ('is_class_agnostic', np.int32),
        ('num_classes', np.int32),
        ('min_box_size', np.float32),
        ('unused', np.int32),
    ]
)


def selection_bytes(num_classes: int) -> int:
    """Return the size of the block for a network."""
    return SELECTION_DTYPE.itemsize + 4 * num_classes


def fill_selection(block: NDArray[np.uint8], selection: Selection, num_classes: int) -> None:
    """
    Write the rules into a block, to be copied to the device.

    :param block: uint8 ``(selection_bytes(num_classes),)`` or more, page-locked or not.
    :param selection: the rules.
    :param num_classes: of the network.
    """
    size = SELECTION_DTYPE.itemsize
    floor = np.float32(selection.score_floor)
    header = block[:size].view(SELECTION_DTYPE)
    header['score_floor'] = floor
    # A network's outputs of half precision are compared as they are: see core/decode.py.
    header['score_floor_of_half'] = np.float16(selection.score_floor)
    header['iou_threshold'] = selection.iou_threshold
    header['max_detections'] = selection.max_detections
    header['is_class_agnostic'] = selection.class_agnostic_nms
    header['num_classes'] = num_classes
    header['min_box_size'] = selection.min_box_size
    table = block[size : selection_bytes(num_classes)].view(np.float32)
    table[:] = selection.class_threshold_table(num_classes)
