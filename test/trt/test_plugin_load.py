# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The plugin compiled by the real compilers, and loaded into processes that can use it.

Neither takes a GPU. What is loaded stays, so each load happens in a process of its own.
"""

from importlib.util import find_spec
import os
from pathlib import Path
import shutil
import subprocess
import sys
import time

import pytest

from yolotrt_ros.core.errors import BackendError, PluginError
from yolotrt_ros.trt.compat import describe, import_tensorrt
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.plugin_library import ensure_plugin, load_plugin
from yolotrt_ros.trt.plugin_source import plugin_source_digest
from yolotrt_ros.trt.tensorrt_sdk import header_version
from yolotrt_ros.trt.toolchain import find_toolchain

ROOT = Path(__file__).resolve().parents[2]

# The arguments are libraries for load_plugin, or with '!' in front to be loaded by other means.
LOAD = """\
import ctypes, sys
from pathlib import Path
from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.trt.compat import import_tensorrt, plugin_creator
from yolotrt_ros.trt.plugin_library import load_plugin
trt = import_tensorrt()
for argument in sys.argv[1:]:
    if argument[0] == '!':
        ctypes.CDLL(argument[1:], ctypes.RTLD_GLOBAL)
        continue
    try:
        info = load_plugin(Path(argument))
    except YolotrtError as error:
        print(type(error).__name__, error)
    else:
        creator = plugin_creator(trt, 'YoloLayer_TRT')
        print(info.path, info.tensorrt_version, info.source_digest, info.sha256, creator.name)
"""
# A creator of the same name, as other projects have it.
FOREIGN = """\
#include <NvInferRuntime.h>
using namespace nvinfer1;
class Creator : public IPluginCreator
{
public:
  AsciiChar const * getPluginName() const noexcept override {return "YoloLayer_TRT";}
  AsciiChar const * getPluginVersion() const noexcept override {return "1";}
  PluginFieldCollection const * getFieldNames() noexcept override {return &fields;}
  IPluginV2 * createPlugin(AsciiChar const *, PluginFieldCollection const *) noexcept override
  {
    return nullptr;
  }
  IPluginV2 * deserializePlugin(AsciiChar const *, void const *, size_t) noexcept override
  {
    return nullptr;
  }
  void setPluginNamespace(AsciiChar const *) noexcept override {}
  AsciiChar const * getPluginNamespace() const noexcept override {return "";}

private:
  PluginFieldCollection fields{};
};
REGISTER_TENSORRT_PLUGIN(Creator);
"""


def run_child(script, *arguments):
    child = subprocess.run(
        [sys.executable, '-c', script, *map(str, arguments)],
        env=dict(os.environ) | {'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.splitlines()


@pytest.fixture(scope='session')
def version():
    """Return the version of the TensorRT that is installed, or at least of its headers."""
    if find_spec('tensorrt'):
        return describe(import_tensorrt())
    found = header_version(Path(os.environ.get('TENSORRT_INCLUDE_DIR', '')))
    if found is None:
        pytest.skip(
            'needs TensorRT, which is not installed, or its headers and library in '
            'TENSORRT_INCLUDE_DIR and TENSORRT_LIBRARY_DIR'
        )
    return '{}.{}.0'.format(*found)


@pytest.fixture(scope='session')
def tools(version):
    """Return what compiles the plugin, or skip."""
    try:
        return find_toolchain(version)
    except PluginError as error:
        pytest.skip(f'needs what compiles the plugin: {error}')


@pytest.fixture(scope='session')
def compiled(version, tools, tmp_path_factory):
    """Compile the plugin, for a GPU that every CUDA 12 and 13 knows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('real cache')))
        path = ensure_plugin(version, (9, 0))
        assert ensure_plugin(version, (9, 0), say=pytest.fail) == path
    return path


@pytest.fixture(scope='session')
def plugin(compiled):
    """Return the library where it can be loaded, or skip."""
    if find_spec('tensorrt') is None:
        pytest.skip('needs TensorRT, which is not installed')
    return compiled


@pytest.fixture(scope='session')
def foreign_plugin(tools, tmp_path_factory):
    """Compile a plugin of the same name, as another project has one."""
    folder = tmp_path_factory.mktemp('foreign')
    (folder / 'foreign.cpp').write_text(FOREIGN)
    major = next(tools.library_dir.glob('libnvinfer.so.[0-9]*'))
    subprocess.run(
        [
            tools.nvcc, '-shared', '-Xcompiler', '-fPIC', '-std=c++17', f'-I{tools.include_dir}',
            folder / 'foreign.cpp', '-o', folder / 'libforeign.so', '-Xlinker', major,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / 'libforeign.so'


def test_compilers_make_a_library_for_this_tensorrt(compiled, version):
    content = compiled.read_bytes()
    assert f'libnvinfer.so.{version.split(".")[0]}\0'.encode() in content
    assert plugin_source_digest().encode() in content


def test_plugin_is_loaded_and_registered_once(plugin):
    first, second = run_child(LOAD, plugin, plugin)
    assert first == second
    path, version, digest, sha256, name = first.rsplit(' ', 4)
    assert path == str(plugin)
    assert version.split('.')[0] == describe(import_tensorrt()).split('.')[0]
    assert digest == plugin_source_digest()
    assert sha256 == file_sha256(plugin)
    assert name == 'YoloLayer_TRT'


def test_library_that_was_loaded_by_other_means_is_recognised(plugin):
    (line,) = run_child(LOAD, f'!{plugin}', plugin)
    assert line.startswith(str(plugin))


def test_copy_of_the_loaded_library_is_the_same(plugin, tmp_path):
    copy = shutil.copy(plugin, tmp_path / 'copy.so')
    first, second = run_child(LOAD, plugin, copy)
    assert first == second


def test_second_library_is_refused(plugin, tmp_path):
    other = tmp_path / 'other.so'
    other.write_bytes(plugin.read_bytes() + b'\0')  # what follows an ELF file is not loaded
    _, line = run_child(LOAD, plugin, other)
    assert line.startswith(
        f'PluginError plugin library {other} cannot be loaded: this process has'
    )
    assert line.endswith('use one plugin library for all engines of a process')


def test_plugin_of_another_project_is_named(plugin, foreign_plugin):
    (line,) = run_child(LOAD, f'!{foreign_plugin}', plugin)
    assert line.startswith('PluginError another plugin YoloLayer_TRT version 1 is registered')
    assert 'tensorrtx (wang-xinyu), tensorrt_demos (jkjung-avt)' in line


def test_library_of_another_project_is_not_loaded(plugin, foreign_plugin):
    refused, loaded = run_child(LOAD, foreign_plugin, plugin)
    assert 'is not the decode plugin of this package' in refused
    assert loaded.startswith(str(plugin))


@pytest.mark.parametrize('part', [0.3, 0.9, 0.999])
def test_library_that_was_cut_off_is_refused(part, plugin, tmp_path):
    cut = tmp_path / 'cut.so'
    content = plugin.read_bytes()
    cut.write_bytes(content[: int(part * len(content))])
    (line,) = run_child(LOAD, cut)
    assert line.startswith(f'PluginError plugin library {cut} is cut off; leave the choice of a')


def test_library_that_misses_a_function_is_refused(plugin, tmp_path):
    path = tmp_path / 'changed.so'
    path.write_bytes(
        plugin.read_bytes().replace(b'yolotrt_plugin_source', b'yolotrt_plugin_SOURCE')
    )
    (line,) = run_child(LOAD, path)
    assert line.startswith(f'PluginError plugin library {path} cannot be loaded: ')
    assert 'undefined symbol: yolotrt_plugin_source_digest; leave the choice' in line


@pytest.mark.tensorrt
def test_plugin_is_compiled_for_the_gpu_of_this_machine(
    tensorrt_module, tools, tmp_path, monkeypatch
):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    from yolotrt_ros.gpu.device import find_device

    capability = find_device('0').compute_capability
    began = time.monotonic()
    path = ensure_plugin(describe(tensorrt_module), capability)
    compiled_s, began = time.monotonic() - began, time.monotonic()
    assert ensure_plugin(describe(tensorrt_module), capability, say=pytest.fail) == path
    assert time.monotonic() - began < compiled_s
    assert 'sm{}{}'.format(*capability) in path.parent.name
    (line,) = run_child(LOAD, path)
    assert line.endswith('YoloLayer_TRT')


def test_loading_without_tensorrt_is_explained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(BackendError, match='TensorRT'):
        load_plugin(tmp_path / 'x.so')
