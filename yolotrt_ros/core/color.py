# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of every encoding to RGB: the definition that OpenCV and the GPU must reproduce."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.encodings import Layout
from yolotrt_ros.core.image import ImageView, Samples

# ITU-R BT.601, luma 16 to 235 and chroma 16 to 240, as OpenCV's cvtColor computes it: the
# coefficients 1.164, 2.018, -0.391, -0.813 and 1.596 in fixed point with 20 fractional bits.
_SHIFT = 20
_Y_GAIN, _B_FROM_U, _G_FROM_U, _G_FROM_V, _R_FROM_V = 1220542, 2116026, -409993, -852492, 1673527


def to_rgb(view: ImageView) -> NDArray[np.uint8]:
    """
    Convert an image to RGB.

    :returns: uint8 ``(H, W, 3)``, red first.
    """
    planes = view.planes()
    match view.encoding.layout:
        case Layout.PACKED:
            return _packed_to_rgb(planes[0], view.encoding.order)
        case Layout.BAYER:
            return _demosaic(planes[0], view.encoding.order)
    return _yuv_to_rgb(*_full_size_yuv(planes, view.encoding.order))


def _packed_to_rgb(pixels: Samples, order: str) -> NDArray[np.uint8]:
    if order != 'y':
        channels = [order.index(channel) for channel in 'rgb']
        return np.ascontiguousarray(pixels[:, :, channels], np.uint8)
    if pixels.dtype.itemsize == 2:
        # 65535 is 257 * 255: full scale to full scale, rounded to nearest.
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.repeat(pixels[:, :, np.newaxis], 3, axis=2).astype(np.uint8, copy=False)


def _full_size_yuv(planes: tuple[Samples, ...], order: str) -> tuple[Samples, Samples, Samples]:
    """Repeat the chroma samples so that every pixel has its own; no interpolation (OpenCV)."""
    if len(order) == 4:  # 4:2:2: the samples of two pixels in four bytes
        pairs = planes[0].reshape(planes[0].shape[0], -1, 4)
        luma = pairs[:, :, [i for i, name in enumerate(order) if name == 'y']]
        chroma = [np.repeat(pairs[:, :, order.index(name)], 2, axis=1) for name in 'uv']
        return luma.reshape(luma.shape[0], -1), chroma[0], chroma[1]
    luma = planes[0]
    halves = planes[1:] if len(planes) == 3 else tuple(np.moveaxis(planes[1], 2, 0))
    factor = luma.shape[0] // halves[0].shape[0]
    full = [np.repeat(np.repeat(half, factor, axis=0), factor, axis=1) for half in halves]
    return luma, full[order.index('u')], full[order.index('v')]


def _yuv_to_rgb(y: Samples, u: Samples, v: Samples) -> NDArray[np.uint8]:
    luma = np.maximum(y.astype(np.int64) - 16, 0) * _Y_GAIN + (1 << (_SHIFT - 1))
    blue_chroma = u.astype(np.int64) - 128
    red_chroma = v.astype(np.int64) - 128
    red = luma + _R_FROM_V * red_chroma
    green = luma + _G_FROM_U * blue_chroma + _G_FROM_V * red_chroma
    blue = luma + _B_FROM_U * blue_chroma
    rgb = np.stack([red, green, blue], axis=2) >> _SHIFT
    return np.clip(rgb, 0, 255).astype(np.uint8)


def _demosaic(mosaic: Samples, order: str) -> NDArray[np.uint8]:
    """
    Fill in the two missing colours of every pixel by bilinear interpolation.

    Means of two or four neighbours, rounded half up; the outermost rows and columns repeat
    their inner neighbours, as OpenCV's ``COLOR_Bayer*`` does.
    """
    height, width = mosaic.shape
    if min(height, width) < 3:
        return np.zeros((height, width, 3), np.uint8)
    samples = mosaic.astype(np.uint16)
    up, down, left, right = samples[:-2], samples[2:], samples[:, :-2], samples[:, 2:]
    centre = samples[1:-1, 1:-1]
    horizontal = (left + right + 1)[1:-1] >> 1
    vertical = (up + down + 1)[:, 1:-1] >> 1
    diagonal = (up[:, :-2] + up[:, 2:] + down[:, :-2] + down[:, 2:] + 2) >> 2
    cross = (up[:, 1:-1] + down[:, 1:-1] + left[1:-1] + right[1:-1] + 2) >> 2

    inner = np.empty((*centre.shape, 3), np.uint8)
    for row in range(2):
        for column in range(2):
            # The inner image starts at (1, 1) of the mosaic, so its phase is the opposite one.
            here = order[2 * (1 - row) + (1 - column)]
            beside = order[2 * (1 - row) + column]
            cell = np.s_[row::2, column::2]
            if here == 'g':
                inner[cell][..., 1] = centre[cell]
                inner[cell][..., 'rgb'.index(beside)] = horizontal[cell]
                other = 'r' if beside == 'b' else 'b'
                inner[cell][..., 'rgb'.index(other)] = vertical[cell]
            else:
                inner[cell][..., 'rgb'.index(here)] = centre[cell]
                inner[cell][..., 1] = cross[cell]
                other = 'r' if here == 'b' else 'b'
                inner[cell][..., 'rgb'.index(other)] = diagonal[cell]
    return np.pad(inner, ((1, 1), (1, 1), (0, 0)), mode='edge')
