# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bilinear resampling in OpenCV's fixed point: the definition that the GPU must reproduce."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A weight is an integer with eleven fractional bits.
WEIGHT_ONE = 1 << 11


class Taps(NamedTuple):
    """
    The two source pixels that each output pixel is mixed from, along one side.

    :param near: intp ``(N,)``, index of the left or upper pixel.
    :param far: intp ``(N,)``, index of the right or lower pixel.
    :param near_weight: int32 ``(N,)``, in units of ``1 / WEIGHT_ONE``.
    :param far_weight: int32 ``(N,)``, likewise.
    """

    near: NDArray[np.intp]
    far: NDArray[np.intp]
    near_weight: NDArray[np.int32]
    far_weight: NDArray[np.int32]


def resize_bilinear(image: NDArray[np.uint8], resized_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """
    Resize with two taps a side, equal to the bit to OpenCV's ``INTER_LINEAR`` of 8-bit samples.

    Output pixel ``i`` samples the source at ``(i + 0.5) * source / resized - 0.5``; samples
    beyond the border repeat the border. Exactly half the size gives the mean of four pixels,
    rounded half up.

    :param image: uint8 ``(H, W, C)``.
    :param resized_wh: width and height of the result, pixels.
    """
    columns = column_taps(image.shape[1], resized_wh[0])
    rows = row_taps(image.shape[0], resized_wh[1])
    used, places = np.unique([rows.near, rows.far], return_inverse=True)
    source = image[used]
    mixed = source[:, columns.near] * columns.near_weight[:, np.newaxis]
    mixed += source[:, columns.far] * columns.far_weight[:, np.newaxis]
    # 11 fractional bits; the second weight adds 11, and two are kept for the rounding.
    mixed >>= 4
    near, far = mixed[places.reshape(2, -1)]
    near *= rows.near_weight[:, np.newaxis, np.newaxis]
    far *= rows.far_weight[:, np.newaxis, np.newaxis]
    return np.asarray(((near >> 16) + (far >> 16) + 2) >> 2, np.uint8)


def column_taps(source: int, resized: int) -> Taps:
    """Return the taps along a row; beyond the border the outermost pixel has the whole weight."""
    first, fraction = _positions(source, resized)
    fraction[(first < 0) | (first >= source - 1)] = 0
    return _taps(first, fraction, source)


def row_taps(source: int, resized: int) -> Taps:
    """
    Return the taps along a column.

    Beyond the border both taps are the outermost row and share the weight. That is not the same
    as for columns: each product is truncated, so that the sum may be a level lower.
    """
    return _taps(*_positions(source, resized), source)


def _positions(source: int, resized: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the first index, -1 to ``source - 1``, and the fraction that the next one has."""
    # The order of operations and the types are OpenCV's; others round some weights differently.
    step = 1 / (resized / source)
    position = ((np.arange(resized) + 0.5) * step - 0.5).astype(np.float32)
    whole = np.floor(position)
    return whole.astype(np.intp), position - whole


def _taps(first: NDArray[np.intp], fraction: NDArray[np.float32], source: int) -> Taps:
    one = np.float32(WEIGHT_ONE)
    return Taps(
        near=np.clip(first, 0, source - 1),
        far=np.clip(first + 1, 0, source - 1),
        near_weight=np.rint((np.float32(1) - fraction) * one).astype(np.int32),
        far_weight=np.rint(fraction * one).astype(np.int32),
    )
