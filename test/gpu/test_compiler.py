# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compilation at run time, without a GPU: code, definitions, and the compiler's words."""

from concurrent.futures import ThreadPoolExecutor
import locale
import logging
import re

import numpy as np
import pytest

from test.gpu.kernel_sources import SCALE
from yolotrt_ros.core.errors import BackendError, CudaError
from yolotrt_ros.gpu.compiler import (
    choose_arch,
    compile_source,
    nvrtc_version,
    supported_archs,
)

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')


@pytest.fixture
def some_arch():
    return supported_archs()[-1]


@pytest.mark.parametrize('arch', [72, 75, 86, 87, 89, 90, 100, 110, 120])
def test_source_compiles_without_a_gpu(arch):
    if arch not in supported_archs():
        version = '.'.join(map(str, nvrtc_version()))
        pytest.skip(f'NVRTC {version} does not compile for compute capability {arch / 10}')
    assert compile_source(SCALE, f'sm_{arch}', {'SHIFT': '0'}).startswith(b'\x7fELF')
    ptx = compile_source(SCALE, f'compute_{arch}', {'SHIFT': '0'}).decode()
    assert f'.target sm_{arch}' in ptx
    assert '.entry scale(' in ptx


def test_definitions_reach_the_compiler(some_arch):
    arch = f'compute_{some_arch}'
    code = compile_source(SCALE, arch, {'SHIFT': '0.1234f'})
    assert np.float32(0.1234).tobytes()[::-1].hex().upper().encode() in code


def test_compiler_does_not_change_what_text_is_read_as(some_arch):
    with ThreadPoolExecutor(1) as thread:  # a new one: what is changed stays with the thread
        before = thread.submit(locale.nl_langinfo, locale.CODESET).result()
        thread.submit(compile_source, SCALE, f'sm_{some_arch}', {'SHIFT': '0'}).result()
        after = thread.submit(locale.nl_langinfo, locale.CODESET).result()
    assert after == before


def test_refused_source_comes_with_the_log(some_arch):
    message = (
        rf'compiling wrong\.cu for sm_{some_arch} failed with NVRTC_ERROR_COMPILATION.*'
        r'wrong\.cu\(1\): error: identifier "unknown" is undefined'
    )
    with pytest.raises(CudaError, match=re.compile(message, re.DOTALL)):
        compile_source('__device__ int x = unknown;', f'sm_{some_arch}', name='wrong.cu')


def test_wrong_architecture_is_refused(some_arch):
    message = re.compile(r'for sm_1 failed with NVRTC_ERROR.*gpu-architecture', re.DOTALL)
    with pytest.raises(CudaError, match=message):
        compile_source(SCALE, 'sm_1', {'SHIFT': '0'})


def test_warning_of_the_compiler_is_logged(some_arch, caplog):
    with caplog.at_level(logging.WARNING):
        compile_source('__global__ void k() { int unused; }', f'sm_{some_arch}', name='lax.cu')
    assert re.search(r'lax\.cu for sm_\d+: .*unused', caplog.text)


def test_known_device_gets_machine_code():
    for arch in supported_archs():
        assert choose_arch(divmod(arch, 10)) == f'sm_{arch}'


def test_newer_device_gets_code_that_the_driver_finishes():
    assert choose_arch((99, 0)) == f'compute_{supported_archs()[-1]}'
    unknown = next(
        arch for arch in range(supported_archs()[0], 200) if arch not in supported_archs()
    )
    older = max(arch for arch in supported_archs() if arch < unknown)
    assert choose_arch(divmod(unknown, 10)) == f'compute_{older}'


def test_device_too_old_for_the_compiler_is_refused():
    message = (
        r'NVRTC \d+\.\d+ compiles for .* \d+\.\d and above, but this GPU has 1\.0; install an'
    )
    with pytest.raises(BackendError, match=message):
        choose_arch((1, 0))
