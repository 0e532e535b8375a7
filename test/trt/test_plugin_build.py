# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Running CMake: what it is told, what is shown of its failures, and how it is stopped."""

from pathlib import Path
import re

import pytest

from test.process_state import ended
from test.trt.programs import CMAKE, write_program
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt import plugin_build
from yolotrt_ros.trt.plugin_build import compile_plugin
from yolotrt_ros.trt.plugin_source import plugin_source_digest
from yolotrt_ros.trt.toolchain import Toolchain


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'my source'
    folder.mkdir()
    (folder / 'CMakeLists.txt').write_text('project(x)\n')
    return folder


@pytest.fixture
def compile_with(tmp_path, source):
    """Return a function that compiles with a script in place of CMake, and tells what was said."""
    (tmp_path / 'build').mkdir()

    def run(script, say=None):
        cmake = write_program(tmp_path / 'bin', 'cmake', script)
        said = []
        library = compile_plugin(
            source,
            tmp_path / 'build',
            Toolchain(cmake, Path('/cuda/nvcc'), '12.6', Path('/trt/include'), Path('/trt/lib')),
            (8, 7),
            log=tmp_path / 'log',
            say=say or said.append,
        )
        return library, said

    return run


def test_cmake_is_told_everything(compile_with, source, tmp_path):
    library, said = compile_with(CMAKE)
    assert library == tmp_path / 'build' / 'libyolotrt_plugins.so'
    log = (tmp_path / 'log').read_text()
    for option in (
        f'-S {source}',
        f'-B {tmp_path}/build',
        '-DCMAKE_CUDA_COMPILER=/cuda/nvcc',
        '-DCMAKE_CUDA_ARCHITECTURES=87',
        '-DTENSORRT_INCLUDE_DIR=/trt/include',
        '-DTENSORRT_LIBRARY_DIR=/trt/lib',
        f'-DYOLOTRT_SOURCE_DIGEST={plugin_source_digest(source)}',
        f'--build {tmp_path}/build --parallel ',
    ):
        assert option in log
    assert said[0] == 'compiling the decode plugin for sm_87 with CUDA 12.6 …'
    assert re.fullmatch(r'compiled the decode plugin in \d+ s', said[1])


def test_log_begins_anew(compile_with, tmp_path):
    (tmp_path / 'log').write_text('of the last time')
    compile_with(CMAKE)
    assert (tmp_path / 'log').read_text().startswith('$ ')


def test_long_step_is_reported(compile_with, monkeypatch):
    monkeypatch.setattr(plugin_build, 'SAY_EVERY_S', 0.05)
    _, said = compile_with(CMAKE.replace('echo "$@"', 'sleep 0.3'))
    assert 'still compiling the decode plugin, 0 s …' in said


def test_error_of_the_compiler_is_shown_with_the_log(compile_with, tmp_path):
    script = """\
#!/bin/sh
[ "$1" = --build ] || { echo '-- Configuring done'; exit 0; }
for i in 1 2 3 4 5 6 7 8 9; do echo "[ $i%] Building"; done
echo "plugin.cpp:7:1: error: 'IPluginV4' was not declared in this scope"
for i in $(seq 40); do echo "gmake: *** follows from it $i"; done
exit 2
"""
    message = (
        r'the decode plugin cannot be compiled: `.*/bin/cmake --build …` ended with status 2; '
        rf'what it says \(whole log: {tmp_path}/log\):\n'
        r"plugin\.cpp:7:1: error: 'IPluginV4' was not declared in this scope\n"
    )
    with pytest.raises(PluginError, match=message) as caught:
        compile_with(script)
    assert len(str(caught.value).splitlines()) == 1 + plugin_build.SHOWN_LINES
    assert 'follows from it 40' in (tmp_path / 'log').read_text()


def test_error_of_the_configuration_is_shown(compile_with):
    script = '#!/bin/sh\necho "CMake Error: no C++ compiler was found" >&2\nexit 1\n'
    message = r'cmake -S …` ended with status 1; .*\n.*\nCMake Error: no C\+\+ compiler was found$'
    with pytest.raises(PluginError, match=message):
        compile_with(script)


def test_failure_without_a_word_is_shown_too(compile_with):
    with pytest.raises(PluginError, match=r'ended with status 3; what it says .*\n\$ .*cmake -S'):
        compile_with('#!/bin/sh\nexit 3\n')


def test_killed_compiler_is_a_failure(compile_with):
    with pytest.raises(PluginError, match=r'ended with status -9'):
        compile_with('#!/bin/sh\nkill -9 $$\n')


def test_build_without_a_library_is_a_failure(compile_with):
    with pytest.raises(PluginError, match=r'must make libyolotrt_plugins\.so, but did not; see'):
        compile_with('#!/bin/sh\n')


def test_program_that_ignores_the_request_to_end_is_killed(compile_with, tmp_path, monkeypatch):
    def stop(text):
        if text.startswith('still') and (tmp_path / 'pids').exists():
            raise KeyboardInterrupt

    monkeypatch.setattr(plugin_build, 'SAY_EVERY_S', 0.1)
    monkeypatch.setattr(plugin_build, 'STOP_TIMEOUT_S', 0.1)
    script = f"""\
#!/bin/sh
trap '' TERM
sleep 60 &
echo $$ $! > '{tmp_path}/new' && mv '{tmp_path}/new' '{tmp_path}/pids'
wait
"""
    with pytest.raises(KeyboardInterrupt):
        compile_with(script, say=stop)
    assert ended((tmp_path / 'pids').read_text().split())
