# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The source of the preprocessing kernel, compiled for the CPU and held against the definition.

Colour, geometry and rounding are the very lines that run on the GPU. Not a bit may differ.
"""

import ctypes
import os
from pathlib import Path
import shutil
import subprocess

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.gpu.frames import ALL, expected_input, random_frame, UNIT
from yolotrt_ros.core.color import to_rgb
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.reference import preprocess
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.gpu import kernel_loader
from yolotrt_ros.gpu.compiler import compile_source, supported_archs
from yolotrt_ros.gpu.frame_parameters import fill_parameters, PARAMETER_DTYPE
from yolotrt_ros.gpu.preprocess import (
    FrameNormalization,
    NETWORK_DTYPE,
    network_parameters,
    SOURCE,
)

HARNESS = Path(__file__).with_name('preprocess_on_cpu.cpp')
FLAGS = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared']
SIDES = st.integers(1, 120)
NETWORK_SIDES = st.integers(1, 70)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope='session')
def library(tmp_path_factory):
    compiler = os.environ.get('CXX') or shutil.which('c++') or shutil.which('g++')
    if not compiler:
        pytest.skip('needs a C++ compiler, and c++ and g++ are not on PATH')
    path = tmp_path_factory.mktemp('preprocess') / 'preprocess_on_cpu.so'
    # A fused multiplication and addition would round once where the definition rounds twice.
    command = [compiler, *FLAGS, '-ffp-contract=off', f'-I{kernel_loader.FOLDER}']
    subprocess.run([*command, str(HARNESS), '-o', str(path)], check=True)
    return ctypes.CDLL(str(path))


@pytest.fixture(scope='session')
def run(library):
    """Return a function that makes the network's input of a frame and refuses stray reads."""

    def make(view, network_wh, normalization=UNIT):
        row = np.zeros(1, PARAMETER_DTYPE)
        letterbox = Letterbox.fit(view.source_wh, network_wh)
        fill_parameters(row[0], view, letterbox, view.data.ctypes.data)
        network = np.frombuffer(network_parameters(network_wh, normalization), NETWORK_DTYPE)
        output = np.full((3, network_wh[1], network_wh[0]), np.nan, np.float32)
        stray = library.preprocess_frame(
            *(ctypes.c_void_p(array.ctypes.data) for array in (row, network, output))
        )
        assert stray == 0
        return output

    return make


def assert_is_opencvs(actual, view, network_wh):
    [opencv], _ = Preprocessor(network_wh, 1, np.dtype(np.float32))([view])
    difference = 255 * np.abs(actual.astype(np.float64) - opencv)
    assert difference.max() < 1.001
    assert difference.mean() < 0.1


def test_structs_have_the_layout_of_the_dtypes(library):
    expected = [
        *(PARAMETER_DTYPE.fields[name][1] for name in PARAMETER_DTYPE.names),
        PARAMETER_DTYPE.itemsize,
        *(NETWORK_DTYPE.fields[name][1] for name in NETWORK_DTYPE.names),
        NETWORK_DTYPE.itemsize,
    ]
    offsets = (ctypes.c_int * len(expected))()
    library.struct_layouts(offsets)
    assert list(offsets) == expected


@pytest.mark.parametrize('row_padding', [0, 1, 2, 3, 64])
@pytest.mark.parametrize('size', [(1, 1), (1, 7), (9, 1), (2, 2), (3, 3), (4, 3), (31, 50)])
@pytest.mark.parametrize('encoding', ALL)
def test_input_is_the_definitions(encoding, size, row_padding, run, rng):
    view = random_frame(rng, *size, encoding, row_padding=row_padding)
    for network_wh in [(32, 32), (33, 20)]:
        np.testing.assert_array_equal(run(view, network_wh), expected_input(view, network_wh))


@pytest.mark.parametrize(
    ('source_wh', 'network_wh'),
    [
        ((1280, 720), (640, 640)),  # exactly half the size
        ((640, 480), (640, 640)),  # as it is
        ((320, 240), (640, 640)),  # twice the size
        ((1920, 1080), (640, 384)),
        ((810, 1080), (640, 640)),
        ((3840, 2160), (320, 320)),
    ],
)
@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'bayer_grbg8'])
def test_input_of_a_camera_is_the_definitions(encoding, source_wh, network_wh, run, rng):
    view = random_frame(rng, *source_wh, encoding)
    np.testing.assert_array_equal(run(view, network_wh), expected_input(view, network_wh))


@given(
    st.sampled_from(ALL),
    SIDES,
    SIDES,
    NETWORK_SIDES,
    NETWORK_SIDES,
    st.sampled_from([0, 0, 1, 2, 4, 37, 256, 5000]),
    st.booleans(),
    SEEDS,
)
def test_input_of_any_size_is_the_definitions(
    run, encoding, width, height, network_width, network_height, row_padding, is_bigendian, seed
):
    view = random_frame(
        np.random.default_rng(seed),
        width,
        height,
        encoding,
        row_padding=row_padding,
        is_bigendian=is_bigendian,
    )
    network_wh = (network_width, network_height)
    np.testing.assert_array_equal(run(view, network_wh), expected_input(view, network_wh))


@given(st.integers(1, 1 << 15), st.integers(1, 1400), SEEDS)
def test_long_rows_and_columns_are_the_definitions(run, source, resized, seed):
    # Far from the origin a position has fewer bits behind the point.
    rng = np.random.default_rng(seed)
    for view, network_wh in [
        (random_frame(rng, source, 1, 'bgr8'), (resized, 4)),
        (random_frame(rng, 1, source, 'bgr8'), (4, resized)),
    ]:
        np.testing.assert_array_equal(run(view, network_wh), expected_input(view, network_wh))


@pytest.mark.parametrize('encoding', ALL)
def test_input_is_the_references_and_opencvs(encoding, run, rng):
    view = random_frame(rng, 150, 90, encoding)
    network_wh = (96, 64)
    actual = run(view, network_wh)
    # These divide by 255; the kernel multiplies by 1/255, which is itself rounded.
    expected = preprocess(view, Letterbox.fit(view.source_wh, network_wh))
    np.testing.assert_array_max_ulp(actual, expected, maxulp=1)
    assert_is_opencvs(actual, view, network_wh)


@pytest.mark.parametrize('photo', ['bus', 'dog', 'horses', 'person', 'zidane'])
@pytest.mark.parametrize('encoding', ['bgr8', 'yuyv', 'nv24'])
def test_input_of_a_photo_is_opencvs(encoding, photo, run, test_data):
    view = encode(read_picture(test_data(f'photos/{photo}.jpg')), encoding)
    packed = ImageView(
        np.array(view.data[: view.num_bytes]), view.width, view.height, view.step, view.encoding
    )
    assert_is_opencvs(run(packed, (320, 320)), packed, (320, 320))


def test_levels_in_half_precision_are_the_quotients_rounded_once():
    # Rounded twice, to single and then to half precision, they could differ; they do not.
    levels = np.arange(256)
    single = levels.astype(np.float32) * np.float32(1 / 255)
    np.testing.assert_array_equal(single.astype(np.float16), (levels / 255).astype(np.float16))


@pytest.mark.parametrize('is_rgb', [True, False])
def test_mean_and_deviation_are_those_of_each_colour(is_rgb, run, rng):
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    normalization = FrameNormalization.from_mean_std(mean, std, is_rgb=is_rgb)
    view = random_frame(rng, 64, 48, 'rgb8')
    actual = run(view, (64, 48), normalization)
    np.testing.assert_array_max_ulp(
        actual, expected_input(view, (64, 48), normalization), maxulp=1
    )
    planes = actual if is_rgb else actual[::-1]
    plain = (to_rgb(view) / 255 - mean) / std
    np.testing.assert_allclose(planes.transpose(1, 2, 0), plain, rtol=0, atol=1e-6)


def test_row_of_zeros_gives_padding(library):
    row = np.zeros(1, PARAMETER_DTYPE)
    network = np.frombuffer(network_parameters((10, 6), UNIT), NETWORK_DTYPE)
    output = np.full((3, 6, 10), np.nan, np.float32)
    assert not library.preprocess_frame(
        *(ctypes.c_void_p(array.ctypes.data) for array in (row, network, output))
    )
    np.testing.assert_array_equal(output, np.float32(114) * np.float32(1 / 255))


@pytest.mark.parametrize('arch', [75, 87, 90, 110, 120])
def test_kernel_compiles_without_a_gpu(arch, caplog):
    pytest.importorskip('cuda.bindings.nvrtc', reason='needs cuda-python and NVRTC')
    if arch not in supported_archs():
        pytest.skip(f'this NVRTC does not compile for compute capability {arch / 10}')
    assert compile_source(kernel_loader.read_source(SOURCE), f'sm_{arch}', name=SOURCE)
    assert not caplog.records  # the compiler warns of nothing
