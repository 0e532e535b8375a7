# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the kernels must know of a frame, as it lies in the device's memory."""

from __future__ import annotations

import numpy as np

from yolotrt_ros.core.encodings import Encoding, Layout
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.gpu.address import address_of

# struct FrameParameters of kernels/frame_parameters.cuh, which explains the fields.
PARAMETER_DTYPE = np.dtype(
    [
        ('data', np.uint64),
        ('num_bytes', np.uint64),
        ('step', np.uint64),
        ('chroma_offset', np.uint64),
        ('second_chroma_offset', np.uint64),
        ('chroma_step', np.uint64),
        ('pitch_x', np.float64),
        ('pitch_y', np.float64),
        ('layout', np.int32),
        ('order', np.int32),
        ('chroma_shift', np.int32),
        ('source_width', np.int32),
        ('source_height', np.int32),
        ('resized_width', np.int32),
        ('resized_height', np.int32),
        ('pad_left', np.int32),
        ('pad_top', np.int32),
        ('scale_x', np.float32),
        ('scale_y', np.float32),
        ('unused', np.int32),
    ]
)
# A frame's bytes are read in words of this size.
DATA_ALIGNMENT = 4

# The numbers of enum class Layout; those of packed layouts are the bytes of a pixel.
_LAYOUTS = {
    Layout.PACKED_422: 5,
    Layout.SEMI_PLANAR_420: 6,
    Layout.SEMI_PLANAR_444: 6,
    Layout.PLANAR_420: 7,
    Layout.BAYER: 8,
}
# Whose index in Encoding.order tells all orders of a layout apart.
_ORDERED_BY = {
    Layout.PACKED: 'r',
    Layout.PACKED_422: 'y',
    Layout.SEMI_PLANAR_420: 'u',
    Layout.SEMI_PLANAR_444: 'u',
    Layout.PLANAR_420: 'u',
    Layout.BAYER: 'r',
}


def fill_parameters(
    row: np.void, view: ImageView, letterbox: Letterbox, device_address: int
) -> None:
    """
    Describe a frame to the kernel, which then serves it whatever its size and encoding.

    A row of zeros, ``rows[slot] = 0``, is no frame: the kernel fills its input with padding.

    :param row: one element of an array of ``PARAMETER_DTYPE``; written in place.
    :param view: the frame; the kernel reads its first ``num_bytes`` bytes and none behind them.
    :param letterbox: fits the frame into the network's input.
    :param device_address: where the bytes of ``view.data`` begin for a kernel, a multiple of
        ``DATA_ALIGNMENT``.
    :raises ValueError: the address is not such a multiple, or the letterbox is for another size.
    """
    if device_address % DATA_ALIGNMENT:
        raise ValueError(
            f'the bytes of a frame must begin at a multiple of {DATA_ALIGNMENT}, but begin at '
            f'{device_address:#x}; copy them to the beginning of a buffer of their own'
        )
    if letterbox.source_wh != view.source_wh:
        raise ValueError(
            f'the letterbox is for frames of {letterbox.source_wh}, but this one has '
            f'{view.source_wh}; make it with Letterbox.fit(view.source_wh, network_wh)'
        )
    row['data'] = device_address
    row['num_bytes'] = view.num_bytes
    row['step'] = view.step
    row['layout'] = _layout(view.encoding)
    row['order'] = _order(view)
    row['source_width'], row['source_height'] = view.source_wh
    _fill_chroma(row, view)
    _fill_geometry(row, letterbox)


def _layout(encoding: Encoding) -> int:
    if encoding.layout is Layout.PACKED:
        return encoding.bytes_per_pixel
    return _LAYOUTS[encoding.layout]


def _order(view: ImageView) -> int:
    if view.encoding.order == 'y':
        return int(view.is_bigendian)
    return view.encoding.order.index(_ORDERED_BY[view.encoding.layout])


def _fill_chroma(row: np.void, view: ImageView) -> None:
    chroma = view.planes()[1:]
    begin = address_of(view.data)
    row['chroma_offset'] = address_of(chroma[0]) - begin if chroma else 0
    row['second_chroma_offset'] = address_of(chroma[1]) - begin if len(chroma) > 1 else 0
    row['chroma_step'] = chroma[0].strides[0] if chroma else 0
    row['chroma_shift'] = int(view.encoding.has_shared_rows)


def _fill_geometry(row: np.void, letterbox: Letterbox) -> None:
    # core/resize.py divides twice as well, and each division rounds.
    row['pitch_x'], row['pitch_y'] = (1 / scale for scale in letterbox.scale_xy)
    row['scale_x'], row['scale_y'] = letterbox.scale_xy
    row['resized_width'], row['resized_height'] = letterbox.resized_wh
    row['pad_left'], row['pad_top'] = letterbox.pad_left, letterbox.pad_top
