# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The objects found in one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.letterbox import Letterbox

_FLOAT32, _INT32 = np.dtype(np.float32), np.dtype(np.int32)


@dataclass(frozen=True)
class Detections:
    """
    Boxes, scores and class ids of one image, row by row.

    :param boxes_xyxy: float32 ``(N, 4)``, corners ``x1 y1 x2 y2`` in pixels; which pixels is said
        where the object is made (camera image above the pipeline, network input below it).
    :param scores: float32 ``(N,)``, 0 to 1.
    :param class_ids: int32 ``(N,)``, from 0.
    :param num_nonfinite: candidates that the network put out as NaN or infinity, or with a class
        that it does not have; they are not among the rows.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    num_nonfinite: int = 0

    def __post_init__(self) -> None:
        rows = len(self.scores)
        _check(self.boxes_xyxy, (rows, 4), _FLOAT32)
        _check(self.scores, (rows,), _FLOAT32)
        _check(self.class_ids, (rows,), _INT32)

    @classmethod
    def empty(cls) -> Detections:
        """Return no detections."""
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32))

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Detections:
        """Select rows by index array, mask or slice."""
        return Detections(
            self.boxes_xyxy[rows], self.scores[rows], self.class_ids[rows], self.num_nonfinite
        )

    def in_source(self, letterbox: Letterbox) -> Detections:
        """
        Bring boxes from network pixels to pixels of the camera image, clipped to it.

        A box that lies in the padding only has no pixel of the image and is left out.
        """
        boxes_xyxy = letterbox.to_source(self.boxes_xyxy)
        moved = Detections(boxes_xyxy, self.scores, self.class_ids, self.num_nonfinite)
        has_extent = boxes_xyxy[:, 2:] > boxes_xyxy[:, :2]
        return moved if has_extent.all() else moved[has_extent[:, 0] & has_extent[:, 1]]


def _check(array: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f'expected {dtype} {shape}, got {array.dtype} {array.shape}; '
            'boxes_xyxy is (N, 4), scores and class_ids are (N,)'
        )
