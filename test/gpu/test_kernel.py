# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels on the device: arguments, launches, and what is refused."""

import ctypes

import numpy as np
import pytest

from test.gpu.kernel_sources import SCALE
from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.compiler import compile_source
from yolotrt_ros.gpu.kernel import KernelModule
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.kernel_loader import load_source
from yolotrt_ros.gpu.memory import DeviceBuffer

pytestmark = pytest.mark.gpu


class Line(ctypes.Structure):
    _fields_ = (('slope', ctypes.c_float), ('offset', ctypes.c_float))


@pytest.mark.parametrize('form', ['machine code', 'PTX'])
def test_kernel_computes_what_numpy_does(form, session, rng):
    major, minor = session.device.compute_capability
    kind = 'sm' if form == 'machine code' else 'compute'
    code = compile_source(SCALE, f'{kind}_{major}{minor}', {'SHIFT': '0.25f'})
    values = rng.random(1000, np.float32)
    found = np.zeros_like(values)
    with (
        KernelModule(session, code, 'scale.cu') as module,
        DeviceBuffer(values.nbytes) as source,
        DeviceBuffer(values.nbytes) as sink,
    ):
        kernel = module.kernel('scale')
        assert kernel.parameter_sizes in (None, (8, 8, 4, 8))
        line = Line(2, -1)
        args = KernelArgs(source, sink, np.int32(1000), line)
        source.upload(values, session.stream)
        kernel.launch((4,), (256,), args, session.stream)
        sink.download(found, session.stream)
        session.synchronize()
        np.testing.assert_allclose(found, 2 * values - 0.75, rtol=1e-6, atol=1e-6)
        line.slope, line.offset = 0, 3
        kernel.launch((4,), (256,), args, session.stream)
        sink.download(found, session.stream)
        session.synchronize()
        np.testing.assert_array_equal(found, np.float32(3.25))


def test_wrong_arguments_are_refused_before_they_reach_the_gpu(session):
    with load_source(session, SCALE, 'scale.cu', defines={'SHIFT': '0'}) as module:
        kernel = module.kernel('scale')
        if kernel.parameter_sizes is None:
            pytest.skip("this driver does not tell a kernel's parameters")
        message = (
            r'kernel scale takes parameters of \(8, 8, 4, 8\) bytes, but .* have \(8, 8, 8, 8\)'
        )
        args = KernelArgs(None, None, np.int64(0), Line(0, 0))
        with pytest.raises(ValueError, match=message):
            kernel.launch((1,), (1,), args, session.stream)
        with pytest.raises(ValueError, match=r'bytes, but the arguments have \(\)'):
            kernel.launch((1,), (1,), KernelArgs(), session.stream)


def test_kernel_that_is_not_there_is_named(session):
    with (
        load_source(session, SCALE, 'scale.cu', defines={'SHIFT': '0'}) as module,
        pytest.raises(CudaError, match=r'the kernel absent in scale\.cu failed with .*NOT_FOUND'),
    ):
        module.kernel('absent')


def test_impossible_launch_is_refused_and_the_next_one_runs(session):
    with load_source(session, SCALE, 'scale.cu', defines={'SHIFT': '0'}) as module:
        kernel = module.kernel('nothing')
        with pytest.raises(CudaError, match=r'^nothing failed with CUDA_ERROR_'):
            kernel.launch((1,), (5000,), KernelArgs(), session.stream)
        kernel.launch((1, 2, 3), (4, 5, 6), KernelArgs(), session.stream)
        session.synchronize()


def test_damaged_code_is_refused_by_the_driver(session):
    with pytest.raises(CudaError, match=r'loading odd\.cu failed with CUDA_ERROR_'):
        KernelModule(session, b'no machine code' * 10, 'odd.cu')


def test_closed_module_says_so(session):
    module = load_source(session, SCALE, 'scale.cu', defines={'SHIFT': '0'})
    module.close()
    module.close()
    with pytest.raises(CudaError, match=r'kernels of scale\.cu are unloaded; load them again'):
        module.kernel('scale')
