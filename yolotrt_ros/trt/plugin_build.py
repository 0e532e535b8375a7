# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compile the decode plugin with CMake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
import os
from pathlib import Path
import re
import shlex
import signal
import subprocess
import time

from yolotrt_ros.core.deferred_signals import deferred_signals
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.plugin_source import plugin_source_digest
from yolotrt_ros.trt.toolchain import Toolchain

LIBRARY_NAME = 'libyolotrt_plugins.so'
SAY_EVERY_S = 10.0
STOP_TIMEOUT_S = 5.0
# A compiler takes about a gigabyte, and the smallest Jetson has four for everything.
MAX_PROCESSES = 4
SHOWN_LINES = 20

Say = Callable[[str], None]
"""Tells the user how far a job is: ``print``, or a logger's method."""

_FIRST_ERROR = re.compile(r'\b(error|fatal)\b', re.IGNORECASE)


def compile_plugin(
    source: Path,
    build: Path,
    toolchain: Toolchain,
    compute_capability: tuple[int, int],
    *,
    log: Path,
    say: Say,
) -> Path:
    """
    Compile the plugin's sources; blocks for up to a minute.

    :param source: folder of the CMakeLists.txt.
    :param build: empty folder for everything that comes about.
    :param log: file for what CMake and the compilers print.
    :returns: the library, within ``build``.
    :raises PluginError: a step failed; the message ends with the first lines about it.
    """
    arch = '{}{}'.format(*compute_capability)
    configure = [
        toolchain.cmake, '-S', source, '-B', build,
        '-DCMAKE_BUILD_TYPE=Release',
        f'-DCMAKE_CUDA_COMPILER={toolchain.nvcc}',
        f'-DCMAKE_CUDA_ARCHITECTURES={arch}',
        f'-DTENSORRT_INCLUDE_DIR={toolchain.include_dir}',
        f'-DTENSORRT_LIBRARY_DIR={toolchain.library_dir}',
        f'-DYOLOTRT_SOURCE_DIGEST={plugin_source_digest(source)}',
    ]  # fmt: skip
    processes = min(MAX_PROCESSES, os.cpu_count() or 1)
    compile_all = [toolchain.cmake, '--build', build, '--parallel', str(processes)]
    log.write_text('', encoding='utf-8')
    say(f'compiling the decode plugin for sm_{arch} with CUDA {toolchain.cuda_version} …')
    began = time.monotonic()
    for command in (configure, compile_all):
        _run([str(word) for word in command], log, say, began)
    library = build / LIBRARY_NAME
    if not library.is_file():
        raise PluginError(
            f'the build of the decode plugin must make {LIBRARY_NAME}, but did not; see {log}, '
            'and install the package again'
        )
    say(f'compiled the decode plugin in {time.monotonic() - began:.0f} s')
    return library


def _run(command: Sequence[str], log: Path, say: Say, began: float) -> None:
    """Run one step, its output appended to the log."""
    with log.open('a', encoding='utf-8') as output, ExitStack() as stack:
        output.write(f'$ {shlex.join(command)}\n')
        output.flush()
        with deferred_signals():
            # In a session of its own, so that stopping it stops the compilers that it started.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            stack.callback(_stop, process)
        _wait(process, say, began)
    if process.returncode:
        raise PluginError(
            f'the decode plugin cannot be compiled: `{shlex.join(command[:2])} …` ended with '
            f'status {process.returncode}; what it says (whole log: {log}):\n{_excerpt(log)}'
        )


def _wait(process: subprocess.Popen[bytes], say: Say, began: float) -> None:
    while True:
        try:
            process.wait(SAY_EVERY_S)
            return
        except subprocess.TimeoutExpired:
            say(f'still compiling the decode plugin, {time.monotonic() - began:.0f} s …')


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a step that runs still, as after Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            continue


def _excerpt(log: Path) -> str:
    """Return the lines from the first error on; what comes after it mostly follows from it."""
    lines = log.read_text(encoding='utf-8', errors='replace').splitlines()
    first = next((i for i, line in enumerate(lines) if _FIRST_ERROR.search(line)), len(lines))
    first = max(0, min(first, len(lines) - SHOWN_LINES))
    return '\n'.join(lines[first : first + SHOWN_LINES])
