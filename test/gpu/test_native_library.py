# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""C++ for the CPU: compiled once, and what is told where it cannot be."""

import ctypes
import shutil

import pytest

from test.trt.programs import write_program
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu import native_library
from yolotrt_ros.gpu.native_library import COMPILERS, load_library

SOURCE = 'extern "C" int answer() { return NUMBER; }\n'


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Replace the folder of the sources, and use a cache of its own."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(native_library, 'FOLDER', tmp_path)
    path = tmp_path / 'answer.cpp'
    path.write_text(SOURCE.replace('NUMBER', '42'))
    return path


@pytest.fixture
def compiler():
    if not any(map(shutil.which, COMPILERS)):
        pytest.skip('needs a C++ compiler')


@pytest.fixture
def use_compiler(tmp_path, monkeypatch):
    """Return a function that puts a script in place of the compiler."""

    def use(script):
        monkeypatch.setenv('CXX', str(write_program(tmp_path / 'bin', 'c++', script)))

    return use


@pytest.fixture
def no_compiler(tmp_path, monkeypatch):
    """Return a function that hides the compilers."""

    def hide():
        monkeypatch.setenv('PATH', str(tmp_path / 'nothing'))
        monkeypatch.delenv('CXX', raising=False)

    return hide


def test_functions_can_be_called_in_both_ways(source, compiler):
    library = load_library(source.name)
    assert library.free.answer() == library.held.answer() == 42
    # The one gives Python's lock up during a call, the other keeps it.
    assert (type(library.free), type(library.held)) == (ctypes.CDLL, ctypes.PyDLL)


def test_library_is_compiled_once_and_again_after_a_change(source, compiler, no_compiler):
    load_library(source.name)
    no_compiler()
    assert load_library(source.name).free.answer() == 42
    source.write_text(SOURCE.replace('NUMBER', '43'))
    with pytest.raises(BackendError, match='no C'):
        load_library(source.name)


def test_changed_source_is_another_library(source, compiler):
    assert load_library(source.name).free.answer() == 42
    source.write_text(SOURCE.replace('NUMBER', '43'))
    assert load_library(source.name).free.answer() == 43


def test_damaged_library_is_compiled_again(source, compiler, tmp_path):
    load_library(source.name)
    [stored] = (tmp_path / 'cache' / 'yolotrt_ros' / 'code').iterdir()
    whole = stored.read_bytes()
    stored.write_bytes(whole[: len(whole) // 2])
    assert load_library(source.name).free.answer() == 42
    assert stored.stat().st_size == len(whole)


def test_refused_source_is_told_with_the_words_of_the_compiler(source, compiler):
    source.write_text('this is no C++')
    with pytest.raises(BackendError, match=r'answer\.cpp cannot be compiled: .* status 1 .*error'):
        load_library(source.name)


def test_words_of_the_compiler_may_be_in_any_encoding(source, use_compiler):
    use_compiler('#!/bin/sh\nprintf "erwartet: \\253;\\273" >&2\nexit 1\n')
    with pytest.raises(BackendError, match=r'status 1 and says .*erwartet: .;.'):
        load_library(source.name)


@pytest.mark.parametrize(
    ('commands', 'status'),
    [('', 0), ('while [ "$1" != -o ]; do shift; done\necho half > "$2"\nexit 3\n', 3)],
    ids=['no library', 'a library that is not whole'],
)
def test_compiler_that_fails_is_told_whatever_it_leaves(commands, status, source, use_compiler):
    use_compiler(f'#!/bin/sh\n{commands}')
    with pytest.raises(BackendError, match=f'ended with status {status} .* set CXX to another'):
        load_library(source.name)


def test_compiler_that_cannot_be_started_is_told(source, use_compiler):
    use_compiler('#!/nowhere/sh\n')
    with pytest.raises(BackendError, match=r'answer\.cpp cannot be compiled: .*No such file'):
        load_library(source.name)


def test_missing_compiler_is_told_with_what_to_do(source, no_compiler):
    no_compiler()
    with pytest.raises(BackendError, match=r'no C\+\+ compiler; .* `sudo apt install g\+\+`'):
        load_library(source.name)


def test_variable_that_names_no_program_is_told(source, monkeypatch):
    monkeypatch.setenv('CXX', '/nowhere/c++')
    with pytest.raises(BackendError, match=r'CXX must name .* /nowhere/c\+\+ is no program'):
        load_library(source.name)


def test_variable_may_put_words_around_the_compiler(source, compiler, monkeypatch):
    monkeypatch.setenv('CXX', 'env LANG=C c++ -DUNUSED')
    assert load_library(source.name).free.answer() == 42


def test_what_is_no_library_is_told(source, use_compiler):
    use_compiler('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho no > "$2"\n')
    with pytest.raises(
        BackendError, match=r'compiled answer\.cpp cannot be loaded: .* set TMPDIR'
    ):
        load_library(source.name)
