# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The return codes of CUDA, and what is said where CUDA or its bindings are missing."""

import os
import sys
from types import ModuleType

import pytest

from yolotrt_ros.core.errors import BackendError, CudaError
from yolotrt_ros.gpu.cuda import bindings, check

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')


def runtime_code(name):
    return getattr(bindings().runtime.cudaError_t, name)


def driver_code(name):
    return getattr(bindings().driver.CUresult, name)


@pytest.mark.parametrize(
    ('values', 'returned'), [((), None), ((7,), 7), ((None,), None), ((7, 'a'), (7, 'a'))]
)
def test_success_gives_what_the_function_gave(values, returned):
    assert check((runtime_code('cudaSuccess'), *values)) == returned
    assert check((driver_code('CUDA_SUCCESS'), *values)) == returned
    assert check((bindings().nvrtc.nvrtcResult.NVRTC_SUCCESS, *values)) == returned


@pytest.mark.parametrize(
    ('name', 'cure'),
    [
        ('cudaErrorMemoryAllocation', 'free memory .* smaller batch or network'),
        ('cudaErrorNoDevice', 'CUDA_VISIBLE_DEVICES .* --gpus all'),
        ('cudaErrorInvalidDevice', 'nvidia-smi'),
        ('cudaErrorDevicesUnavailable', 'another process'),
        ('cudaErrorInitializationError', 'restart the machine'),
        ('cudaErrorECCUncorrectable', 'restart the process, .* reset the GPU'),
        ('cudaErrorIllegalAddress', 'restart it, .* compute-sanitizer'),
        ('cudaErrorLaunchFailure', 'restart it, .* compute-sanitizer'),
        ('cudaErrorLaunchTimeout', 'never ended'),
        ('cudaErrorNoKernelImageForDevice', 'compiled for another GPU .* build the engine again'),
        ('cudaErrorLaunchOutOfResources', 'more threads, registers or shared memory'),
        ('cudaErrorNotReady', 'wait for the stream'),
        ('cudaErrorStreamCaptureUnsupported', 'CUDA graph; run it once before'),
        ('cudaErrorStreamCaptureInvalidated', 'CUDA graph; run it once before'),
        ('cudaErrorStreamCaptureWrongThread', 'CUDA graph; run it once before'),
    ],
)
def test_failure_names_the_code_and_the_cure(name, cure):
    with pytest.raises(CudaError, match=rf'^juggling failed with {name}\b.*; .*{cure}'):
        check((runtime_code(name), None), 'juggling')


@pytest.mark.parametrize(
    'name',
    ['cudaErrorInsufficientDriver', 'cudaErrorUnsupportedPtxVersion', 'cudaErrorStubLibrary'],
)
def test_old_driver_is_told_with_both_versions(name):
    versions = (
        r'\((there is no driver|the driver is for CUDA \d+\.\d+), cuda-python for CUDA \d+\.\d'
    )
    with pytest.raises(CudaError, match=rf'{name}\b.*update the NVIDIA driver.* {versions}'):
        check((runtime_code(name),))


def test_codes_of_the_driver_have_the_same_cures():
    # Its texts come from the driver's library, which is missing where there is no GPU.
    with pytest.raises(CudaError, match=r'^x failed with CUDA_ERROR_OUT_OF_MEMORY.*; free memory'):
        check((driver_code('CUDA_ERROR_OUT_OF_MEMORY'),), 'x')


def test_codes_of_nvrtc_have_no_cure_of_another_kind():
    out_of_memory_elsewhere = bindings().nvrtc.nvrtcResult(2)
    with pytest.raises(CudaError) as caught:
        check((out_of_memory_elsewhere,))
    expected = 'NVRTC_ERROR_PROGRAM_CREATION_FAILURE (NVRTC_ERROR_PROGRAM_CREATION_FAILURE)'
    assert str(caught.value) == f'a call to CUDA failed with {expected}'


def test_every_code_has_a_text():
    runtime, driver, nvrtc = bindings()
    codes = [*runtime.cudaError_t, *driver.CUresult, *nvrtc.nvrtcResult]
    failures = [code for code in codes if int(code) != 0]
    assert len(failures) > 200
    for code in failures:
        with pytest.raises(CudaError, match=rf'^a call to CUDA failed with {code.name}\b'):
            check((code,))


@pytest.fixture
def fresh_bindings():
    """Import cuda-python anew, now and after the test."""
    bindings.cache_clear()
    yield bindings
    bindings.cache_clear()


def test_kernels_are_loaded_when_they_are_needed(fresh_bindings, monkeypatch):
    monkeypatch.setenv('CUDA_MODULE_LOADING', 'EAGER')
    fresh_bindings()
    assert os.environ['CUDA_MODULE_LOADING'] == 'EAGER'  # the user's choice
    fresh_bindings.cache_clear()
    monkeypatch.delenv('CUDA_MODULE_LOADING')
    fresh_bindings()
    assert os.environ['CUDA_MODULE_LOADING'] == 'LAZY'


def test_missing_bindings_say_how_to_install_them(fresh_bindings, monkeypatch):
    for name in ('cuda', 'cuda.bindings'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        BackendError, match=r'cannot be imported: .* `pip install "cuda-python==12'
    ):
        fresh_bindings()


def test_names_of_older_bindings_are_found(fresh_bindings, monkeypatch):
    package = ModuleType('cuda')
    parts = {name: ModuleType(f'cuda.{name}') for name in ('cuda', 'cudart', 'nvrtc')}
    monkeypatch.setitem(sys.modules, 'cuda', package)
    monkeypatch.setitem(sys.modules, 'cuda.bindings', None)
    for name, module in parts.items():
        monkeypatch.setitem(sys.modules, module.__name__, module)
        setattr(package, name, module)
    assert fresh_bindings() == (parts['cudart'], parts['cuda'], parts['nvrtc'])


@pytest.mark.gpu
def test_error_that_was_told_is_forgotten(session):
    runtime = bindings().runtime
    with pytest.raises(CudaError, match='cudaErrorMemoryAllocation'):
        check(runtime.cudaMalloc(1 << 50))
    assert check(runtime.cudaGetLastError()) is None


@pytest.mark.gpu
@pytest.mark.parametrize(
    ('find', 'name'),
    [
        (runtime_code, 'cudaErrorMemoryAllocation'),
        (driver_code, 'CUDA_ERROR_OUT_OF_MEMORY'),
    ],
)
def test_explanation_is_that_of_cuda(find, name, session):
    # Some versions of the bindings have the texts from the driver, which needs a GPU.
    with pytest.raises(CudaError, match=rf'{name} \(out of memory\); free memory'):
        check((find(name),))
