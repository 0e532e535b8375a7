# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT's headers and library: found in the right version, or asked for."""

import platform
import re
import sys

import pytest

from test.trt.programs import write_headers, write_library_dir
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.tensorrt_sdk import (
    find_headers,
    find_library_dir,
    is_compatible,
    major_minor,
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    monkeypatch.delenv('TENSORRT_INCLUDE_DIR', raising=False)
    monkeypatch.delenv('TENSORRT_LIBRARY_DIR', raising=False)


@pytest.mark.parametrize(
    ('text', 'numbers'), [('8.6.0', (8, 6)), ('10.13.3.9', (10, 13)), ('11.1', (11, 1))]
)
def test_version_begins_with_two_numbers(text, numbers):
    assert major_minor(text) == numbers


@pytest.mark.parametrize('text', ['', 'ten', '10', 'v10.3'])
def test_other_version_is_refused(text):
    with pytest.raises(PluginError, match=re.escape(f'begin as 10.3 does, but is {text!r}')):
        major_minor(text)


@pytest.mark.parametrize(
    ('built', 'running', 'fits'),
    [
        ((10, 3), (10, 3), True),
        ((10, 3), (10, 13), True),
        ((10, 13), (10, 3), False),
        ((8, 6), (10, 3), False),
        ((11, 0), (10, 3), False),
    ],
)
def test_later_version_of_the_same_major_runs_what_was_compiled(built, running, fits):
    assert is_compatible(built, running) == fits


@pytest.mark.parametrize(
    ('headers', 'running'),
    [
        ('8.6', '8.6.0'),
        ('8.6', '8.6.2.3'),
        ('10.3', '10.3.0.30'),
        ('10.3', '10.13.3'),
        ('10.13', '10.13.0'),
        ('10.13', '10.16.2'),
    ],
)
def test_headers_of_the_running_version_or_an_older_minor_are_taken(headers, running, tmp_path):
    folder = write_headers(tmp_path / 'include', headers)
    assert find_headers(running, [tmp_path / 'absent', tmp_path]) == folder


def test_headers_of_debian_packages_are_found(tmp_path):
    folder = tmp_path / 'include' / f'{platform.machine()}-linux-gnu'
    write_headers(folder, '8.6')
    assert find_headers('8.6.0', [tmp_path]) == folder


def test_headers_of_another_version_are_passed_over(tmp_path):
    write_headers(tmp_path / 'a' / 'include', '8.6')
    folder = write_headers(tmp_path / 'b' / 'include', '10.3')
    assert find_headers('10.13.0', [tmp_path / 'a', tmp_path / 'b']) == folder


@pytest.mark.parametrize(
    ('headers', 'running'),
    [('8.6', '10.3.0'), ('10.3', '8.6.0'), ('10.13', '10.3.0'), ('10.3', '11.1.0')],
)
def test_headers_of_the_wrong_version_are_named(headers, running, tmp_path):
    folder = write_headers(tmp_path / 'include', headers)
    message = re.escape(
        f'headers of version {running} or an older one of the same major version, but {folder} '
        f'has those of {headers}; install them (`sudo apt install libnvinfer-headers-dev'
    )
    with pytest.raises(PluginError, match=message):
        find_headers(running, [tmp_path])


def test_headers_without_a_version_are_not_trusted(tmp_path):
    folder = write_headers(tmp_path / 'include', '8.6')
    for content in ('', '#define NV_TENSORRT_MAJOR MAJOR\n'):
        (folder / 'NvInferVersion.h').write_text(content)
        with pytest.raises(
            PluginError, match=f'{folder} has those of an unknown version; install'
        ):
            find_headers('8.6.0', [tmp_path])


def test_missing_headers_are_explained_with_the_places(tmp_path):
    message = rf'NvInferRuntime\.h is in none of {tmp_path}/include, .*; install them .*set TENSOR'
    with pytest.raises(PluginError, match=message):
        find_headers('8.6.0', [tmp_path])


def test_variable_names_the_only_place_for_headers(tmp_path, monkeypatch):
    write_headers(tmp_path / 'include', '8.6')
    given = write_headers(tmp_path / 'given', '8.6')
    monkeypatch.setenv('TENSORRT_INCLUDE_DIR', str(given))
    assert find_headers('8.6.0', [tmp_path]) == given
    monkeypatch.setenv('TENSORRT_INCLUDE_DIR', str(tmp_path / 'absent'))
    with pytest.raises(PluginError, match=rf'is in none of {tmp_path}/absent; install them'):
        find_headers('8.6.0', [tmp_path])


@pytest.mark.parametrize('name', ['lib', 'lib64', f'lib/{platform.machine()}-linux-gnu'])
def test_library_is_found_by_its_major_version(name, tmp_path):
    write_library_dir(tmp_path / 'other' / 'lib', 10)
    folder = write_library_dir(tmp_path / 'right' / name, 11)
    assert find_library_dir('11.1.0', [tmp_path / 'other', tmp_path / 'right']) == folder


@pytest.mark.parametrize('package', ['tensorrt', 'tensorrt_libs'])
def test_library_of_a_wheel_is_found_without_loading_it(package, tmp_path, monkeypatch):
    site, system = tmp_path / 'site', tmp_path / 'system'
    write_library_dir(system / 'lib', 99)
    folder = write_library_dir(site / package, 99)
    (folder / '__init__.py').write_text('raise RuntimeError("was imported")')
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, package, raising=False)
    assert find_library_dir('99.0.0', [system]) == folder


def test_variable_names_the_only_place_for_the_library(tmp_path, monkeypatch):
    write_library_dir(tmp_path / 'lib', 8)
    given = write_library_dir(tmp_path / 'given', 8)
    monkeypatch.setenv('TENSORRT_LIBRARY_DIR', str(given))
    assert find_library_dir('8.6.0', [tmp_path]) == given
    monkeypatch.setenv('TENSORRT_LIBRARY_DIR', str(tmp_path / 'absent'))
    message = r'libnvinfer\.so\.8 \(TensorRT 8\.6\.0 is running\), but it is in none of .*/absent;'
    with pytest.raises(PluginError, match=message):
        find_library_dir('8.6.0', [tmp_path])


def test_missing_library_is_explained(tmp_path):
    write_library_dir(tmp_path / 'lib', 10)
    message = r'library libnvinfer\.so\.97 .*; install libnvinfer .* or set TENSORRT_LIBRARY_DIR'
    with pytest.raises(PluginError, match=message):
        find_library_dir('97.1.0', [tmp_path])
