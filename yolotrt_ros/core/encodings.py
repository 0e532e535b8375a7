# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The image encodings that are read without a copy, and how their bytes lie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Layout(Enum):
    """How the samples of an image are arranged."""

    PACKED = 'one plane, the channels of a pixel side by side'
    PACKED_422 = 'one plane, two pixels share a U and a V sample'
    SEMI_PLANAR_420 = 'a Y plane, then interleaved chroma at half width and half height'
    SEMI_PLANAR_444 = 'a Y plane, then interleaved chroma at full size'
    PLANAR_420 = 'a Y plane, then a U and a V plane at half width and half height'
    BAYER = 'one plane, one colour sample a pixel in a 2x2 mosaic'


@dataclass(frozen=True, eq=False)  # one object for each name
class Encoding:
    """
    One value of ``sensor_msgs/Image.encoding``.

    :param name: the string in the message.
    :param layout: the arrangement of the samples.
    :param order: the meaning of the channels in memory order, such as ``'bgra'`` or ``'uyvy'``;
        for a Bayer mosaic the 2x2 block row by row, such as ``'rggb'``.
    :param channels: samples of one pixel in the first plane.
    :param sample_bytes: bytes of one sample.
    """

    name: str
    layout: Layout
    order: str
    channels: int
    sample_bytes: int = 1

    @property
    def bytes_per_pixel(self) -> int:
        """Bytes of one pixel in a row of the first plane."""
        return self.channels * self.sample_bytes

    @property
    def has_shared_columns(self) -> bool:
        """Whether neighbouring columns share chroma, so that the width must be even."""
        return self.layout in (Layout.PACKED_422, Layout.SEMI_PLANAR_420, Layout.PLANAR_420)

    @property
    def has_shared_rows(self) -> bool:
        """Whether neighbouring rows share chroma, so that the height must be even."""
        return self.layout in (Layout.SEMI_PLANAR_420, Layout.PLANAR_420)


# Names: sensor_msgs/image_encodings.hpp (ROS 2 Jazzy). 'yuv422' and 'yuv422_yuy2' are its older
# names for 'uyvy' and 'yuyv'. nv12 and i420 are not in that header but come from V4L2 and
# GStreamer drivers. 8UC3 and 8UC4 carry no colour order; OpenCV's, blue first, is assumed.
_TABLE = (
    Encoding('rgb8', Layout.PACKED, 'rgb', 3),
    Encoding('bgr8', Layout.PACKED, 'bgr', 3),
    Encoding('rgba8', Layout.PACKED, 'rgba', 4),
    Encoding('bgra8', Layout.PACKED, 'bgra', 4),
    Encoding('mono8', Layout.PACKED, 'y', 1),
    Encoding('mono16', Layout.PACKED, 'y', 1, sample_bytes=2),
    Encoding('8UC1', Layout.PACKED, 'y', 1),
    Encoding('8UC3', Layout.PACKED, 'bgr', 3),
    Encoding('8UC4', Layout.PACKED, 'bgra', 4),
    Encoding('yuv422', Layout.PACKED_422, 'uyvy', 2),
    Encoding('uyvy', Layout.PACKED_422, 'uyvy', 2),
    Encoding('yuv422_yuy2', Layout.PACKED_422, 'yuyv', 2),
    Encoding('yuyv', Layout.PACKED_422, 'yuyv', 2),
    Encoding('nv12', Layout.SEMI_PLANAR_420, 'uv', 1),
    Encoding('nv21', Layout.SEMI_PLANAR_420, 'vu', 1),
    Encoding('nv24', Layout.SEMI_PLANAR_444, 'uv', 1),
    Encoding('i420', Layout.PLANAR_420, 'uv', 1),
    Encoding('bayer_rggb8', Layout.BAYER, 'rggb', 1),
    Encoding('bayer_bggr8', Layout.BAYER, 'bggr', 1),
    Encoding('bayer_gbrg8', Layout.BAYER, 'gbrg', 1),
    Encoding('bayer_grbg8', Layout.BAYER, 'grbg', 1),
)

ENCODINGS: dict[str, Encoding] = {encoding.name: encoding for encoding in _TABLE}
