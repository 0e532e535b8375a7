# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Configuring plugins/ with CMake: what it needs, and what it says where that is missing."""

import os
import subprocess

import pytest

from test.plugins.conftest import build, need, SOURCES

HEADER = '#define NV_TENSORRT_MAJOR {} //!< TensorRT major version.\n'


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ('CUDACXX', 'CUDAARCHS', 'TENSORRT_INCLUDE_DIR', 'TENSORRT_LIBRARY_DIR'):
        monkeypatch.delenv(name, raising=False)


def refusal(folder, *options):
    """Configure, which must fail, and return what CMake says, on one line."""
    command = [need('cmake'), '-S', str(SOURCES), '-B', str(folder / 'build'), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    return ' '.join(done.stderr.split())


@pytest.mark.parametrize('generator', ['Unix Makefiles', 'Ninja'])
def test_cmake_builds_it_without_cuda(generator, tmp_path, monkeypatch):
    need('make' if generator == 'Unix Makefiles' else 'ninja')
    monkeypatch.setenv('CMAKE_GENERATOR', generator)
    library = build(tmp_path, {'YOLOTRT_PART': 'cpu'})
    assert library.name == 'libyolotrt_decode_cpu.so'
    assert os.access(library, os.X_OK)


def test_missing_headers_are_named_with_the_cure(tmp_path):
    text = refusal(tmp_path, f'-DTENSORRT_INCLUDE_DIR={tmp_path}')
    assert f'there is no NvInferVersion.h in {tmp_path}' in text
    assert '-DTENSORRT_INCLUDE_DIR=/path/to/include' in text


def test_folders_are_taken_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv('TENSORRT_INCLUDE_DIR', str(tmp_path))
    assert f'there is no NvInferVersion.h in {tmp_path}' in refusal(tmp_path)


def test_header_without_a_version_is_refused(tmp_path):
    (tmp_path / 'NvInferVersion.h').write_text('#define SOMETHING 10\n')
    text = refusal(tmp_path, f'-DTENSORRT_INCLUDE_DIR={tmp_path}')
    assert 'must define NV_TENSORRT_MAJOR as a number' in text


@pytest.mark.parametrize(
    ('header', 'major'),
    [
        (HEADER.format(8), 8),
        ('#define TRT_MAJOR_ENTERPRISE 11\n' + HEADER.format('TRT_MAJOR_ENTERPRISE'), 11),
    ],
)
def test_library_of_another_version_than_the_headers_is_refused(header, major, tmp_path):
    (tmp_path / 'NvInferVersion.h').write_text(header)
    (tmp_path / 'libnvinfer.so.10').touch()
    folders = [f'-DTENSORRT_{kind}_DIR={tmp_path}' for kind in ('INCLUDE', 'LIBRARY')]
    text = refusal(tmp_path, *folders)
    assert f'there is no libnvinfer.so.{major} in {tmp_path}' in text
    assert '-DTENSORRT_LIBRARY_DIR=/path/to/lib' in text


def test_missing_architecture_is_asked_for(tmp_path):
    text = refusal(tmp_path, '-DYOLOTRT_PART=kernel', '-DCMAKE_CUDA_COMPILER=/nowhere/nvcc')
    assert "must name the GPU's compute capability" in text
    assert '-DCMAKE_CUDA_ARCHITECTURES=87 for Jetson Orin' in text


def test_unknown_part_is_refused(tmp_path):
    assert "but is 'everything'" in refusal(tmp_path, '-DYOLOTRT_PART=everything')
