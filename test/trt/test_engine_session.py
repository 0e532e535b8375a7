# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engines as sessions: what they compute against ONNX Runtime, and what is said otherwise."""

from dataclasses import replace
import hashlib
import json
from pathlib import Path
import sys

import numpy as np
import pytest

from test import networks
from test.trt.engines import build_engine
from yolotrt_ros.core.class_names import parse_metadata_names
from yolotrt_ros.core.errors import BackendError, DetectionError, EngineError
from yolotrt_ros.core.network_reading import metadata_anchors
from yolotrt_ros.cpu.session import OnnxSession
from yolotrt_ros.gpu.device import CudaDevice, find_device
from yolotrt_ros.gpu.memory import allocated_bytes
from yolotrt_ros.trt.compat import describe
from yolotrt_ros.trt.engine_card import EngineCard, InputTensor, OutputTensor
from yolotrt_ros.trt.engine_session import card_metadata, EngineSession
from yolotrt_ros.trt.precision import Precision

NUM_CLASSES = 2
PROFILE = ((1, 3, 32, 32), (2, 3, 64, 64), (4, 3, 96, 128))
ANCHORS = tuple(float(size) for size in np.ravel(networks.ANCHORS))
NOWHERE = CudaDevice(0, 'nowhere', (9, 0), 1 << 30, False)


def make_card(plan=b'', *, trt_version='10.3.0', device=NOWHERE, **facts):
    """Describe an engine of this machine."""
    shape = (1, 3, 64, 64)
    card = EngineCard(
        onnx_path=Path('/models/tiny.onnx'),
        onnx_sha256='a' * 64,
        tensorrt_version=trt_version,
        compute_capability=device.compute_capability,
        gpu_name=device.name,
        precision=Precision.FP32,
        input=InputTensor('images', 'float32', shape, shape, shape),
        outputs=(OutputTensor('head0', 'float32', (1, 21, 8, 8)),),
        head='RAW_HEADS',
        class_names=("it's", 'Stoßstange'),
        strides=(8, 16, 32),
        anchors=ANCHORS,
        score_threshold=0.01,
        plugin_sha256=None,
        plugin_source_digest=None,
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        flags=(),
        build_options=('--precision', 'fp32'),
        created='2026-11-20T12:00:00+00:00',
    )
    return replace(card, **facts)


def test_card_speaks_as_the_metadata_of_a_network():
    metadata = card_metadata(make_card())
    assert parse_metadata_names(metadata['names']) == ("it's", 'Stoßstange')
    assert metadata_anchors(metadata['anchors']) == ANCHORS
    assert json.loads(metadata['stride']) == [8, 16, 32]
    assert card_metadata(make_card(class_names=(), strides=(), anchors=())) == {}


def test_missing_file_is_named_before_anything_starts(tmp_path):
    with pytest.raises(EngineError, match=r'absent\.engine does not exist; check the path'):
        EngineSession(tmp_path / 'absent.engine', device=NOWHERE)


def test_missing_tensorrt_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    path = tmp_path / 'tiny.engine'
    path.write_bytes(b'ftrt' + bytes(4096))
    with pytest.raises(BackendError, match=r'TensorRT is .*install'):
        EngineSession(path, device=NOWHERE)


@pytest.fixture(scope='module')
def weights():
    return networks.HeadWeights.random(np.random.default_rng(0), NUM_CLASSES)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('engines')


def write_engine(trt, folder, name, weights, shapes=None, *, dtype=np.float32, **details):
    """Write a network with three heads and its engine; return the path of the engine."""
    onnx_path, path = folder / f'{name}.onnx', folder / f'{name}.engine'
    networks.raw_heads_network(onnx_path, weights, has_sigmoid=True, dtype=dtype, **details)
    path.write_bytes(build_engine(trt, onnx_path, shapes, is_half=dtype == np.float16))
    return path


@pytest.fixture(scope='module')
def static_path(tensorrt_module, folder, weights):
    return write_engine(tensorrt_module, folder, 'static', weights, input_shape=(2, 3, 64, 96))


@pytest.fixture(scope='module')
def dynamic_path(tensorrt_module, folder, weights):
    return write_engine(tensorrt_module, folder, 'dynamic', weights, PROFILE)


@pytest.fixture
def open_session(tensorrt_module):
    """Return a function that opens an engine on the first GPU, until the end of the test."""
    sessions = []

    def open_session(path):
        sessions.append(EngineSession(path, device=find_device('0')))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()


def assert_agrees(session, path, images):
    """Compare an engine with ONNX Runtime."""
    reference = OnnxSession(path.with_suffix('.onnx'))
    found = session.run(images)
    expected = dict(zip(reference.output_names, reference.run(images), strict=True))
    tolerance = 1e-4 if images.dtype == np.float32 else 1e-2  # ten bits, and sums of 1024 pixels
    assert set(expected) == set(session.output_names)
    for name, values in zip(session.output_names, found, strict=True):
        assert values.dtype == images.dtype
        np.testing.assert_allclose(values, expected[name], rtol=0, atol=tolerance)


@pytest.mark.tensorrt
def test_fixed_engine_agrees_with_onnx_runtime(static_path, open_session, tensorrt_module, rng):
    session = open_session(static_path)
    assert session.path == static_path
    assert session.backend == f'TensorRT {describe(tensorrt_module)}, {find_device("0").name}'
    assert session.metadata == {}
    assert (session.batch, session.max_batch) == (2, 2)
    assert session.network_wh == (96, 64)
    assert session.input_dtype == np.float32
    assert sorted(session.output_names) == ['head0', 'head1', 'head2']
    assert session.score_floor == 0.0
    for _ in range(3):
        assert_agrees(session, static_path, rng.random((2, 3, 64, 96), np.float32))


@pytest.mark.tensorrt
def test_open_engine_agrees_at_every_batch_and_size(dynamic_path, open_session, rng):
    session = open_session(dynamic_path)
    assert (session.batch, session.max_batch) == (None, 4)
    assert session.network_wh == (None, None)
    for shape in [(1, 3, 32, 32), (4, 3, 96, 128), (3, 3, 64, 32), (2, 3, 64, 64)]:
        assert_agrees(session, dynamic_path, rng.random(shape, np.float32))


@pytest.mark.tensorrt
def test_open_batch_of_a_fixed_size(tensorrt_module, folder, weights, open_session, rng):
    shapes = [(batch, 3, 64, 64) for batch in (1, 2, 3)]
    path = write_engine(
        tensorrt_module, folder, 'batch', weights, shapes, input_shape=('batch', 3, 64, 64)
    )
    session = open_session(path)
    assert (session.batch, session.max_batch) == (None, 3)
    assert session.network_wh == (64, 64)
    for shape in shapes:
        assert_agrees(session, path, rng.random(shape, np.float32))


@pytest.mark.tensorrt
def test_half_precision_input_and_output(tensorrt_module, folder, weights, open_session, rng):
    path = write_engine(
        tensorrt_module, folder, 'half', weights, dtype=np.float16, input_shape=(1, 3, 64, 64)
    )
    session = open_session(path)
    assert session.input_dtype == np.float16
    assert_agrees(session, path, rng.random((1, 3, 64, 64), np.float32).astype(np.float16))


@pytest.mark.tensorrt
def test_outputs_come_in_the_order_asked(static_path, open_session, rng):
    session = open_session(static_path)
    images = rng.random((2, 3, 64, 96), np.float32)
    whole = dict(zip(session.output_names, session.run(images), strict=True))
    third, first = session.run(images, ['head2', 'head0'])
    np.testing.assert_array_equal(third, whole['head2'])
    np.testing.assert_array_equal(first, whole['head0'])
    assert session.run(images, []) == []


@pytest.mark.tensorrt
def test_images_with_gaps_are_made_whole(static_path, open_session, rng):
    session = open_session(static_path)
    images = rng.random((2, 64, 96, 3), np.float32).transpose(0, 3, 1, 2)
    assert_agrees(session, static_path, images)


@pytest.mark.tensorrt
@pytest.mark.parametrize(
    ('shape', 'dtype', 'names', 'reason'),
    [
        ((1, 3, 64, 96), np.float32, None, r'takes \[2, 3, 64, 96\], but \[1, 3, 64, 96\] came'),
        ((3, 64, 96), np.float32, None, r'but \[3, 64, 96\] came; give other frames, or build'),
        ((2, 3, 64, 96), np.float16, None, 'the engine takes float32, but float16 came'),
        ((2, 3, 64, 96), np.uint8, None, 'the engine takes float32, but uint8 came'),
        ((2, 3, 64, 96), np.float32, ['x'], 'no output x; it has .*head0'),
    ],
)
def test_wrong_input_is_refused_and_the_next_one_runs(
    shape, dtype, names, reason, static_path, open_session, rng
):
    session = open_session(static_path)
    with pytest.raises(DetectionError, match=rf'static\.engine failed on an input .*{reason}'):
        session.run(np.zeros(shape, dtype), names)
    assert_agrees(session, static_path, rng.random((2, 3, 64, 96), np.float32))


@pytest.mark.tensorrt
def test_card_gives_names_and_threshold(static_path, tmp_path, tensorrt_module, open_session):
    path = tmp_path / 'carded.engine'
    plan = static_path.read_bytes()
    path.write_bytes(plan)
    version = describe(tensorrt_module)
    make_card(plan, trt_version=version, device=find_device('0')).write(path)
    session = open_session(path)
    assert parse_metadata_names(session.metadata['names']) == ("it's", 'Stoßstange')
    assert metadata_anchors(session.metadata['anchors']) == ANCHORS
    assert session.score_floor == 0.01


@pytest.mark.tensorrt
def test_header_of_ultralytics_gives_names(static_path, tmp_path, open_session, rng):
    path = tmp_path / 'static.engine'
    header = json.dumps({'names': {'0': 'a', '1': 'b'}, 'stride': 32}).encode()
    plan = static_path.read_bytes()
    path.write_bytes(len(header).to_bytes(4, 'little') + header + plan)
    session = open_session(path)
    assert parse_metadata_names(session.metadata['names']) == ('a', 'b')
    assert session.metadata['stride'] == '32'
    assert session.run(rng.random((2, 3, 64, 96), np.float32))


@pytest.mark.tensorrt
def test_engine_that_is_not_that_of_its_card_is_refused(static_path, tmp_path, tensorrt_module):
    path = tmp_path / 'static.engine'
    path.write_bytes(static_path.read_bytes())
    version = describe(tensorrt_module)
    make_card(b'another plan', trt_version=version, device=find_device('0')).write(path)
    with pytest.raises(EngineError, match=r'cannot run here: .* it was replaced or damaged'):
        EngineSession(path, device=find_device('0'))


@pytest.mark.tensorrt
@pytest.mark.parametrize('shape', [(1, 1, 64, 64), (1, 64, 64, 3), (3, 64, 64)])
def test_engine_without_an_image_input_is_refused(shape, tensorrt_module, tmp_path):
    onnx_path, path = tmp_path / 'odd.onnx', tmp_path / 'odd.engine'
    node = networks.onnx.helper.make_node('Relu', ['images'], ['output0'])
    networks.save(onnx_path, [node], {}, ['output0'], input_shape=shape)
    path.write_bytes(build_engine(tensorrt_module, onnx_path))
    before = allocated_bytes()
    message = r'must have one image input \[B, 3, H, W\] .* but has images float32 .*; export'
    with pytest.raises(EngineError, match=message):
        EngineSession(path, device=find_device('0'))
    assert allocated_bytes() == before


@pytest.mark.tensorrt
def test_closed_session_says_so_and_holds_nothing(static_path, tensorrt_module):
    before = allocated_bytes()
    session = EngineSession(static_path, device=find_device('0'))
    assert allocated_bytes().device > before.device
    session.close()
    session.close()
    assert allocated_bytes() == before
    with pytest.raises(DetectionError, match='is closed'):
        session.run(np.zeros((2, 3, 64, 96), np.float32))
