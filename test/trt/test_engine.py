# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engines: what they say about themselves, what they compute, and why some do not load."""

import subprocess
import sys

import numpy as np
import pytest

from test.trt.engines import PROFILE, SHAPE, TABLES
import yolotrt_ros
from yolotrt_ros.core.errors import (
    BackendError,
    CudaError,
    EngineError,
    PluginError,
)
from yolotrt_ros.trt.engine import Engine, load_error, standard_plugins_in
from yolotrt_ros.trt.tensor_info import TensorInfo


@pytest.mark.parametrize(
    'line',
    [
        # TensorRT 8.6, 10 and their parsers
        'Error Code 1: Serialization (Serialization assertion creator failed.Cannot deserialize '
        'plugin since corresponding IPluginCreator not found in Plugin Registry)',
        'IPluginRegistry::getCreator: Error Code 4: API Usage Error (Cannot find plugin: '
        'YoloLayer_TRT, version: 1, namespace:.)',
        '3: getPluginCreator could not find plugin: YoloLayer_TRT version: 1',
        'Plugin not found, are the plugin name, version, and namespace correct?',
    ],
)
def test_missing_plugin_is_recognised(line):
    error = load_error('10.3.0', [line])
    assert isinstance(error, PluginError)
    assert 'give its library with plugin_path' in str(error)
    assert line in str(error)


@pytest.mark.parametrize(
    'line',
    [
        'Error Code 2: OutOfMemory (no further information)',
        'Error Code 1: Cuda Runtime (out of memory)',
        'Requested amount of GPU memory (1073741824 bytes) could not be allocated. There may not '
        'be enough free memory for allocation to succeed.',
    ],
)
def test_too_little_memory_is_recognised(line):
    error = load_error('8.6.0', [line])
    assert isinstance(error, CudaError)
    assert 'too little free memory to load the engine; end what else uses it' in str(error)


@pytest.mark.parametrize(
    'line',
    [
        'Error Code 1: Serialization (Serialization assertion stdVersionRead == '
        'kSERIALIZATION_VERSION failed.Version tag does not match. Note: Current Version: 236, '
        'Serialized Engine Version: 232)',
        'Error Code 1: Serialization (Serialization assertion plan->header.magicTag == '
        'rt::kPLAN_MAGIC_TAG failed.)',
        'Error Code 6: API Usage Error (The engine plan file is generated on an incompatible '
        'device, expecting compute 9.0 got compute 8.6, please rebuild.)',
    ],
)
def test_foreign_engine_is_to_be_built_again(line):
    error = load_error('8.6.0', [line, line])
    assert isinstance(error, EngineError)
    assert 'TensorRT 8.6.0 cannot load the engine' in str(error)
    assert 'build it again on this machine with `ros2 run yolotrt_ros build_eng' in str(error)
    assert str(error).count(line) == 1


def test_silence_of_tensorrt_is_told():
    assert str(load_error('8.6.0', [])).endswith('TensorRT gives no reason.')


def test_tensor_is_described_in_words():
    fixed = TensorInfo('images', np.dtype(np.float16), SHAPE, SHAPE, SHAPE, SHAPE)
    assert str(fixed) == 'images float16 [2, 3, 32, 48]'
    assert fixed.num_bytes((1, 3, 32, 32)) == 6144
    open_shape = (-1, 3, -1, -1)
    dynamic = TensorInfo('images', np.dtype(np.float32), open_shape, *PROFILE)
    assert str(dynamic) == 'images float32 [-1, 3, -1, -1] from [1, 3, 32, 32] to [4, 3, 96, 128]'


def test_missing_tensorrt_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(BackendError, match='TensorRT'):
        Engine(b'', None)


@pytest.mark.tensorrt
def test_tensors_of_a_fixed_engine(static_engine):
    float32 = np.dtype(np.float32)
    assert static_engine.inputs == (TensorInfo('images', float32, SHAPE, SHAPE, SHAPE, SHAPE),)
    a, b = (2, *TABLES['a']), (2, *TABLES['b'])
    assert {output.name: output for output in static_engine.outputs} == {
        'a': TensorInfo('a', float32, a, a, a, a),
        'b': TensorInfo('b', float32, b, b, b, b),
    }


@pytest.mark.tensorrt
def test_tensors_of_an_open_engine(dynamic_engine):
    [images] = dynamic_engine.inputs
    assert images == TensorInfo('images', np.dtype(np.float32), (-1, 3, -1, -1), *PROFILE)
    assert {output.name: output.shape for output in dynamic_engine.outputs} == {
        'a': (-1, *TABLES['a']),
        'b': (-1, *TABLES['b']),
    }
    context = dynamic_engine.create_context()
    with pytest.raises(EngineError, match=r'the shape \[-1, 5, 7\] of the output a depends on'):
        context.output_shape('a')
    context.set_input_shape('images', (3, 3, 32, 64))
    assert context.output_shape('a') == (3, *TABLES['a'])
    assert context.output_shape('b') == (3, *TABLES['b'])


@pytest.mark.tensorrt
@pytest.mark.parametrize('name', ['static_engine', 'dynamic_engine'])
def test_layers_are_told(name, request):
    engine = request.getfixturevalue(name)
    layers = engine.inspect()
    assert layers
    assert all(isinstance(layer['Name'], str) for layer in layers)
    assert isinstance(engine.memory_bytes, int)
    assert engine.memory_bytes >= 0


@pytest.mark.tensorrt
def test_closed_engine_says_so(static_plan, session):
    engine = Engine(static_plan, session)
    context = engine.create_context()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match='this engine is closed; load it again'):
        engine.create_context()
    assert context.output_shape('a') == (2, *TABLES['a'])  # the context keeps what it needs
    context.close()
    context.close()
    with pytest.raises(EngineError, match='this execution context is closed; create a new one'):
        context.enqueue(session.stream)


@pytest.mark.tensorrt
def test_engines_leave_no_memory_behind(dynamic_plan, session):
    def use():
        engine = Engine(dynamic_plan, session)
        context = engine.create_context()
        context.close()
        engine.close()

    def free_bytes():
        session.synchronize()
        return session.free_bytes()

    use()  # what TensorRT keeps for the process is taken now
    free = [free_bytes()]
    for _ in range(20):
        use()
        free.append(free_bytes())
    # Other processes take and free memory as well, but not each time.
    assert -np.median(np.diff(free)) < 2 << 20


@pytest.mark.tensorrt
@pytest.mark.parametrize('plan', [b'no engine at all ' * 100, bytes(4096)])
def test_bytes_that_are_no_engine_are_refused(plan, session):
    with pytest.raises(EngineError, match=r'cannot load the engine: .*\nTensorRT said:\n  .'):
        Engine(plan, session)


@pytest.mark.tensorrt
def test_engine_with_a_damaged_beginning_is_refused(static_plan, session):
    damaged = bytes(4) + static_plan[4:]
    with pytest.raises(EngineError, match=r'cannot load the engine: .*\nTensorRT said:\n  .'):
        Engine(damaged, session)
    Engine(static_plan, session).close()  # and goes on


LOAD = """\
import sys
from pathlib import Path
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.engine import Engine
try:
    Engine(Path(sys.argv[1]).read_bytes(), CudaSession(find_device('0')))
except EngineError as error:
    print('EngineError', error)
"""


@pytest.mark.tensorrt
@pytest.mark.parametrize('part', [0.5, 0.99])
def test_engine_that_is_cut_off_is_refused(part, static_plan, tmp_path):
    # In a process of its own: TensorRT trusts what it reads, and a crash would end all tests.
    path = tmp_path / 'cut.plan'
    path.write_bytes(static_plan[: int(part * len(static_plan))])
    child = subprocess.run(
        [sys.executable, '-c', LOAD, str(path)],
        cwd=next(iter(yolotrt_ros.__path__)) + '/..',
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert child.returncode == 0, child.stderr
    assert 'EngineError TensorRT' in child.stdout


@pytest.mark.parametrize(
    ('plan', 'needed'),
    [
        (b'ftrt\0\0', False),
        (b'\x0d\0YoloLayer_TRT\x01', False),
        (b'\x0d\0YoloLayer_TRT\x01\x10\0EfficientNMS_TRT\x01', True),
        (b'EfficientNMS_TRT', True),
        (b'\x01_TRT', False),
    ],
)
def test_plugins_of_tensorrt_are_found_in_the_plan(plan, needed):
    assert standard_plugins_in(plan) is needed


def test_random_bytes_are_no_plugins(rng):
    assert not standard_plugins_in(rng.bytes(1 << 20))
