# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plugin's library: compiled when it is needed first, and by one process at a time."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from test.process_state import ended
from test.trt.programs import (
    CMAKE,
    elf,
    NVCC,
    write_headers,
    write_library_dir,
    write_program,
)
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.plugin_library import ensure_plugin
from yolotrt_ros.trt.toolchain import find_nvcc

ROOT = Path(__file__).resolve().parents[2]

ENSURE = """\
import sys
from yolotrt_ros.trt.plugin_library import ensure_plugin
print(ensure_plugin('10.3.0', (8, 7), say=lambda text: print(text, file=sys.stderr)))
"""
# Ctrl-C in the moment in which the compiler runs, but nobody holds the process yet.
INTERRUPTED = """\
import os, pathlib, signal, subprocess, sys, time
class Popen(subprocess.Popen):
    def __init__(self, command, *args, **options):
        super().__init__(command, *args, **options)
        if 'cmake' in str(command[0]):
            while not pathlib.Path(sys.argv[1]).exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
subprocess.Popen = Popen
"""


def child_environment(**changes):
    return dict(os.environ) | {'PYTHONPATH': str(ROOT)} | changes


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Give the folder of compiled plugins, empty."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'yolotrt_ros' / 'plugins'


@pytest.fixture
def machine(tmp_path, monkeypatch, cache):
    """Give a machine whose CMake and nvcc are scripts; returns their folder."""
    programs = tmp_path / 'bin'
    write_program(programs, 'nvcc', NVCC)
    write_program(programs, 'cmake', counting(CMAKE, tmp_path))
    monkeypatch.setenv('PATH', f'{programs}:{os.environ["PATH"]}')
    monkeypatch.delenv('CUDACXX', raising=False)
    monkeypatch.setenv('TENSORRT_INCLUDE_DIR', str(write_headers(tmp_path / 'include', '10.3')))
    monkeypatch.setenv('TENSORRT_LIBRARY_DIR', str(write_library_dir(tmp_path / 'lib', 10)))
    return programs


def counting(script, folder):
    """Let a script note how often it configures a build."""
    return f'{script}\n[ "$1" = --build ] || echo x >> "{folder}/builds"\n'


def num_builds(machine):
    path = machine.parent / 'builds'
    return len(path.read_text().split()) if path.exists() else 0


def test_plugin_is_compiled_once(machine):
    said = []
    path = ensure_plugin('10.3.0', (8, 7), say=said.append)
    assert path.name == 'libyolotrt_plugins.so'
    assert len(said) == 2
    assert ensure_plugin('10.3.0', (8, 7), say=said.append) == path
    assert len(said) == 2
    assert num_builds(machine) == 1


def test_progress_goes_to_the_user(machine, capsys):
    ensure_plugin('10.3.0', (8, 7))
    assert 'compiling the decode plugin for sm_87 with CUDA 12.6' in capsys.readouterr().out


def test_other_gpu_or_compiler_gets_its_own_library(machine):
    paths = {ensure_plugin('10.3.0', (8, 7)), ensure_plugin('10.3.0', (9, 0))}
    write_program(machine, 'nvcc', NVCC.replace('12.6', '13.0'))
    paths.add(ensure_plugin('10.3.0', (8, 7)))
    assert len(paths) == num_builds(machine) == 3


def test_machine_that_has_lost_its_compiler_uses_what_it_has(machine, monkeypatch):
    path = ensure_plugin('10.3.0', (8, 7))
    monkeypatch.setenv('PATH', '')
    monkeypatch.setattr('yolotrt_ros.trt.toolchain.CUDA_HOMES', ())
    assert find_nvcc() is None
    assert ensure_plugin('10.3.0', (8, 7)) == path
    with pytest.raises(PluginError, match='needs the CUDA compiler nvcc'):
        ensure_plugin('10.3.0', (9, 0))


def test_failed_build_leaves_its_log_and_no_library(machine, cache):
    working = (machine / 'cmake').read_text()
    write_program(machine, 'cmake', '#!/bin/sh\necho "CMake Error: no"\nexit 1\n')
    with pytest.raises(PluginError, match=r'cannot be compiled.*whole log: .*\.log\)') as caught:
        ensure_plugin('10.3.0', (8, 7))
    assert sorted(path.suffix for path in cache.iterdir()) == ['.lock', '.log']
    (log,) = cache.glob('*.log')
    assert str(log) in str(caught.value)
    assert 'CMake Error: no' in log.read_text()
    write_program(machine, 'cmake', working)
    assert ensure_plugin('10.3.0', (8, 7)).is_file()


def test_processes_that_need_it_at_once_compile_it_once(machine):
    write_program(
        machine, 'cmake', counting(CMAKE.replace('case', 'sleep 0.4\ncase'), machine.parent)
    )
    children = [
        subprocess.Popen(
            [sys.executable, '-c', ENSURE],
            env=child_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0] * 4, outputs
    assert len({out for out, _ in outputs}) == 1
    assert num_builds(machine) == 1
    assert any('another process compiles the decode plugin' in err for _, err in outputs)


def test_ctrl_c_stops_the_compilers_and_leaves_nothing(machine, cache, tmp_path):
    script = f"""\
#!/bin/sh
sleep 60 &
echo $$ $! > '{tmp_path}/new' && mv '{tmp_path}/new' '{tmp_path}/pids'
wait
"""
    write_program(machine, 'cmake', script)
    child = subprocess.Popen(
        [sys.executable, '-c', ENSURE], env=child_environment(), stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / 'pids').exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == -signal.SIGINT, errors
    assert ended((tmp_path / 'pids').read_text().split())
    assert sorted(path.suffix for path in cache.iterdir()) == ['.lock', '.log']


def test_ctrl_c_while_a_compiler_starts_stops_it(machine, tmp_path):
    script = f"""\
#!/bin/sh
echo $$ > '{tmp_path}/new' && mv '{tmp_path}/new' '{tmp_path}/pid'
exec sleep 60
"""
    write_program(machine, 'cmake', script)
    child = subprocess.run(
        [sys.executable, '-c', INTERRUPTED + ENSURE, str(tmp_path / 'pid')],
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == -signal.SIGINT, child.stderr
    assert ended([(tmp_path / 'pid').read_text().strip()])


def test_library_that_the_user_chose_is_taken_without_compiling(tmp_path, cache):
    path = tmp_path / 'mine.so'
    path.write_bytes(elf(b'yolotrt_plugin_tensorrt_version\0', machine=own_machine()))
    (tmp_path / 'link.so').symlink_to(path)
    assert ensure_plugin('10.3.0', (8, 7), given=tmp_path / 'link.so') == path
    assert not cache.exists()
    with pytest.raises(PluginError, match=r'absent\.so cannot be read: .*leave the choice'):
        ensure_plugin('10.3.0', (8, 7), given=tmp_path / 'absent.so')


def own_machine():
    return int.from_bytes(Path(sys.executable).resolve().read_bytes()[18:20], 'little')
