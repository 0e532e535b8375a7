# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels from their files: what they include, and the cache of compiled code on disk."""

import logging
import re

import pytest

from test.gpu.kernel_sources import SCALE
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu import code_cache, compiler, kernel_loader
from yolotrt_ros.gpu.compiler import compile_source, supported_archs
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.kernel_loader import (
    compile_cached,
    load_module,
    load_source,
    read_source,
)

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Use a cache of its own."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'yolotrt_ros' / 'code'


@pytest.fixture
def some_arch():
    return supported_archs()[-1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Replace the folder of the kernels."""
    path = tmp_path / 'kernels'
    path.mkdir()
    for module in (compiler, kernel_loader):
        monkeypatch.setattr(module, 'FOLDER', path)
    return path


def test_files_beside_the_source_are_included(folder, cache, some_arch):
    (folder / 'number.cuh').write_text('constexpr int kNUMBER = 12345;\n')
    (folder / 'outer.cuh').write_text('#pragma once\n#include "number.cuh"\n')
    source = '#include "outer.cuh"\nextern "C" __global__ void k(int* to) { *to = kNUMBER; }'
    code = compile_cached(source, f'compute_{some_arch}', {})
    assert b'12345' in code
    (folder / 'number.cuh').write_text('constexpr int kNUMBER = 54321;\n')
    assert b'54321' in compile_cached(source, f'compute_{some_arch}', {})
    assert len(list(cache.iterdir())) == 2


def test_missing_file_beside_the_source_is_named(folder, cache, some_arch):
    with pytest.raises(BackendError, match=r'kernel source absent\.cuh cannot be read'):
        compile_cached('#include "absent.cuh"', f'compute_{some_arch}', {})


def test_source_that_is_not_installed_is_named():
    with pytest.raises(BackendError, match=r'absent\.cu cannot be read: .*; install yolotrt_ros'):
        read_source('absent.cu')


def compile_shift(shift, arch):
    return compile_cached(SCALE, f'compute_{arch}', {'SHIFT': shift}, name='scale.cu')


def test_code_is_compiled_once(cache, some_arch):
    code = compile_shift('1', some_arch)
    assert code == compile_source(SCALE, f'compute_{some_arch}', {'SHIFT': '1'}, name='scale.cu')
    [path] = cache.iterdir()
    assert re.fullmatch(rf'scale-compute_{some_arch}-[0-9a-f]{{32}}\.bin', path.name)
    code_cache.write(path.stem, b'from the disk')
    assert compile_shift('1', some_arch) == b'from the disk'


def test_other_input_is_other_code(cache, some_arch):
    older = supported_archs()[0]
    texts = {
        compile_shift('1', some_arch),
        compile_shift('2', some_arch),
        compile_shift('1', older),
        compile_cached(
            SCALE.replace('from[i]', '2 * from[i]'), f'compute_{some_arch}', {'SHIFT': '1'}
        ),
    }
    assert len(texts) == len(list(cache.iterdir())) == 4


@pytest.mark.parametrize('damage', ['empty', 'short', 'cut', 'changed'])
def test_damaged_code_is_compiled_again(damage, cache, some_arch):
    code = compile_shift('1', some_arch)
    [path] = cache.iterdir()
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[-10] ^= 1
    content = {'empty': b'', 'short': whole[:20], 'cut': whole[:-1], 'changed': bytes(changed)}
    path.write_bytes(content[damage])
    assert compile_shift('1', some_arch) == code
    assert path.read_bytes() == whole


def test_cache_that_cannot_be_written_is_told_once(tmp_path, monkeypatch, caplog, some_arch):
    (tmp_path / 'file').write_text('no folder')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    code_cache._warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        first, second = compile_shift('1', some_arch), compile_shift('1', some_arch)
    assert first == second
    [record] = caplog.records
    assert 'compiled code cannot be stored, each start compiles it' in record.getMessage()


@pytest.mark.gpu
def test_source_is_loaded_through_the_cache(session, cache):
    for _ in range(2):
        with load_source(session, SCALE, 'scale.cu', defines={'SHIFT': '0'}) as module:
            module.kernel('nothing').launch((1,), (1,), KernelArgs(), session.stream)
            session.synchronize()
    assert len(list(cache.iterdir())) == 1


@pytest.mark.gpu
def test_source_is_loaded_by_the_name_of_its_file(session, cache, folder):
    (folder / 'scale.cu').write_text(SCALE)
    with load_module(session, 'scale.cu', defines={'SHIFT': '0'}) as module:
        module.kernel('nothing').launch((1,), (1,), KernelArgs(), session.stream)
        session.synchronize()
    with pytest.raises(BackendError, match=r'absent\.cu cannot be read'):
        load_module(session, 'absent.cu')
