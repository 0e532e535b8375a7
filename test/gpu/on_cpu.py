# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels compiled for the CPU: what they compute can be tested without a GPU."""

import ctypes
import os
from pathlib import Path
import shutil
import subprocess

import numpy as np
import pytest

from yolotrt_ros.gpu import kernel_loader

FLAGS = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas']
# Fused operations round once where the kernels round twice; fortified jumps refuse other stacks.
FLAGS += ['-ffp-contract=off', '-U_FORTIFY_SOURCE', '-fPIC', '-shared']
GUARD_BYTES = 256
GUARD = 0xA5


def compile_for_cpu(source: str, folder: Path, **defines: str) -> ctypes.CDLL:
    """Build a C++ file of this folder, or skip the test where there is no compiler."""
    compiler = shutil.which(os.environ.get('CXX', 'g++'))
    if compiler is None:
        pytest.skip('needs a C++ compiler: g++, or the one that CXX names')
    path = Path(__file__).with_name(source)
    library = folder / f'{path.stem}.so'
    command = [compiler, '-x', 'c++', *FLAGS, f'-I{kernel_loader.FOLDER}', '-o', str(library)]
    command += [f'-D{name}={value}' for name, value in defines.items()]
    done = subprocess.run([*command, str(path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


class GuardedArray:
    """An array between two zones that nobody may write to, at an address as CUDA gives it."""

    def __init__(self, shape, dtype):
        num_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        raw = np.full(num_bytes + 3 * GUARD_BYTES, GUARD, np.uint8)
        first = GUARD_BYTES + -raw.ctypes.data % GUARD_BYTES
        self._guards = (raw[:first], raw[first + num_bytes :])
        self.array = raw[first : first + num_bytes].view(dtype).reshape(shape)

    @classmethod
    def of(cls, values):
        """Copy an array."""
        guarded = cls(values.shape, values.dtype)
        guarded.array[...] = values
        return guarded

    @property
    def address(self):
        return ctypes.c_void_p(self.array.ctypes.data)

    def check(self):
        assert all(np.all(guard == GUARD) for guard in self._guards), 'written out of bounds'


def check_outcome(failure: bytes) -> None:
    """Fail the test if threads waited for each other in vain."""
    assert failure == b'', failure.decode()
