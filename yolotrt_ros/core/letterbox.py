# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit a camera image into the network's input, and bring boxes back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.resize import resize_bilinear

# The grey that YOLO networks are trained with around the picture.
PAD_VALUE = 114


@dataclass(frozen=True)
class Letterbox:
    """
    Resize that keeps the aspect ratio, then centred padding.

    The geometry is YOLOv5's: one ratio for both sides, the resized size rounded to whole pixels,
    an odd remainder of the padding on the right and at the bottom. Coordinates are continuous:
    a pixel covers ``[i, i + 1)``, which is OpenCV's half-pixel rule, so that the inverse is exact.

    :param source_wh: width and height of the camera image, pixels.
    :param network_wh: width and height of the network's input, pixels.
    :param resized_wh: width and height of the picture inside the network's input, pixels.
    :param pad_left: columns of padding left of the picture, pixels.
    :param pad_top: rows of padding above the picture, pixels.
    """

    source_wh: tuple[int, int]
    network_wh: tuple[int, int]
    resized_wh: tuple[int, int]
    pad_left: int
    pad_top: int

    @classmethod
    @lru_cache(maxsize=256)  # cameras seldom change their size
    def fit(cls, source_wh: tuple[int, int], network_wh: tuple[int, int]) -> Letterbox:
        """Fit ``source_wh`` into ``network_wh``, both in pixels and positive; enlarges too."""
        ratio = min(network_wh[0] / source_wh[0], network_wh[1] / source_wh[1])
        resized_wh = (
            min(max(round(source_wh[0] * ratio), 1), network_wh[0]),
            min(max(round(source_wh[1] * ratio), 1), network_wh[1]),
        )
        pad_left = (network_wh[0] - resized_wh[0]) // 2
        pad_top = (network_wh[1] - resized_wh[1]) // 2
        return cls(source_wh, network_wh, resized_wh, pad_left, pad_top)

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Network pixels per source pixel; the sides differ by the rounding of the size."""
        return (
            self.resized_wh[0] / self.source_wh[0],
            self.resized_wh[1] / self.source_wh[1],
        )

    @property
    def region(self) -> tuple[slice, slice]:
        """Rows and columns of the network's input that hold the picture."""
        return (
            slice(self.pad_top, self.pad_top + self.resized_wh[1]),
            slice(self.pad_left, self.pad_left + self.resized_wh[0]),
        )

    def to_source(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """
        Map boxes from the network's input to the camera image, clipped to it.

        :param boxes_xyxy: float32 ``(N, 4)``, network pixels.
        :returns: float32 ``(N, 4)``, source pixels, within ``[0, W]`` and ``[0, H]``.
        """
        boxes_source = (boxes_xyxy - self._offset) / self._scale
        np.maximum(boxes_source, np.float32(0), out=boxes_source)
        np.minimum(boxes_source, self._limits, out=boxes_source)
        return boxes_source

    # Made once: a frame has microseconds, and small arrays are slow to make.
    @cached_property
    def _scale(self) -> NDArray[np.float32]:
        return np.array([*self.scale_xy, *self.scale_xy], np.float32)

    @cached_property
    def _offset(self) -> NDArray[np.float32]:
        return np.array([self.pad_left, self.pad_top] * 2, np.float32)

    @cached_property
    def _limits(self) -> NDArray[np.float32]:
        return np.array([*self.source_wh, *self.source_wh], np.float32)


def letterbox_image(image: NDArray[np.uint8], letterbox: Letterbox) -> NDArray[np.uint8]:
    """
    Resize and pad an image.

    :param image: uint8 ``(H, W, C)`` of the letterbox's source size.
    :returns: uint8 ``(H, W, C)`` of its network size, padded with ``PAD_VALUE``.
    """
    width, height = letterbox.network_wh
    canvas = np.full((height, width, image.shape[2]), PAD_VALUE, np.uint8)
    canvas[letterbox.region] = resize_bilinear(image, letterbox.resized_wh)
    return canvas
