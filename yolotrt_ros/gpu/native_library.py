# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""C++ of this package that runs on the CPU: compiled once on the machine that runs it."""

from __future__ import annotations

import ctypes
from hashlib import sha256
import json
import logging
import os
from pathlib import Path
import platform
import shlex
import shutil
import subprocess
from tempfile import TemporaryDirectory
from typing import NamedTuple

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu import code_cache

FOLDER = Path(__file__).with_name('native')
COMPILER_VARIABLE = 'CXX'
COMPILERS = ('c++', 'g++', 'clang++')
FLAGS = ('-std=c++17', '-O2', '-fPIC', '-shared', '-pthread')
_TIMEOUT_S = 120
_SHOWN_CHARACTERS = 1000
_log = logging.getLogger(__name__)


class NativeLibrary(NamedTuple):
    """
    One library, seen in both ways that its functions can be called.

    :param free: Python's lock is given up during a call, so other threads run.
    :param held: the lock is kept, for what takes less time than getting it back.
    """

    free: ctypes.CDLL
    held: ctypes.PyDLL


def load_library(name: str) -> NativeLibrary:
    """
    Load a file of the folder ``native``, compiled now or before.

    :param name: the file's name.
    :raises BackendError: there is no compiler, it refuses the source, or the system refuses to
        load what it made.
    """
    try:
        return _load(name, _compile_cached(name))
    except OSError as error:
        raise BackendError(
            f'the compiled {name} cannot be loaded: {error}; if no program may be run from the '
            'folder for temporary files, set TMPDIR to another one'
        ) from error


def _load(name: str, code: bytes) -> NativeLibrary:
    # The system keeps what it has loaded without the file. A name of its own: under one that it
    # knows already the system hands out what it loaded then.
    with TemporaryDirectory(prefix='yolotrt-') as folder:
        path = Path(folder) / f'{Path(name).stem}.so'
        path.write_bytes(code)
        return NativeLibrary(ctypes.CDLL(str(path)), ctypes.PyDLL(str(path)))


def _compile_cached(name: str) -> bytes:
    source, machine = (FOLDER / name).read_text(encoding='utf-8'), platform.machine()
    digest = sha256(json.dumps([source, FLAGS]).encode()).hexdigest()
    key = f'{Path(name).stem}-{machine}-{digest[:32]}'
    code = code_cache.read(key)
    if code is None:
        code = compile_library(FOLDER / name)
        code_cache.write(key, code)
    return code


def compile_library(source: Path) -> bytes:
    """
    Compile a C++ file to a shared library; takes some seconds.

    :returns: the library's bytes.
    :raises BackendError: there is no compiler, or it refuses the source.
    """
    compiler = _find_compiler()
    _log.info('compiling %s with %s, once on this machine', source.name, compiler[0])
    with TemporaryDirectory(prefix='yolotrt-') as folder:
        library = Path(folder) / 'library.so'
        command = [*compiler, *FLAGS, '-o', str(library), str(source)]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                encoding='utf-8',
                errors='replace',
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise BackendError(f'{source.name} cannot be compiled: {error}') from error
        if done.returncode != 0 or not library.is_file():
            raise BackendError(
                f'{source.name} cannot be compiled: {compiler[0]} ended with status '
                f'{done.returncode} and says {done.stderr[:_SHOWN_CHARACTERS]!r}; set '
                f'{COMPILER_VARIABLE} to another C++17 compiler'
            )
        return library.read_bytes()


def _find_compiler() -> list[str]:
    """Return the words that call it: some put a cache in front of it, ``CXX='ccache g++'``."""
    given = os.environ.get(COMPILER_VARIABLE, '')
    for name, *words in [shlex.split(given)] if given else [[name] for name in COMPILERS]:
        if found := shutil.which(name):
            return [found, *words]
    if given:
        raise BackendError(
            f'{COMPILER_VARIABLE} must name a C++ compiler, but {given} is no program; correct '
            'the variable or unset it'
        )
    raise BackendError('there is no C++ compiler; install one with `sudo apt install g++`')
