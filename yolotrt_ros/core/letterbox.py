# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit a camera image into the network's input, and bring boxes back: geometry and resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    def to_network(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """
        Map boxes from the camera image to the network's input.

        :param boxes_xyxy: float32 ``(N, 4)``, source pixels.
        :returns: float32 ``(N, 4)``, network pixels.
        """
        return boxes_xyxy * self._scale() + self._offset()

    def to_source(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """
        Map boxes from the network's input to the camera image, clipped to it.

        :param boxes_xyxy: float32 ``(N, 4)``, network pixels.
        :returns: float32 ``(N, 4)``, source pixels, within ``[0, W]`` and ``[0, H]``.
        """
        limits = np.array([*self.source_wh, *self.source_wh], np.float32)
        boxes_source = (boxes_xyxy - self._offset()) / self._scale()
        return np.clip(boxes_source, np.float32(0), limits)

    def _scale(self) -> NDArray[np.float32]:
        return np.array([*self.scale_xy, *self.scale_xy], np.float32)

    def _offset(self) -> NDArray[np.float32]:
        return np.array([self.pad_left, self.pad_top] * 2, np.float32)


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


def resize_bilinear(image: NDArray[np.uint8], resized_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """
    Resize with two taps a side, OpenCV's ``INTER_LINEAR``, rounded to nearest.

    Output pixel ``i`` samples the source at ``(i + 0.5) * source / resized - 0.5``; samples
    beyond the border repeat the border.

    :param image: uint8 ``(H, W, C)``.
    :param resized_wh: width and height of the result, pixels.
    """
    columns = _taps(image.shape[1], resized_wh[0])
    rows = _taps(image.shape[0], resized_wh[1])
    wide = _blend(image.astype(np.float64), *columns, axis=1)
    return np.floor(_blend(wide, *rows, axis=0) + 0.5).astype(np.uint8)


def _taps(source: int, resized: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return for each output index the first source index and the second tap's weight."""
    position = (np.arange(resized) + 0.5) * (source / resized) - 0.5
    position = np.clip(position, 0, source - 1)
    first = np.minimum(position.astype(np.intp), max(source - 2, 0))
    return first, position - first


def _blend(
    image: NDArray[np.float64], first: NDArray[np.intp], weight: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    last = image.shape[axis] - 1
    near = np.take(image, first, axis=axis)
    far = np.take(image, np.minimum(first + 1, last), axis=axis)
    weight = np.expand_dims(weight, tuple(i for i in range(image.ndim) if i != axis))
    return near + (far - near) * weight
