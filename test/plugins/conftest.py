# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ of plugins/, compiled for the tests: for the CPU, with nvcc, and against TensorRT."""

from collections.abc import Callable, Mapping
import ctypes
import os
from pathlib import Path
import shutil
import subprocess

import pytest

from test.plugins import decoder
from test.plugins.device import Device
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.trt.plugin_library import ensure_plugin, load_plugin

SOURCES = Path(__file__).resolve().parents[2] / 'plugins'


def run(command: list[str], missing: str = '') -> None:
    """Run a command; where it fails, fail with its output, or skip where that has this text."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if done.returncode and missing and missing in output:
        pytest.skip(output.strip())
    assert done.returncode == 0, f'{" ".join(command)}\n{output}'


def need(program: str) -> str:
    path = shutil.which(program)
    return path or pytest.skip(f'needs {program}, which is not installed')


def build(folder: Path, definitions: Mapping[str, str], *, missing: str = '') -> Path:
    """Build one part of plugins/ with CMake and return its library."""
    options = [f'-D{name}={value}' for name, value in definitions.items()]
    run([need('cmake'), '-S', str(SOURCES), '-B', str(folder), *options], missing)
    run([need('cmake'), '--build', str(folder)])
    (library,) = folder.glob('lib*.so')
    return library


@pytest.fixture(scope='session')
def decode_cpu(tmp_path_factory) -> Callable[[decoder.Heads], list]:
    """Return a function that decodes heads with the kernel's arithmetic on the CPU."""
    compiler = next(filter(None, map(shutil.which, (os.environ.get('CXX', ''), 'c++', 'g++'))), '')
    if not compiler:
        pytest.skip('needs a C++ compiler, and there is no c++ or g++ on PATH; CXX may name one')
    library = tmp_path_factory.mktemp('decode_cpu') / 'libyolotrt_decode_cpu.so'
    flags = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-ffp-contract=off', '-fPIC']
    source = str(SOURCES / 'src' / 'decode_cpu.cpp')
    run([compiler, *flags, '-shared', f'-I{SOURCES}/include', source, '-o', str(library)])
    function = decoder.load(library, 'yolotrt_decode_cpu')
    function.restype = ctypes.c_int32

    def decode(heads: decoder.Heads) -> list:
        inputs, outputs = heads.stored, heads.empty_outputs()
        addresses = [[array.ctypes.data for array in arrays] for arrays in (inputs, outputs)]
        assert function(ctypes.byref(heads.params(*addresses))) == 0
        return outputs

    return decode


@pytest.fixture(scope='session')
def device(cuda):
    """Memory and a stream of the GPU."""
    with Device() as opened:
        yield opened


@pytest.fixture(scope='session')
def decode_launch(device, tmp_path_factory):
    """Return the C function that launches the kernel: ``DecodeParams`` and a stream."""
    need('nvcc')
    library = build(
        tmp_path_factory.mktemp('decode_launch'),
        {'YOLOTRT_PART': 'kernel', 'CMAKE_CUDA_ARCHITECTURES': device.architecture},
    )
    function = decoder.load(library, 'yolotrt_decode_launch')
    function.argtypes = [ctypes.POINTER(decoder.DecodeParams), ctypes.c_void_p]
    function.restype = ctypes.c_int32
    return function


@pytest.fixture(scope='session')
def decode_gpu(device, decode_launch) -> Callable[[decoder.Heads], list]:
    """Return a function that decodes heads with the kernel."""

    def decode(heads: decoder.Heads) -> list:
        with device.tensors(heads) as (inputs, outputs):
            params = heads.params(inputs.addresses, outputs.addresses)
            assert decode_launch(params, device.stream) == 0
            device.synchronize()
            return outputs.download()

    return decode


@pytest.fixture(scope='session')
def plugin_library(tensorrt_module, device) -> ctypes.CDLL:
    """Load the plugin as the package does; YOLOTRT_PLUGIN may name a library."""
    named = os.environ.get('YOLOTRT_PLUGIN')
    version = tensorrt_module.__version__
    capability = find_device('0').compute_capability
    try:
        path = ensure_plugin(version, capability, given=Path(named) if named else None)
    except PluginError as error:
        pytest.skip(f'needs the compiled plugin: {error}')
    return ctypes.CDLL(str(load_plugin(path).path))
