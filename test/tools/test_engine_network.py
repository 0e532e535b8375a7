# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine is built from: a network with the plugin behind it, or as it is."""

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test import networks
from yolotrt_ros.core.errors import BuildError, ConfigError, GraphError, ModelError
from yolotrt_ros.core.heads import Head
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.tools.engine_network import prepare_network
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.precision import Precision
from yolotrt_ros.trt.yolo_node import OP_TYPE

NETWORK_WH = (96, 64)
NAMES = {'names': "{0: 'cone', 1: 'ball'}"}


@pytest.fixture
def decoded(tmp_path, rng):
    """Return a function that writes a network that decodes its heads."""

    def write(**details):
        weights = networks.HeadWeights.random(rng, 2)
        path = tmp_path / 'decoded.onnx'
        return networks.decoded_heads_network(path, weights, NETWORK_WH, **details)

    return write


def network_of(path, *words):
    return prepare_network(parse([str(path), *words]))


def test_plugin_goes_behind_the_heads(decoded):
    network = network_of(decoded(metadata=NAMES), '--score-threshold', '0.01')
    assert network.head is Head.PLUGIN
    assert network.model.graph.node[-1].op_type == OP_TYPE
    assert network.score_threshold == 0.01
    assert network.static_shape == (None, 3, 64, 96)
    assert network.static_wh == NETWORK_WH
    assert network.class_names == ('cone', 'ball')
    assert network.strides == networks.STRIDES
    assert network.anchors == tuple(np.ravel(networks.ANCHORS))
    assert network.precision is Precision.FP32
    assert [item.name for item in network.plain.graph.output] == ['p3', 'p4', 'p5']
    assert '2 classes' in network.report


def test_network_without_names_has_the_ids(decoded):
    assert network_of(decoded()).class_names == ('0', '1')


def test_network_as_it_is_keeps_its_outputs(decoded):
    network = network_of(decoded(metadata=NAMES), '--no-plugin')
    assert network.head is Head.YOLOV5
    assert network.model is network.plain
    assert [item.name for item in network.model.graph.output] == ['output0']
    assert network.score_threshold == 0
    assert network.class_names == ('cone', 'ball')
    assert network.strides == networks.STRIDES
    assert network.static_shape == (None, 3, 64, 96)


def test_raw_heads_without_plugin_need_their_anchors(tmp_path, rng):
    weights = networks.HeadWeights.random(rng, 2)
    path = networks.raw_heads_network(
        tmp_path / 'raw.onnx', weights, has_sigmoid=True, input_shape=(1, 3, 64, 96)
    )
    with pytest.raises(ModelError, match=r'raw heads and need 18 anchor sizes'):
        network_of(path, '--no-plugin')
    anchors = [str(side) for side in np.ravel(networks.ANCHORS)]
    network = network_of(path, '--no-plugin', '--anchors', *anchors)
    assert network.head is Head.RAW_HEADS
    assert network.anchors == tuple(np.ravel(networks.ANCHORS))


def test_open_size_has_to_be_given(tmp_path, rng):
    weights = networks.HeadWeights.random(rng, 2)
    anchors = {'anchors': str(networks.ANCHORS.tolist())}
    path = networks.raw_heads_network(
        tmp_path / 'raw.onnx', weights, has_sigmoid=True, metadata=anchors
    )
    with pytest.raises(ConfigError, match=r'leaves its input size open; add --size'):
        network_of(path, '--no-plugin')
    network = network_of(path, '--no-plugin', '--size', '64x96')
    assert network.static_shape == (None, 3, None, None)


def test_network_that_has_the_plugin_already_is_refused(decoded, tmp_path):
    path = tmp_path / 'prepared.onnx'
    path.write_bytes(prepare(decoded()).model.SerializeToString())
    with pytest.raises(GraphError, match=r'prepared\.onnx: ends in YoloLayer_TRT already'):
        network_of(path)


@pytest.mark.parametrize('words', [(), ('--no-plugin',)])
def test_missing_file_is_named(tmp_path, words):
    with pytest.raises(GraphError, match=r'absent\.onnx: there is no such file'):
        network_of(tmp_path / 'absent.onnx', *words)


def test_other_layouts_are_sent_to_building_without_plugin(test_data):
    with pytest.raises(GraphError, match=r'--no-plugin'):
        network_of(test_data('models/yolov8n.onnx'))
    assert network_of(test_data('models/yolov8n.onnx'), '--no-plugin').head is Head.YOLOV8


def test_serialised_network_is_the_same_each_time(decoded):
    path = decoded()
    assert network_of(path).model_bytes() == network_of(path).model_bytes()


def test_network_too_large_for_one_message_is_refused(decoded):
    network = network_of(decoded())

    class Huge:
        def SerializeToString(self, *, deterministic):  # noqa: N802 - protobuf's name
            raise ValueError('exceeds maximum protobuf size of 2GB')

    with pytest.raises(BuildError, match=r'2GB; a network must be smaller than 2 GiB'):
        network.model_bytes(Huge())
