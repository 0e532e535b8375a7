# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write a picture in any encoding of the table: what a camera driver does."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.encodings import Encoding, ENCODINGS, Layout
from yolotrt_ros.core.image import ImageView, Samples

# Fills the padding of rows, so that a reader that ignores step shows it at once.
PADDING_BYTE = 0xA5

_FROM_BGR = {
    'rgb': cv2.COLOR_BGR2RGB,
    'rgba': cv2.COLOR_BGR2RGBA,
    'bgra': cv2.COLOR_BGR2BGRA,
    'y': cv2.COLOR_BGR2GRAY,
}

# ITU-R BT.601, luma 16 to 235 and chroma 16 to 240: the inverse of core/color.py.
_YUV_FROM_BGR = np.array(
    [
        [0.098, 0.504, 0.257, 16],
        [0.439, -0.291, -0.148, 128],
        [-0.071, -0.368, 0.439, 128],
    ]
)


def encode(
    image_bgr: NDArray[np.uint8],
    encoding: str,
    *,
    row_padding: int = 0,
    is_bigendian: bool = False,
) -> ImageView:
    """
    Convert a picture.

    :param image_bgr: uint8 ``(H, W, 3)``; an odd last row or column is cut off where the
        encoding needs even sides.
    :param encoding: a key of ``ENCODINGS``.
    :param row_padding: bytes of padding behind each row of the first plane.
    :param is_bigendian: byte order of mono16.
    """
    kind = ENCODINGS[encoding]
    height, width = image_bgr.shape[:2]
    height -= height % 2 if kind.has_shared_rows else 0
    width -= width % 2 if kind.has_shared_columns else 0
    view = ImageView.allocate(
        width,
        height,
        encoding,
        row_padding=row_padding,
        is_bigendian=is_bigendian,
        fill=PADDING_BYTE,
    )
    for plane, samples in zip(
        view.planes(), _samples(image_bgr[:height, :width], kind), strict=True
    ):
        plane[...] = samples
    return view


def _samples(image_bgr: NDArray[np.uint8], kind: Encoding) -> list[Samples]:
    """Compute the samples of each plane, in the shapes of ``ImageView.planes``."""
    match kind.layout:
        case Layout.PACKED:
            return [_packed(image_bgr, kind)]
        case Layout.BAYER:
            return [_mosaic(image_bgr, kind.order)]
    luma, *chroma = cv2.split(np.asarray(cv2.transform(image_bgr, _YUV_FROM_BGR), np.uint8))
    height, width = luma.shape
    match kind.layout:
        case Layout.PACKED_422:
            half = [
                cv2.resize(c, (width // 2, height), interpolation=cv2.INTER_AREA) for c in chroma
            ]
            pairs = {'u': half[0], 'v': half[1]}
            packed = np.empty((height, width // 2, 4), np.uint8)
            luma_pairs = iter((luma[:, 0::2], luma[:, 1::2]))
            for index, name in enumerate(kind.order):
                packed[:, :, index] = next(luma_pairs) if name == 'y' else pairs[name]
            return [packed.reshape(height, width, 2)]
        case Layout.SEMI_PLANAR_444:
            return [luma, np.stack(chroma, axis=2)]
    size = (width // 2, height // 2)
    quarter = [cv2.resize(c, size, interpolation=cv2.INTER_AREA) for c in chroma]
    if kind.layout is Layout.PLANAR_420:
        return [luma, *quarter]
    return [luma, np.stack(quarter if kind.order == 'uv' else quarter[::-1], axis=2)]


def _packed(image_bgr: NDArray[np.uint8], kind: Encoding) -> Samples:
    if kind.order == 'bgr':
        return image_bgr
    converted = np.asarray(cv2.cvtColor(image_bgr, _FROM_BGR[kind.order]), np.uint8)
    return converted if kind.sample_bytes == 1 else converted.astype(np.uint16) * 257


def _mosaic(image_bgr: NDArray[np.uint8], order: str) -> NDArray[np.uint8]:
    mosaic = np.empty(image_bgr.shape[:2], np.uint8)
    for index, name in enumerate(order):
        cell = np.s_[index // 2 :: 2, index % 2 :: 2]
        mosaic[cell] = image_bgr[..., 'bgr'.index(name)][cell]
    return mosaic
