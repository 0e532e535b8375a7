# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of kernels: what lies behind the pointers that CUDA gets."""

import ctypes
import gc
import weakref

import numpy as np
import pytest

from yolotrt_ros.gpu.kernel_args import KernelArgs


class Sizes(ctypes.Structure):
    _fields_ = (
        ('width', ctypes.c_int32),
        ('scale', ctypes.c_float),
        ('anchors', ctypes.c_float * 18),
    )


class Memory:
    """Anything with an address."""

    address = 0x7F00_0000_1000


def bytes_behind(args):
    """Read the arguments as CUDA does: an array of pointers to their bytes."""
    pointers = (ctypes.c_void_p * len(args.sizes)).from_address(args.address)
    return [
        ctypes.string_at(pointer, size) for pointer, size in zip(pointers, args.sizes, strict=True)
    ]


@pytest.mark.parametrize(
    ('value', 'content'),
    [
        (np.int32(-2), b'\xfe\xff\xff\xff'),
        (np.float32(1), b'\x00\x00\x80?'),
        (np.float16(1), b'\x00<'),
        (np.uint8(200), b'\xc8'),
        (np.bool_(True), b'\x01'),
        (np.int64(1), b'\x01' + bytes(7)),
        (ctypes.c_int32(3), b'\x03\x00\x00\x00'),
        (None, bytes(8)),
        (Memory(), bytes.fromhex('00100000007f0000')),
        (b'any bytes', b'any bytes'),
        (bytearray(b'any'), b'any'),
        (memoryview(b'any'), b'any'),
    ],
)
def test_argument_is_passed_as_its_bytes(value, content):
    args = KernelArgs(value)
    [found] = bytes_behind(args)
    assert found == content


def test_arguments_keep_their_order(rng):
    values = rng.integers(-1000, 1000, 20).astype(np.int32)
    args = KernelArgs(*values)
    assert args.sizes == (4,) * 20
    assert [int.from_bytes(found, 'little', signed=True) for found in bytes_behind(args)] == list(
        values
    )


def test_structure_is_passed_whole(rng):
    anchors = rng.random(18, np.float32)
    sizes = Sizes(640, 0.5, (ctypes.c_float * 18)(*anchors))
    args = KernelArgs(np.int32(1), sizes)
    assert args.sizes == (4, 80)
    found = bytes_behind(args)[1]
    assert int.from_bytes(found[:4], 'little') == 640
    np.testing.assert_array_equal(np.frombuffer(found, np.float32)[2:], anchors)
    sizes.width = 320  # and follows its owner
    assert int.from_bytes(bytes_behind(args)[1][:4], 'little') == 320


@pytest.mark.parametrize('value', [1, 1.5, True, 'text', np.zeros(3, np.int32), [1]])
def test_value_of_unknown_width_is_refused(value):
    with pytest.raises(TypeError, match=r'a NumPy scalar such as np\.int32\(3\), .* but is'):
        KernelArgs(value)


def test_arguments_are_kept_alive():
    memory = Memory()
    gone = weakref.ref(memory)
    args = KernelArgs(memory)
    del memory
    gc.collect()
    assert gone() is not None
    del args
    gc.collect()
    assert gone() is None


def test_kernel_without_parameters_gets_none():
    assert KernelArgs().sizes == ()
