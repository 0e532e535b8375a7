# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network's input made with OpenCV, held against the definition in core/reference.py."""

import numpy as np
import pytest

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.reference import preprocess
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.cpu.preprocess import Preprocessor

ALL = sorted(ENCODINGS)
NETWORK_WH = (96, 64)
FLOAT32, FLOAT16 = np.dtype(np.float32), np.dtype(np.float16)
# The precision of each type near 1, in levels of 1/255.
ROUNDING = {FLOAT32: 1e-4, FLOAT16: 0.13}


def random_image(rng, width, height, encoding='bgr8', row_padding=0):
    view = ImageView.allocate(width, height, encoding, row_padding=row_padding)
    view.data[...] = rng.integers(0, 256, view.data.size, np.uint8)
    return view


def assert_equals_definition(tensor, frame, letterbox):
    """Allow a level where cv2.resize is not that of x86, which equals the definition."""
    difference = 255 * np.abs(tensor.astype(np.float64) - preprocess(frame, letterbox))
    assert difference.max() <= 1 + ROUNDING[tensor.dtype]
    assert difference.mean() < 0.02 + ROUNDING[tensor.dtype]


def test_no_frames_make_an_empty_batch():
    tensor, letterboxes = Preprocessor(NETWORK_WH, 4, FLOAT32)([])
    assert tensor.shape == (0, 3, 64, 96)
    assert letterboxes == []


@pytest.mark.parametrize('dtype', [FLOAT32, FLOAT16], ids=str)
@pytest.mark.parametrize('size', [(2, 2), (50, 30), (30, 70), (96, 64), (640, 480)])
@pytest.mark.parametrize('encoding', ALL)
def test_tensor_is_the_definitions(encoding, size, dtype, rng):
    frame = random_image(rng, *size, encoding, row_padding=6)
    tensor, [letterbox] = Preprocessor(NETWORK_WH, 2, dtype)([frame])
    assert tensor.shape == (1, 3, 64, 96)
    assert tensor.dtype == dtype
    assert letterbox == Letterbox.fit(size, NETWORK_WH)
    assert_equals_definition(tensor[0], frame, letterbox)


@pytest.mark.parametrize('photo', ['bus', 'dog', 'horses', 'person', 'zidane'])
@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'nv24', 'yuyv', 'bayer_rggb8', 'mono16'])
def test_tensor_of_a_photo_is_the_definitions(encoding, photo, test_data):
    frame = encode(read_picture(test_data(f'photos/{photo}.jpg')), encoding)
    tensor, [letterbox] = Preprocessor((320, 320), 1, FLOAT32)([frame])
    assert_equals_definition(tensor[0], frame, letterbox)


@pytest.mark.parametrize('dtype', [FLOAT32, FLOAT16], ids=str)
def test_batch_mixes_sizes_and_encodings(dtype, rng):
    preprocessor = Preprocessor(NETWORK_WH, len(ALL), dtype)
    sizes = (2 * rng.integers(4, 80, (len(ALL), 2))).tolist()
    frames = [random_image(rng, *size, name) for size, name in zip(sizes, ALL, strict=True)]
    tensor, letterboxes = preprocessor(frames)
    assert len(tensor) == len(letterboxes) == len(ALL)
    for slot, frame, letterbox in zip(tensor, frames, letterboxes, strict=True):
        assert_equals_definition(slot, frame, letterbox)


@pytest.mark.parametrize('dtype', [FLOAT32, FLOAT16], ids=str)
def test_slot_shows_nothing_of_the_picture_before(dtype, rng):
    preprocessor = Preprocessor(NETWORK_WH, 2, dtype)
    for size in [(96, 64), (30, 70), (70, 30), (70, 30), (1, 64), (96, 64), (7, 9)]:
        frames = [random_image(rng, *size), random_image(rng, *reversed(size))]
        tensor, letterboxes = preprocessor(frames)
        for slot, frame, letterbox in zip(tensor, frames, letterboxes, strict=True):
            assert_equals_definition(slot, frame, letterbox)


def test_slot_is_right_after_it_was_left_out_of_a_batch(rng):
    preprocessor = Preprocessor(NETWORK_WH, 2, FLOAT32)
    preprocessor([random_image(rng, 96, 64), random_image(rng, 96, 64)])
    preprocessor([random_image(rng, 20, 64)])
    frames = [random_image(rng, 96, 64), random_image(rng, 64, 96)]
    tensor, letterboxes = preprocessor(frames)
    for slot, frame, letterbox in zip(tensor, frames, letterboxes, strict=True):
        assert_equals_definition(slot, frame, letterbox)


def test_fixed_batch_always_has_all_its_slots(rng):
    preprocessor = Preprocessor(NETWORK_WH, 3, FLOAT32, fixed_batch=True)
    frame = random_image(rng, 50, 50)
    tensor, letterboxes = preprocessor([frame])
    assert tensor.shape == (3, 3, 64, 96)
    assert len(letterboxes) == 1
    assert_equals_definition(tensor[0], frame, letterboxes[0])
    np.testing.assert_allclose(tensor[1:], 114 / 255, rtol=1e-6)


@pytest.mark.parametrize('dtype', [FLOAT32, FLOAT16], ids=str)
def test_levels_are_the_exact_quotients_rounded_once(dtype):
    frame = ImageView.from_array(np.arange(256, dtype=np.uint8).reshape(16, 16), 'mono8')
    tensor, _ = Preprocessor((16, 16), 1, dtype)([frame])
    exact = np.arange(256).reshape(16, 16) / 255
    # Single precision multiplies by 1/255, which is itself rounded.
    expected = exact.astype(dtype)
    spacing = np.spacing(expected) if dtype == FLOAT32 else 0
    for plane in tensor[0]:
        assert np.all(np.abs(plane.astype(np.float64) - expected) <= spacing)


def test_tensor_is_allocated_once(rng):
    preprocessor = Preprocessor(NETWORK_WH, 2, FLOAT32)
    first, _ = preprocessor([random_image(rng, 50, 30)])
    second, _ = preprocessor([random_image(rng, 70, 30), random_image(rng, 20, 20)])
    assert np.shares_memory(first, second)
    assert second.flags.c_contiguous
