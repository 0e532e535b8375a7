# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The preprocessing kernel on the GPU, held against the definition: not a bit may differ."""

import numpy as np
import pytest

from test.gpu.frames import ALL, expected_input, random_frame
from test.gpu.preprocessing import DevicePreprocessing, GUARD
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer
from yolotrt_ros.gpu.preprocess import FrameNormalization

pytestmark = pytest.mark.gpu

NETWORK_WH = (96, 64)
DTYPES = [np.float32, np.float16]
ENCODINGS_AT_FULL_SIZE = ['bgr8', 'bgra8', 'mono8', 'yuyv', 'nv12', 'nv24', 'i420', 'bayer_rggb8']


@pytest.fixture
def make(session):
    """Return a function that sets the kernel up; everything is freed after the test."""
    made = []

    def set_up(*arguments, **options):
        made.append(DevicePreprocessing(session, *arguments, **options))
        return made[-1]

    yield set_up
    for preprocessing in made:
        preprocessing.close()


def assert_is_the_definitions(actual, view, network_wh=NETWORK_WH):
    expected = expected_input(view, network_wh).astype(actual.dtype)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('encoding', ALL)
def test_input_is_the_definitions(encoding, dtype, make, rng):
    preprocess = make(NETWORK_WH, 1, dtype)
    sizes = [(1, 1), (1, 8), (9, 1), (2, 2), (3, 3), (31, 50), (96, 64), (192, 128), (300, 71)]
    for size in sizes:
        for row_padding in (0, 1, 2, 5, 64):
            view = random_frame(rng, *size, encoding, row_padding=row_padding)
            assert_is_the_definitions(preprocess([view])[0], view)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('encoding', ALL)
def test_input_of_random_sizes_is_the_definitions(encoding, dtype, make, rng):
    for _ in range(4):
        network_wh = tuple(rng.integers(1, 200, 2).tolist())
        preprocess = make(network_wh, 1, dtype)
        for _ in range(12):
            view = random_frame(
                rng,
                *rng.integers(1, 400, 2).tolist(),
                encoding,
                row_padding=int(rng.integers(0, 40)),
                is_bigendian=bool(rng.integers(0, 2)),
            )
            assert_is_the_definitions(preprocess([view])[0], view, network_wh)


@pytest.mark.parametrize('encoding', ENCODINGS_AT_FULL_SIZE)
def test_input_of_a_camera_is_the_definitions(encoding, make, rng):
    preprocess = make((640, 640), 1, np.float32)
    for size in [(1280, 720), (640, 480), (320, 240), (810, 1080)]:
        view = random_frame(rng, *size, encoding)
        assert_is_the_definitions(preprocess([view])[0], view, (640, 640))


@pytest.mark.parametrize('encoding', ['bgr8', 'nv12'])
def test_input_of_a_large_camera_is_the_definitions(encoding, make, rng):
    preprocess = make((640, 384), 1, np.float16)
    for size in [(1920, 1080), (3840, 2160)]:
        view = random_frame(rng, *size, encoding)
        assert_is_the_definitions(preprocess([view])[0], view, (640, 384))


@pytest.mark.parametrize('size', [(1 << 15, 1), (1, 1 << 15), (32767, 3), (5, 32766)])
def test_longest_sides_are_the_definitions(size, make, rng):
    preprocess = make((640, 640), 1, np.float32)
    view = random_frame(rng, *size, 'bgr8')
    assert_is_the_definitions(preprocess([view])[0], view, (640, 640))


@pytest.mark.parametrize('dtype', DTYPES)
def test_batch_mixes_sizes_and_encodings(dtype, make, rng):
    preprocess = make(NETWORK_WH, len(ALL), dtype)
    for _ in range(5):
        sizes = rng.integers(1, 200, (len(ALL), 2)).tolist()
        encodings = rng.permutation(ALL).tolist()
        frames = [
            random_frame(rng, *size, name) for size, name in zip(sizes, encodings, strict=True)
        ]
        for actual, view in zip(preprocess(frames), frames, strict=True):
            assert_is_the_definitions(actual, view)


@pytest.mark.parametrize('dtype', DTYPES)
def test_slots_without_a_frame_hold_padding(dtype, make, rng):
    preprocess = make(NETWORK_WH, 3, dtype)
    view = random_frame(rng, 50, 40, 'bgr8')
    tensor = preprocess([None, view, None])
    assert_is_the_definitions(tensor[1], view)
    np.testing.assert_array_equal(
        tensor[[0, 2]], (np.float32(114) * np.float32(1 / 255)).astype(dtype)
    )


@pytest.mark.parametrize('dtype', DTYPES)
def test_recorded_launch_serves_every_size_and_encoding(dtype, session, make, rng):
    preprocess = make(NETWORK_WH, 2, dtype)
    capacity = 1 << 18
    with (
        HostBuffer(2 * capacity) as host,
        DeviceBuffer(2 * capacity) as device,
    ):

        def frame_path():
            device.upload(host.array, session.stream)
            preprocess.enqueue()

        def fill(frames):
            for slot, view in enumerate(frames):
                begin = slot * capacity
                host.array[begin : begin + view.num_bytes] = view.data[: view.num_bytes]
                preprocess.describe(slot, view, device.address + begin)

        # No frame yet: the first work only shows that everything is loaded.
        preprocess.output.upload(
            np.full(preprocess.output.num_bytes, GUARD, np.uint8), session.stream
        )
        frame_path()
        session.synchronize()
        graph = CudaGraph(session, frame_path)
        for encoding in ALL:
            frames = [random_frame(rng, *rng.integers(1, 200, 2).tolist(), encoding)]
            frames.append(random_frame(rng, *rng.integers(1, 200, 2).tolist(), 'nv12'))
            fill(frames)
            graph.launch()
            for actual, view in zip(preprocess.result(), frames, strict=True):
                assert_is_the_definitions(actual, view)
        graph.close()


def test_frame_is_read_where_it_lies_in_mapped_memory(session, make, rng):
    preprocess = make(NETWORK_WH, 1, np.float32)
    view = random_frame(rng, 123, 77, 'rgb8')
    preprocess([view])  # fills the guard
    view = random_frame(rng, 200, 50, 'yuyv')
    with HostBuffer(view.num_bytes, mapped=True) as mapped:
        mapped.array[:] = view.data
        preprocess.describe(0, view, mapped.device_address)
        preprocess.enqueue()
        assert_is_the_definitions(preprocess.result()[0], view)


@pytest.mark.parametrize('is_rgb', [True, False])
@pytest.mark.parametrize('dtype', DTYPES)
def test_mean_and_deviation_are_those_of_each_colour(dtype, is_rgb, make, rng):
    normalization = FrameNormalization.from_mean_std(
        (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), is_rgb=is_rgb
    )
    preprocess = make(NETWORK_WH, 1, dtype, normalization=normalization)
    view = random_frame(rng, 150, 90, 'bgr8')
    expected = expected_input(view, NETWORK_WH, normalization).astype(dtype)
    # The sum is rounded once here and there, but not from the same number of bits.
    np.testing.assert_array_max_ulp(preprocess([view])[0], expected, maxulp=1)


@pytest.mark.parametrize('encoding', ALL)
def test_input_of_a_photo_is_opencvs(encoding, make, test_data):
    preprocess = make((320, 320), 1, np.float32)
    encoded = encode(read_picture(test_data('photos/zidane.jpg')), encoding)
    view = ImageView(
        encoded.data[: encoded.num_bytes].copy(),
        *encoded.source_wh,
        encoded.step,
        encoded.encoding,
    )
    actual = preprocess([view])[0].astype(np.float64)
    [opencv], _ = Preprocessor((320, 320), 1, np.dtype(np.float32))([view])
    difference = 255 * np.abs(actual - opencv)
    assert difference.max() < 1.001
    assert difference.mean() < 0.1
