# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bring every encoding into a form that OpenCV resizes, with as few copies as it allows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.encodings import Layout
from yolotrt_ros.core.image import ImageView, Samples

# OpenCV names a Bayer pattern by the second row and second column, ROS by the first.
_BAYER_TO_RGB = {
    'rggb': cv2.COLOR_BayerBG2RGB,
    'bggr': cv2.COLOR_BayerRG2RGB,
    'gbrg': cv2.COLOR_BayerGR2RGB,
    'grbg': cv2.COLOR_BayerGB2RGB,
}
_YUV_TO_RGB = {
    'uyvy': cv2.COLOR_YUV2RGB_UYVY,
    'yuyv': cv2.COLOR_YUV2RGB_YUY2,
    'nv12': cv2.COLOR_YUV2RGB_NV12,
    'nv21': cv2.COLOR_YUV2RGB_NV21,
    'i420': cv2.COLOR_YUV2RGB_I420,
}
# By the channels of red, green and blue and their number; None where they lie right already.
_TO_BGR = {
    ((2, 1, 0), 3): None,
    ((0, 1, 2), 3): cv2.COLOR_RGB2BGR,
    ((2, 1, 0), 4): cv2.COLOR_BGRA2BGR,
    ((0, 1, 2), 4): cv2.COLOR_RGBA2BGR,
}


def to_resizable(view: ImageView) -> tuple[NDArray[np.uint8], tuple[int, int, int]]:
    """
    Convert an image as far as resizing needs; 8-bit packed encodings are only viewed.

    :returns: uint8 ``(H, W, C)`` or ``(H, W)``, and where its red, green and blue are: channel
        indices, all 0 for grey.
    """
    if view.encoding.layout is not Layout.PACKED:
        return _to_rgb(view), (0, 1, 2)
    pixels = view.planes()[0]
    order = view.encoding.order
    if order == 'y':
        return _to_8_bit(pixels), (0, 0, 0)
    return pixels.view(np.uint8), (order.index('r'), order.index('g'), order.index('b'))


def to_bgr(view: ImageView) -> NDArray[np.uint8]:
    """
    Convert an image for OpenCV's drawing and writing functions.

    :returns: uint8 ``(H, W, 3)``, blue first, contiguous, a copy of its own.
    """
    pixels, rgb = to_resizable(view)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    code = _TO_BGR[rgb, pixels.shape[2]]
    return pixels.copy() if code is None else np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _to_8_bit(pixels: Samples) -> NDArray[np.uint8]:
    if pixels.dtype.itemsize == 1:
        return pixels.view(np.uint8)
    # OpenCV wants native byte order, and rows that begin at whole samples.
    native = np.require(pixels, np.uint16, ['ALIGNED'])
    return np.asarray(cv2.convertScaleAbs(native, alpha=1 / 257), np.uint8)


def _to_rgb(view: ImageView) -> NDArray[np.uint8]:
    planes = view.planes()
    match view.encoding.layout:
        case Layout.BAYER:
            return np.asarray(cv2.cvtColor(planes[0], _BAYER_TO_RGB[view.encoding.order]))
        case Layout.SEMI_PLANAR_444:
            # OpenCV has no nv24. As 4:2:2 with each column twice it is what OpenCV converts.
            luma = np.asarray(planes[0])
            u, v = cv2.split(np.ascontiguousarray(planes[1]))
            twice = cv2.merge([u, luma, v, luma]).reshape(view.height, -1, 2)
            rgb = cv2.cvtColor(twice, cv2.COLOR_YUV2RGB_UYVY)
            return np.ascontiguousarray(rgb[:, ::2])
        case Layout.PACKED_422:
            return np.asarray(cv2.cvtColor(planes[0], _YUV_TO_RGB[view.encoding.order]))
        case Layout.SEMI_PLANAR_420:
            code = _YUV_TO_RGB[view.encoding.name]
            return np.asarray(cv2.cvtColorTwoPlane(planes[0], planes[1], code))
    # OpenCV reads planar 4:2:0 from one array without padding between the rows.
    stacked = np.concatenate([plane.reshape(-1) for plane in planes])
    return np.asarray(
        cv2.cvtColor(stacked.reshape(-1, view.width), _YUV_TO_RGB[view.encoding.name])
    )
