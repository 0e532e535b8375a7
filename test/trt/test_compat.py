# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of TensorRT: of plain objects with what some version has, and of the real one."""

from enum import IntEnum
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from yolotrt_ros.core.errors import BackendError, BuildError
from yolotrt_ros.trt import compat


class TacticSource(IntEnum):
    CUBLAS = 0
    EDGE_MASK_CONVOLUTIONS = 3
    JIT_CONVOLUTIONS = 4


# The integers are those of the headers; a flag's value moves between versions.
OLD = SimpleNamespace(
    __version__='8.6.1',
    NetworkDefinitionCreationFlag=SimpleNamespace(EXPLICIT_BATCH=0, EXPLICIT_PRECISION=1),
    BuilderFlag=SimpleNamespace(FP16=0, INT8=1, GPU_FALLBACK=3),
    IBuilderConfig=SimpleNamespace(builder_optimization_level=3),
    IInt8MinMaxCalibrator=object,
    DataType=SimpleNamespace(FLOAT='f', HALF='h', INT8='i8', INT32='i', BOOL='b', FP8='f8'),
    TacticSource=TacticSource,
    float16='h',
    float32='f',
)
NEW = SimpleNamespace(
    __version__='11.1.0',
    NetworkDefinitionCreationFlag=SimpleNamespace(
        STRONGLY_TYPED=0, PREFER_AOT_PYTHON_PLUGINS=1, PREFER_JIT_PYTHON_PLUGINS=2
    ),
    BuilderFlag=SimpleNamespace(GPU_FALLBACK=1),
    IBuilderConfig=SimpleNamespace(builder_optimization_level=3, progress_monitor=None),
    IProgressMonitor=object,
    DataType=SimpleNamespace(FLOAT='f', HALF='h', INT64='l', BF16='bf'),
    float16='h',
    float32='f',
)


@pytest.mark.parametrize(
    ('probe', 'old', 'new'),
    [
        (compat.describe, '8.6.1', '11.1.0'),
        (compat.network_flags, 1, 0),  # a bit that means explicit batch, or nothing at all
        (compat.can_choose_precision, True, False),
        (compat.can_calibrate, True, False),
        (compat.has_progress_monitor, False, True),
        (compat.has_optimization_level, True, True),
    ],
)
def test_capabilities(probe, old, new):
    assert probe(OLD) == old
    assert probe(NEW) == new


def test_explicit_batch_is_a_bit_and_not_a_number():
    flags = SimpleNamespace(SOMETHING=0, EXPLICIT_BATCH=5)
    assert compat.network_flags(SimpleNamespace(NetworkDefinitionCreationFlag=flags)) == 1 << 5


def test_flag_is_set_by_its_name_in_this_version():
    given = []
    config = SimpleNamespace(set_flag=given.append)
    compat.set_flag(OLD, config, 'GPU_FALLBACK')
    compat.set_flag(NEW, config, 'GPU_FALLBACK')
    assert given == [3, 1]
    with pytest.raises(BuildError, match=r'TensorRT 11\.1\.0 has no builder flag FP16'):
        compat.set_flag(NEW, config, 'FP16')


def test_gpu_is_asked_what_it_computes_fast_where_the_builder_says():
    builder = SimpleNamespace(platform_has_fast_fp16=True, platform_has_fast_int8=False)
    assert compat.has_fast(builder, 'fp16')
    assert not compat.has_fast(builder, 'int8')
    assert compat.has_fast(SimpleNamespace(), 'int8')


def test_tactic_sources_are_bits():
    given = []
    config = SimpleNamespace(set_tactic_sources=given.append)
    names = ('EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS', 'JIT_CONVOLUTIONS')
    compat.set_tactic_sources(OLD, config, names)
    assert given == [0b11000]


def test_unknown_tactic_source_is_named_beside_those_there_are():
    with pytest.raises(
        BuildError,
        match=r'no tactic source CUDA; it has CUBLAS, EDGE_MASK_CONVOLUTIONS, JIT_CONVOLUTIONS',
    ):
        compat.set_tactic_sources(OLD, SimpleNamespace(), ('CUDA', 'CUBLAS'))


class FixedType:
    """A network input of a version that does not let its type be chosen."""

    name = 'images'

    @property
    def dtype(self):
        return 'f'


def test_input_type_is_chosen_where_it_can_be():
    tensor = SimpleNamespace(name='images', dtype='f')
    compat.set_input_type(OLD, tensor, is_half=True)
    assert tensor.dtype == 'h'
    compat.set_input_type(NEW, FixedType(), is_half=False)  # already so
    with pytest.raises(BuildError, match=r'export the network with an FP16 input, or leave out'):
        compat.set_input_type(NEW, FixedType(), is_half=True)


def test_context_works_in_the_memory_that_it_is_given():
    context = SimpleNamespace()
    older = SimpleNamespace(create_execution_context_without_device_memory=lambda: context)
    assert compat.create_context(SimpleNamespace(), older, 4096, 100) is context
    assert context.device_memory == 4096

    given = []
    newer_context = SimpleNamespace(set_device_memory=lambda *memory: given.append(memory))
    strategies = SimpleNamespace(USER_MANAGED='user')
    newer = SimpleNamespace(create_execution_context={'user': newer_context}.get)
    trt = SimpleNamespace(ExecutionContextAllocationStrategy=strategies)
    assert compat.create_context(trt, newer, 4096, 100) is newer_context
    assert given == [(4096, 100)]


def test_context_that_cannot_be_made_is_none():
    older = SimpleNamespace(create_execution_context_without_device_memory=lambda: None)
    assert compat.create_context(SimpleNamespace(), older, 4096, 100) is None
    strategies = SimpleNamespace(USER_MANAGED='user')
    newer = SimpleNamespace(create_execution_context={}.get)
    trt = SimpleNamespace(ExecutionContextAllocationStrategy=strategies)
    assert compat.create_context(trt, newer, 4096, 100) is None


def test_scratch_memory_is_asked_by_the_newer_name_first():
    assert compat.device_memory_bytes(SimpleNamespace(device_memory_size=5)) == 5
    newer = SimpleNamespace(device_memory_size_v2=7, device_memory_size=5)
    assert compat.device_memory_bytes(newer) == 7


@pytest.mark.parametrize('name', ['get_creator', 'get_plugin_creator'])
def test_plugin_registry_is_asked_by_either_name(name):
    def find(*key):
        return 'creator' if key == ('YoloLayer_TRT', '1', '') else None

    trt = SimpleNamespace(get_plugin_registry=lambda: SimpleNamespace(**{name: find}))
    assert compat.plugin_creator(trt, 'YoloLayer_TRT') == 'creator'
    assert compat.plugin_creator(trt, 'YoloLayer_TRT', '2') is None


@pytest.mark.parametrize(
    ('trt', 'dtype', 'expected'),
    [
        (OLD, 'f', np.float32),
        (OLD, 'h', np.float16),
        (OLD, 'i8', np.int8),
        (OLD, 'i', np.int32),
        (OLD, 'b', np.bool_),
        (NEW, 'l', np.int64),
    ],
)
def test_types_of_tensors(trt, dtype, expected):
    assert compat.numpy_type(trt, dtype) == np.dtype(expected)


def test_type_that_numpy_lacks_is_refused():
    with pytest.raises(BackendError, match=r'type bf cannot be read.*FLOAT, HALF, INT64'):
        compat.numpy_type(NEW, 'bf')


def test_failed_node_is_found_by_name_or_by_number():
    nodes = [SimpleNamespace(name='/a', op_type='Conv'), SimpleNamespace(name='', op_type='Odd')]
    model = SimpleNamespace(graph=SimpleNamespace(node=nodes))
    assert compat.failed_node(SimpleNamespace(node=lambda: 1), model) == ('', 'Odd')
    assert compat.failed_node(SimpleNamespace(node=lambda: -1), model) is None
    assert compat.failed_node(SimpleNamespace(node=lambda: 2), model) is None
    newer = SimpleNamespace(node=lambda: 0, node_name=lambda: '/b', node_operator=lambda: 'Odd')
    assert compat.failed_node(newer, model) == ('/b', 'Odd')
    nowhere = SimpleNamespace(node=lambda: -1, node_name=lambda: '', node_operator=lambda: '')
    assert compat.failed_node(nowhere, model) is None


def test_missing_tensorrt_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(BackendError, match=r'JetPack .*--system-site-packages.*pip install'):
        compat.import_tensorrt()


def test_broken_tensorrt_names_the_library_that_is_missing(monkeypatch, tmp_path):
    text = 'libcudnn.so.8: cannot open shared object file'
    (tmp_path / 'tensorrt.py').write_text(f'raise ImportError({text!r})')
    monkeypatch.delitem(sys.modules, 'tensorrt', raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendError, match=rf'does not load: {text}; install the library'):
        compat.import_tensorrt()
    assert 'tensorrt' not in sys.modules


def test_profiles_are_shared_where_that_must_be_asked():
    given = []
    config = SimpleNamespace(set_preview_feature=lambda *feature: given.append(feature))
    features = SimpleNamespace(FASTER_DYNAMIC_SHAPES_0805=0, PROFILE_SHARING_0806=2)
    compat.share_profiles(SimpleNamespace(PreviewFeature=features), config)
    compat.share_profiles(SimpleNamespace(PreviewFeature=SimpleNamespace()), config)
    compat.share_profiles(NEW, config)
    assert given == [(2, True)]


@pytest.mark.parametrize(('active', 'has_one'), [(0, True), (-1, False)])
def test_context_tells_whether_it_has_a_profile(active, has_one):
    assert compat.has_profile(SimpleNamespace(active_optimization_profile=active)) == has_one


@pytest.mark.tensorrt
def test_running_version_answers_every_question(tensorrt_module: ModuleType):
    trt = tensorrt_module
    assert compat.import_tensorrt() is trt
    assert compat.describe(trt)[0].isdigit()
    assert compat.has_optimization_level(trt)
    assert compat.can_calibrate(trt) == compat.can_choose_precision(trt)
    assert compat.numpy_type(trt, trt.float32) == np.float32
    assert compat.numpy_type(trt, trt.float16) == np.float16
    assert compat.numpy_type(trt, trt.int32) == np.int32
    assert compat.plugin_creator(trt, 'NoSuchPlugin') is None


def test_flag_is_cleared_where_it_exists():
    cleared = []
    config = SimpleNamespace(clear_flag=cleared.append)
    compat.clear_flag(OLD, config, 'FP16')
    compat.clear_flag(OLD, config, 'TF32')
    assert cleared == [0]
