# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What Python tells the preprocessing kernel, and what it refuses to tell it."""

import numpy as np
import pytest

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.gpu.frame_parameters import fill_parameters, PARAMETER_DTYPE
from yolotrt_ros.gpu.preprocess import (
    FrameNormalization,
    NETWORK_DTYPE,
    network_parameters,
    PreprocessKernel,
)


def filled(view, network_wh=(640, 640), address=0x7F00_0000_0100):
    rows = np.zeros(2, PARAMETER_DTYPE)
    fill_parameters(rows[1], view, Letterbox.fit(view.source_wh, network_wh), address)
    assert rows[0] == np.zeros((), PARAMETER_DTYPE)
    return rows[1]


def test_frame_of_one_plane_is_described():
    row = filled(ImageView.allocate(1280, 720, 'bgr8', row_padding=8))
    assert row['data'] == 0x7F00_0000_0100
    assert row['num_bytes'] == 720 * 3848 - 8
    assert row['step'] == 3848
    assert (row['source_width'], row['source_height']) == (1280, 720)
    assert (row['resized_width'], row['resized_height']) == (640, 360)
    assert (row['pad_left'], row['pad_top']) == (0, 140)
    assert (row['pitch_x'], row['pitch_y']) == (2, 2)
    assert (row['scale_x'], row['scale_y']) == (0.5, 0.5)
    assert row['order'] == 2


@pytest.mark.parametrize(
    ('encoding', 'offsets', 'step', 'shift'),
    [
        ('mono8', (0, 0), 0, 0),
        ('nv12', (6 * 10, 0), 10, 1),
        ('nv21', (6 * 10, 0), 10, 1),
        ('nv24', (6 * 10, 0), 20, 0),
        ('i420', (6 * 10, 6 * 10 + 3 * 5), 5, 1),
    ],
)
def test_planes_of_chroma_are_described(encoding, offsets, step, shift):
    row = filled(ImageView.allocate(8, 6, encoding, row_padding=2))
    assert (row['chroma_offset'], row['second_chroma_offset']) == offsets
    assert row['chroma_step'] == step
    assert row['chroma_shift'] == shift


@pytest.mark.parametrize(
    ('encodings', 'layout', 'orders'),
    [
        (['mono8', '8UC1'], 1, [0, 0]),
        (['mono16'], 2, [0]),
        (['rgb8', 'bgr8', '8UC3'], 3, [0, 2, 2]),
        (['rgba8', 'bgra8', '8UC4'], 4, [0, 2, 2]),
        (['yuyv', 'yuv422_yuy2', 'uyvy', 'yuv422'], 5, [0, 0, 1, 1]),
        (['nv12', 'nv21', 'nv24'], 6, [0, 1, 0]),
        (['i420'], 7, [0]),
        (['bayer_rggb8', 'bayer_grbg8', 'bayer_gbrg8', 'bayer_bggr8'], 8, [0, 1, 2, 3]),
    ],
)
def test_encodings_are_numbered_as_in_the_kernel(encodings, layout, orders):
    rows = [filled(ImageView.allocate(4, 4, encoding)) for encoding in encodings]
    assert [row['layout'] for row in rows] == [layout] * len(rows)
    assert [row['order'] for row in rows] == orders


def test_high_byte_comes_first_in_big_endian_samples():
    assert filled(ImageView.allocate(4, 4, 'mono16', is_bigendian=True))['order'] == 1


def test_address_between_words_is_refused():
    with pytest.raises(ValueError, match=r'multiple of 4, but begin at 0x102; copy them'):
        filled(ImageView.allocate(4, 4, 'bgr8'), address=0x102)


def test_letterbox_of_another_size_is_refused():
    view = ImageView.allocate(4, 4, 'bgr8')
    row = np.zeros(1, PARAMETER_DTYPE)[0]
    with pytest.raises(ValueError, match=r'for frames of \(8, 4\), but this one has \(4, 4\)'):
        fill_parameters(row, view, Letterbox.fit((8, 4), (64, 64)), 0)


def test_normalization_is_told_in_the_order_of_the_planes():
    normalization = FrameNormalization((1, 2, 3), (4, 5, 6), is_rgb=False)
    [network] = np.frombuffer(network_parameters((96, 64), normalization), NETWORK_DTYPE)
    assert (network['width'], network['height']) == (96, 64)
    assert network['pad_level'] == 114
    assert network['red_plane'] == 2
    assert network['scale'].tolist() == [3, 2, 1]
    assert network['bias'].tolist() == [6, 5, 4]


class NamedKernel:
    """Stands in for loaded code: it is refused before anything is launched."""

    def kernel(self, name):
        return name


def test_network_of_another_type_is_refused():
    with pytest.raises(
        ValueError, match=r'takes uint8, but frames can be made float32 or float16'
    ):
        PreprocessKernel(NamedKernel(), (64, 64), 1, np.dtype(np.uint8))


def test_output_between_vectors_is_refused():
    kernel = PreprocessKernel(NamedKernel(), (64, 64), 1, np.dtype(np.float16))
    with pytest.raises(ValueError, match=r'multiple of 16, but begins at 0x108; give it'):
        kernel.launch(0x100, 0x108, 0)
