# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the kernels behind the network are made of: number formats, struct layouts, compilation."""

import ctypes

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.gpu.candidate_sets import NUM_CLASSES
from test.gpu.nms_runners import block_of
from test.gpu.on_cpu import compile_for_cpu
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu import decode, nms
from yolotrt_ros.gpu.compiler import compile_source, supported_archs
from yolotrt_ros.gpu.kernel_loader import read_source
from yolotrt_ros.gpu.selection_block import SELECTION_DTYPE


@pytest.fixture(scope='module')
def nms_library(tmp_path_factory):
    return compile_for_cpu('nms_on_cpu.cpp', tmp_path_factory.mktemp('nms'))


@pytest.fixture(scope='module')
def half_library(tmp_path_factory):
    defines = decode.decode_defines(np.dtype(np.float16))
    return compile_for_cpu('decode_on_cpu.cpp', tmp_path_factory.mktemp('half'), **defines)


@given(st.floats(width=32, allow_nan=False), st.floats(width=32, allow_nan=False))
def test_ordered_bits_are_ordered_as_the_numbers(nms_library, a, b):
    ordered, back = nms_library.ordered_bits, nms_library.from_ordered_bits
    ordered.argtypes, ordered.restype = [ctypes.c_float], ctypes.c_uint32
    back.argtypes, back.restype = [ctypes.c_uint32], ctypes.c_float
    assert (ordered(a) < ordered(b)) == (a < b)
    assert (ordered(a) == ordered(b)) == (a == b)
    assert back(ordered(a)) == a


def test_rules_are_laid_out_as_the_kernel_reads_them():
    selection = Selection(
        0.3, 0.6, 40, True, frozenset({0, 2, 3}), ((2, 0.1), (0, 0.7)), min_box_size=2.5
    )
    block = block_of(selection)
    floats, integers = block.view(np.float32), block.view(np.int32)
    assert SELECTION_DTYPE.itemsize == 32
    assert floats[:3].tolist() == [np.float32(0.1), np.float16(0.1), np.float32(0.6)]
    assert integers[3:6].tolist() == [40, 1, NUM_CLASSES]
    assert floats[6] == 2.5
    table = [np.float32(0.7), np.inf, np.float32(0.1), np.float32(0.3), np.inf]
    assert floats[8:].tolist() == table


def test_suppression_compiles_for_every_architecture():
    pytest.importorskip('cuda.bindings.nvrtc', reason='needs cuda-python')
    source = read_source(nms.SOURCE)
    for arch in [arch for arch in supported_archs() if arch >= 75]:
        assert len(compile_source(source, f'sm_{arch}', name=nms.SOURCE)) > 1000


def test_every_number_of_half_precision_is_read(half_library):
    read = half_library.from_half
    read.argtypes, read.restype = [ctypes.c_uint16], ctypes.c_float
    everything = np.arange(2**16, dtype=np.uint16)
    found = np.array([read(int(bits)) for bits in everything], np.float32)
    expected = everything.view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize('dtype', [np.float32, np.float16], ids=lambda dtype: dtype.__name__)
def test_decoding_compiles_for_every_architecture(dtype):
    pytest.importorskip('cuda.bindings.nvrtc', reason='needs cuda-python')
    source, defines = read_source(decode.SOURCE), decode.decode_defines(np.dtype(dtype))
    for arch in [arch for arch in supported_archs() if arch >= 75]:
        assert len(compile_source(source, f'sm_{arch}', defines, name=decode.SOURCE)) > 1000
