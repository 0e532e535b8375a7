# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where engines are written."""

import hashlib
import json
from pathlib import Path
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from yolotrt_ros.core.errors import BuildError, ConfigError
from yolotrt_ros.core.heads import Head
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.tools.build_report import as_record, build_text
from yolotrt_ros.tools.engine_output import check_writable, output_path, write_engine
from yolotrt_ros.trt.builder import BuiltPlan
from yolotrt_ros.trt.engine_card import EngineCard
from yolotrt_ros.trt.plugin_library import PluginInfo
from yolotrt_ros.trt.precision import Precision
from yolotrt_ros.trt.tensor_info import TensorInfo

ORIN = CudaDevice(0, 'Orin', (8, 7), 1 << 33, True)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / 'net.onnx'
    path.write_bytes(bytes(1000))
    return path


def test_name_tells_what_the_engine_is_bound_to(model):
    path = output_path(None, model, Precision.FP16, ORIN, '10.3.0')
    assert path == model.with_name('net.fp16.sm87.trt10.3.0.engine')
    assert output_path(Path('my.plan'), model, Precision.FP16, ORIN, '10.3.0') == Path('my.plan')


def test_file_that_can_be_written_is_left_alone(model):
    path = model.with_name('net.engine')
    check_writable(path, model)
    assert not path.exists()
    path.write_bytes(b'older')
    check_writable(path, model)
    assert path.read_bytes() == b'older'
    assert sorted(item.name for item in model.parent.iterdir()) == ['net.engine', 'net.onnx']


def test_network_is_not_overwritten(model):
    with pytest.raises(ConfigError, match=r'would overwrite the network'):
        check_writable(model.parent / '.' / 'net.onnx', model)


@pytest.mark.parametrize('name', ['absent/net.engine', 'net.onnx/net.engine'])
def test_folder_that_is_none_is_told_before_the_build(model, name):
    with pytest.raises(ConfigError, match=r'cannot be written: .*; choose another place with -o'):
        check_writable(model.parent / name, model)


def test_folder_in_place_of_the_file_is_refused(model, tmp_path):
    with pytest.raises(ConfigError, match=r'must be a file'):
        check_writable(tmp_path, model)


def test_full_disk_is_told_before_the_build(model, monkeypatch):
    usage = SimpleNamespace(total=1 << 30, used=1 << 30, free=1999)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _path: usage)
    with pytest.raises(ConfigError, match=r'disk has 0 MiB free, but about 0 MiB are needed'):
        check_writable(model.with_name('net.engine'), model)


def tensor(name, dtype, *shapes):
    return TensorInfo(name, np.dtype(dtype), *(shapes if len(shapes) == 4 else shapes * 4))


def convolution(weights):
    return {
        'Name': '/conv',
        'LayerType': 'CaskConvolution',
        'Inputs': [],
        'Outputs': [{'Name': 'p3', 'Dimensions': [1, 24, 8, 8], 'Format/Datatype': 'Half'}],
        'Weights': {'Type': weights, 'Count': 9},
    }


BUILT = BuiltPlan(
    plan=b'ftrt' * 1000,
    seconds=41.26,
    flags=('FP16', 'TF32'),
    layers=[convolution('Half'), convolution('Half'), convolution('Float')],
    inputs=(
        tensor(
            'images', np.float32, (-1, 3, 64, 96), (1, 3, 64, 96), (2, 3, 64, 96), (4, 3, 64, 96)
        ),
    ),
    outputs=(tensor('DecodeNumDetection', np.int32, (-1, 1)),),
    context_bytes=12345,
)
PLUGIN = PluginInfo(Path('/cache/libyolotrt_plugins.so'), '10.3.0', 'd' * 64, 'e' * 64)


@pytest.fixture
def job(model):
    """What a build has settled."""
    network = SimpleNamespace(
        path=model,
        head=Head.PLUGIN,
        class_names=('cone', 'ball'),
        strides=(8, 16, 32),
        anchors=tuple(float(side) for side in range(18)),
        score_threshold=0.125,
    )
    options = parse([str(model), '--batch', '1,2,4', '--precision', 'fp16', '--json'])
    return SimpleNamespace(
        trt=SimpleNamespace(__version__='10.3.0'),
        device=ORIN,
        network=network,
        options=options,
        precision=Precision.FP16,
    )


def test_card_says_what_the_engine_is(job, model, tmp_path):
    engine = tmp_path / 'net.engine'
    card = write_engine(engine, job, PLUGIN, BUILT)
    assert engine.read_bytes() == BUILT.plan
    assert EngineCard.read(engine) == card
    assert card.onnx_sha256 == hashlib.sha256(model.read_bytes()).hexdigest()
    assert card.plan_sha256 == hashlib.sha256(BUILT.plan).hexdigest()
    assert (card.tensorrt_version, card.compute_capability) == ('10.3.0', (8, 7))
    assert (card.plugin_sha256, card.plugin_source_digest) == ('e' * 64, 'd' * 64)
    assert card.input.min_shape == (1, 3, 64, 96)
    assert card.input.max_shape == (4, 3, 64, 96)
    assert card.outputs[0].dtype == 'int32'
    assert card.figures['layers_by_type'] == {'FP16': 2, 'FP32': 1}
    assert card.figures['precision_warning'] is None
    assert card.rebuild_command() == (
        f'ros2 run yolotrt_ros build_engine {model} --output {engine} --precision fp16 '
        '--batch 1,2,4'
    )


def test_engine_without_plugin_needs_none(job, tmp_path):
    card = write_engine(tmp_path / 'net.engine', job, None, BUILT)
    assert (card.plugin_sha256, card.plugin_source_digest) == (None, None)


def test_engine_that_cannot_be_written_says_that_it_was_built(job, tmp_path):
    (tmp_path / 'file').write_text('no folder')
    with pytest.raises(BuildError, match=r'is built, but .* cannot be written: .*-o'):
        write_engine(tmp_path / 'file' / 'net.engine', job, PLUGIN, BUILT)


def test_report_for_people(job, tmp_path):
    engine = tmp_path / 'net.engine'
    card = write_engine(engine, job, PLUGIN, BUILT)
    lines = build_text(engine, card, BUILT).splitlines()
    assert lines == [
        f'written   {engine} and net.engine.json',
        'engine    fp16, 0.0 MiB, built in 41 s; takes [1, 3, 64, 96] to [4, 3, 64, 96] float32, '
        'fastest at [2, 3, 64, 96]',
        'layers    2 in FP16, 1 in FP32',
    ]
    listed = build_text(engine, card, BUILT, with_layers=True)
    assert listed.count('/conv') == 3


def test_report_warns_where_the_precision_is_nowhere(job, tmp_path):
    job.precision = Precision.INT8
    engine = tmp_path / 'net.engine'
    card = write_engine(engine, job, PLUGIN, BUILT)
    assert 'int8 was asked for' in card.figures['precision_warning']
    assert 'WARNING   int8 was asked for' in build_text(engine, card, BUILT)


def test_report_for_programs(job, tmp_path):
    engine = tmp_path / 'net.engine'
    card = write_engine(engine, job, PLUGIN, BUILT)
    record = json.loads(json.dumps(as_record(engine, card, None)))
    assert record['engine'] == str(engine)
    assert record['card']['class_names'] == ['cone', 'ball']
    assert record['verification'] is None
    assert as_record(engine, None, None)['card'] is None
