# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The programs that compile the plugin: found, or asked for."""

import re

import pytest

from test.trt.programs import CMAKE, NVCC, write_headers, write_library_dir, write_program
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt import toolchain
from yolotrt_ros.trt.toolchain import find_nvcc, find_toolchain, nvcc_version, Toolchain


@pytest.fixture(autouse=True)
def bare_machine(tmp_path, monkeypatch):
    """Hide what this machine has installed; ``bin`` is the only folder on PATH."""
    for name in ('CUDACXX', 'CUDA_HOME', 'CUDA_PATH'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(toolchain, 'CUDA_HOMES', ())
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'))
    monkeypatch.setenv('TENSORRT_INCLUDE_DIR', str(tmp_path / 'include'))
    monkeypatch.setenv('TENSORRT_LIBRARY_DIR', str(tmp_path / 'lib'))


def test_everything_is_found(tmp_path):
    cmake = write_program(tmp_path / 'bin', 'cmake', CMAKE)
    nvcc = write_program(tmp_path / 'bin', 'nvcc', NVCC)
    include_dir = write_headers(tmp_path / 'include', '10.3')
    library_dir = write_library_dir(tmp_path / 'lib', 10)
    assert find_toolchain('10.3.0') == Toolchain(cmake, nvcc, '12.6', include_dir, library_dir)


def test_missing_compiler_is_explained():
    assert find_nvcc() is None
    message = r'needs the CUDA compiler nvcc, but .*; install the CUDA toolkit .* or set CUDACXX'
    with pytest.raises(PluginError, match=message):
        find_toolchain('10.3.0')


def test_missing_cmake_is_explained(tmp_path):
    write_program(tmp_path / 'bin', 'nvcc', NVCC)
    with pytest.raises(PluginError, match=r'needs CMake 3\.18 .*`sudo apt install cmake`'):
        find_toolchain('10.3.0')


def test_missing_headers_are_explained(tmp_path):
    write_program(tmp_path / 'bin', 'nvcc', NVCC)
    write_program(tmp_path / 'bin', 'cmake', CMAKE)
    with pytest.raises(PluginError, match='install libnvinfer-headers-dev'):
        find_toolchain('10.3.0')


def test_variable_goes_before_path_and_path_before_the_usual_places(tmp_path, monkeypatch):
    usual = write_program(tmp_path / 'cuda' / 'bin', 'nvcc', NVCC)
    monkeypatch.setattr(toolchain, 'CUDA_HOMES', (str(tmp_path / 'cuda'),))
    assert find_nvcc() == usual
    home = write_program(tmp_path / 'home' / 'bin', 'nvcc', NVCC)
    monkeypatch.setenv('CUDA_HOME', str(tmp_path / 'home'))
    assert find_nvcc() == home
    on_path = write_program(tmp_path / 'bin', 'nvcc', NVCC)
    assert find_nvcc() == on_path
    given = write_program(tmp_path / 'given', 'my_nvcc', NVCC)
    monkeypatch.setenv('CUDACXX', str(given))
    assert find_nvcc() == given


def test_variable_that_names_no_program_is_refused(tmp_path, monkeypatch):
    write_program(tmp_path / 'bin', 'nvcc', NVCC)
    monkeypatch.setenv('CUDACXX', '/absent/nvcc')
    with pytest.raises(PluginError, match=r'CUDACXX must name .* but /absent/nvcc is no program'):
        find_nvcc()


@pytest.mark.parametrize(
    ('script', 'said'),
    [
        ('#!/bin/sh\necho "clang version 14"\n', 'clang version 14'),
        ('#!/bin/sh\necho "no licence" >&2; exit 1\n', 'no licence'),
        ('#!/absent/interpreter\n', 'No such file or directory'),
    ],
)
def test_compiler_that_does_not_say_its_version_is_refused(script, said, tmp_path):
    nvcc = write_program(tmp_path / 'bin', 'nvcc', script)
    message = rf'{re.escape(str(nvcc))} --version must name the release of CUDA.*{said}.*install'
    with pytest.raises(PluginError, match=message):
        nvcc_version(nvcc)
