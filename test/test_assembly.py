# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a configuration to a pipeline, whichever runtime it names."""

from importlib.util import find_spec
import inspect

import numpy as np
import pytest

from test import networks
from yolotrt_ros.assembly import build_pipeline, engine_facts, gpu_reader, require_accelerator
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import BackendError, ConfigError, DetectionError, ModelError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import NetworkInfo, Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.host_pipeline import HostPipeline

pytest.importorskip('onnxruntime')
MEMBERS = [name for name in vars(Pipeline) if not name.startswith('_')]


@pytest.fixture
def onnx_path(tmp_path):
    table = networks.yolov5_table([(32, 32, 16, 16, 0.5, 1, 0, 0)])
    return networks.brightness_network(tmp_path / 'tiny.onnx', {'output0': (table, table * 0)})


@pytest.mark.parametrize('backend', ['auto', 'onnxruntime'])
def test_onnx_network_runs_and_is_warm(backend, onnx_path):
    pipeline = build_pipeline(DetectorConfig(onnx_path=str(onnx_path), backend=backend))
    assert set(pipeline.stage_times) == {'preprocess', 'inference', 'postprocess'}
    frame = ImageView.from_array(np.zeros((128, 128, 3), np.uint8))
    [found] = pipeline.detect([frame], Selection(0.25, 0.45, 300))
    assert found.boxes_xyxy.tolist() == [[48, 48, 80, 80]]
    pipeline.close()


def test_network_that_cannot_be_warmed_up_is_closed(onnx_path, monkeypatch):
    closed = []

    def fail(pipeline):
        raise DetectionError('no memory')

    monkeypatch.setattr(HostPipeline, 'warm_up', fail)
    monkeypatch.setattr(HostPipeline, 'close', lambda pipeline: closed.append(pipeline))
    with pytest.raises(DetectionError, match='no memory'):
        build_pipeline(DetectorConfig(onnx_path=str(onnx_path)))
    assert len(closed) == 1


def test_onnx_network_has_neither_card_nor_gpu(onnx_path):
    pipeline = build_pipeline(DetectorConfig(onnx_path=str(onnx_path)))
    assert engine_facts(pipeline) is None
    assert gpu_reader(pipeline) is None
    pipeline.close()


def test_machine_without_tensorrt_is_told_what_it_lacks():
    if find_spec('tensorrt') is not None:
        pytest.skip('needs a machine without TensorRT')
    with pytest.raises(BackendError, match=r'TensorRT.*install'):
        require_accelerator(DetectorConfig())


def test_no_network_is_refused():
    with pytest.raises(ConfigError, match="parameter 'onnx_path' is '': names no network; set it"):
        build_pipeline(DetectorConfig())


def test_missing_network_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r'absent\.onnx does not exist'):
        build_pipeline(DetectorConfig(onnx_path=str(tmp_path / 'absent.onnx')))


def test_backend_tensorrt_needs_an_engine(onnx_path):
    with pytest.raises(ConfigError, match=r"'backend' is 'tensorrt': needs a TensorRT engine"):
        build_pipeline(DetectorConfig(onnx_path=str(onnx_path), backend='tensorrt'))


def test_backend_onnxruntime_leaves_the_engine_alone(onnx_path):
    config = DetectorConfig(
        onnx_path=str(onnx_path), engine_path='absent.engine', backend='onnxruntime'
    )
    assert build_pipeline(config).info.backend.startswith('ONNX Runtime')


@pytest.mark.parametrize('member', MEMBERS)
@pytest.mark.parametrize('implementation', [HostPipeline])
def test_pipeline_has_every_member_of_the_protocol(implementation, member):
    promised, given = getattr(Pipeline, member), getattr(implementation, member)
    assert given.__doc__
    assert isinstance(given, property) == isinstance(promised, property)
    if not isinstance(promised, property):
        assert inspect.signature(given) == inspect.signature(promised)


def test_protocol_promises_what_the_node_needs():
    expected = {'info', 'stage_times', 'expect_frames', 'detect', 'warm_up', 'close'}
    assert set(MEMBERS) == expected


def test_info_is_complete(onnx_path):
    info = build_pipeline(DetectorConfig(onnx_path=str(onnx_path))).info
    assert isinstance(info, NetworkInfo)
    assert all(value for name, value in vars(info).items() if name != 'score_floor')
