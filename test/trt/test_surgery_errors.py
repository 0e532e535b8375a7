# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What does not fit graph surgery is explained: what was expected, what came, what to do."""

import re

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx

from test.networks import ANCHORS
from test.trt.models import (
    changed,
    flat,
    OTHER_ANCHORS,
)
from test.trt.yolov5_decodings import network
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt import onnx_file
from yolotrt_ros.trt.head_cut import cut_at_heads
from yolotrt_ros.trt.head_probe import probe_heads
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_run import run_model
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.surgery_check import check_cut


def text_of(error):
    return str(error.value)


@pytest.mark.parametrize(
    ('name', 'found'),
    [
        ('models/yolov8n.onnx', 'Networks without anchors'),
        ('models/yolov8n_dynamic.onnx', '/model.22/dfl/conv/Conv, 1 channels'),
        ('models/yolo11n.onnx', '/model.23/cv3.0/cv3.0.2/Conv, 80 channels'),
        ('models/fastestdet.onnx', r'Conv_260 [1, 80, 22, 22] float32'),
    ],
)
def test_other_real_networks_are_refused_by_what_they_have(name, found, test_data):
    with pytest.raises(GraphError) as error:
        prepare(test_data(name))
    assert found in text_of(error)
    assert str(test_data(name)) in text_of(error)
    assert '--heads' in text_of(error)
    assert '--no-plugin' in text_of(error)


FOUR_LEVELS = {
    'strides': (8, 16, 32, 64),
    'anchors': np.concatenate([ANCHORS, ANCHORS[2:] * 2]),
    'order': (0, 1, 2, 3),
    'network_wh': (128, 64),
}
MISFITS = {
    'four levels': (Spec(**FOUR_LEVELS), 'Four levels are those of a P6 network'),
    'two levels': (
        Spec(strides=(8, 16), order=(0, 1), anchors=ANCHORS[:2]),
        'one for each level, but are\n  Conv /Conv_.*\n  Conv /Conv_.*\nName three with --heads',
    ),
    'YOLOv3': (Spec(decoding='exponential'), 'at stride 8 its box centres .* differ by'),
    'normalised': (Spec(decoding='normalised'), 'at stride 8 its box centres'),
    'masks': (Spec(decoding='masks', num_masks=4), r'its scores \(worst in column (8|9|10|11)\)'),
    'multiplied scores': (Spec(decoding='multiplied'), 'at stride 8 its scores'),
    'no class': (Spec(num_classes=0), r'the shape \[B, 3\*\(5\+nc\), H, W\] with nc of 1 or more'),
    'two heads alike': (
        Spec(strides=(8, 16, 16), raw='4d', decoding='', network_wh=(64, 64)),
        'must divide the input of 64x64 pixels into cells of three sizes',
    ),
    'wrong names': (
        Spec(metadata={'names': "['a', 'b']"}),
        "'names' has 2 names, but the heads hold 3 values behind the objectness",
    ),
    'damaged names': (Spec(metadata={'names': 'a, b, c'}), "entry 'names' must be a list"),
    'wrong anchors': (
        Spec(metadata={'anchors': str(OTHER_ANCHORS.tolist())}),
        "with the anchors 10 13 16 30 .* but the metadata entry 'anchors' says 158.92 123.3",
    ),
    'too few anchors': (
        Spec(decoding='', raw='4d', metadata={'anchors': '[1, 2]'}),
        "'anchors' must hold 18 numbers, .* but holds 2; give them with --anchors",
    ),
    'damaged anchors': (
        Spec(decoding='', raw='4d', metadata={'anchors': '10, x'}),
        "'anchors' must hold numbers above zero, but is '10, x'; give them with --anchors",
    ),
    'negative anchors': (
        Spec(decoding='', raw='4d', metadata={'anchors': str([-1] * 18)}),
        "'anchors' must hold numbers above zero",
    ),
    'no anchors': (
        Spec(decoding='', raw='4d'),
        "there is no metadata entry 'anchors'; give their 18 widths and heights with --anchors",
    ),
    'wrong stride': (
        Spec(metadata={'stride': '64'}),
        r"has the strides \[8, 16, 32\], .*'stride' says \[64\]",
    ),
    'damaged stride': (
        Spec(metadata={'stride': 'tensor(32)'}),
        "'stride' must hold numbers above zero, but is 'tensor\\(32\\)'; give them with --strides",
    ),
}


@pytest.mark.parametrize('case', MISFITS)
def test_network_that_does_not_fit_is_explained(case, rng, tmp_path):
    spec, message = MISFITS[case]
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    with pytest.raises(GraphError, match=re.compile(message, re.DOTALL)) as error:
        prepare(path)
    assert text_of(error).startswith(f'{path}: ')


HAND = {
    'unknown head': ({'heads': ['/Con_4', 'b', 'c']}, "names '/Con_4', but no node .* /Conv_4"),
    'nothing like it': ({'heads': ['§§§', 'b', 'c']}, 'see the names with a viewer'),
    'two heads': ({'heads': ['/Conv_4', '/Conv_28']}, '--heads must name 3 different'),
    'the same head twice': ({'heads': ['/Conv_4'] * 3}, '--heads must name 3 different'),
    'other layers': (
        {'heads': ['/Conv_0', '/Conv_24', '/Conv_48']},
        r'/Conv_0 \[1, 8, 12, 20\] float32',
    ),
    'seventeen anchors': ({'anchors': range(1, 18)}, '--anchors must be 18 numbers, .* but 17'),
    'an anchor of no size': ({'anchors': [0.0] * 18}, 'in pixels, above 0'),
    'an anchor that is no number': ({'anchors': [float('nan')] * 18}, 'in pixels, above 0'),
    'other anchors': ({'anchors': flat(OTHER_ANCHORS)}, 'but the option --anchors says 158.92'),
    'two strides': ({'strides': [8, 16]}, '--strides must be three rising numbers'),
    'falling strides': ({'strides': [32, 16, 8]}, '--strides must be three rising numbers'),
    'other strides': ({'strides': [4, 8, 16]}, r'but the option --strides says \[4, 8, 16\]'),
    'threshold above one': ({'score_threshold': 1.5}, 'between 0 and 1, but is 1.5'),
    'threshold that is no number': ({'score_threshold': float('nan')}, 'between 0 and 1'),
}


@pytest.mark.parametrize('case', HAND)
def test_what_is_given_by_hand_is_checked(case, rng, tmp_path):
    options, message = HAND[case]
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    with pytest.raises(GraphError, match=message):
        prepare(path, **options)


def test_heads_of_different_types_are_refused(rng, tmp_path):
    def halve(model):
        last, kinds = model.graph.node[-1], onnx.TensorProto
        cast = onnx.helper.make_node('Cast', last.input, last.output, to=kinds.FLOAT16)
        last.CopyFrom(cast)
        model.graph.output[-1].type.tensor_type.elem_type = kinds.FLOAT16

    path = changed(network(tmp_path / 'tiny.onnx', Spec(decoding='', raw='4d'), rng), halve)
    with pytest.raises(
        GraphError, match=r'must all be float32 or all float16, but are .* float16'
    ):
        prepare(path)


def test_network_that_suppresses_by_itself_has_no_boxes_to_compare_with(rng, tmp_path):
    """Its heads are found behind a plugin that ONNX Runtime does not know."""

    def suppress(model):
        rows = model.graph.output[0].name
        model.graph.node.append(onnx.helper.make_node('EfficientNMS_TRT', [rows], ['num_dets']))
        model.graph.output[0].name = 'num_dets'

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), suppress)
    with pytest.raises(GraphError, match='num_dets is reached through EfficientNMS_TRT num_dets'):
        prepare(path)
    prepared = prepare(path, anchors=flat(ANCHORS))
    assert check_cut(path, prepared).reference == 'heads'


def test_node_of_another_project_with_the_same_name_is_refused(rng, tmp_path):
    def add_node(model):
        names = [item.name for item in model.graph.output]
        node = onnx.helper.make_node('YoloLayer_TRT', names, ['prob'], netinfo=[3, 640, 640])
        model.graph.node.append(node)

    spec = Spec(decoding='', raw='4d', metadata={'anchors': str(ANCHORS.tolist())})
    path = changed(network(tmp_path / 'tiny.onnx', spec, rng), add_node)
    with pytest.raises(GraphError, match='has the attributes netinfo, but that of this package'):
        prepare(path)


def test_two_nodes_of_one_name_are_told_apart_by_their_tensors(rng, tmp_path):
    def rename(model):
        for node in model.graph.node:
            node.name = 'head' if node.op_type == 'Conv' else node.name

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), rename)
    with pytest.raises(GraphError, match="'head', which 6 nodes are called; give a tensor"):
        prepare(path, heads=['head', 'b', 'c'])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'there is no such file; give the path of an ONNX network'),
        (b'', 'is no ONNX network: it holds no node'),
        (b'ftrt' + bytes(range(256)) * 9, 'cannot be read as an ONNX network'),
        (b'# a text file\n', 'cannot be read as an ONNX network'),
    ],
    ids=['absent', 'empty', 'engine', 'text'],
)
def test_file_that_is_no_network_is_explained(content, message, tmp_path):
    path = tmp_path / 'no.onnx'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GraphError, match=message) as error:
        prepare(path)
    assert text_of(error).startswith(f'{path}: ')


def test_half_of_a_file_is_explained(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(GraphError, match=r'cannot be read as an ONNX network: .* whole'):
        prepare(path)


@pytest.mark.parametrize('facts', [{'ir_version': 99}, {'opset': 99}])
def test_file_that_is_newer_than_onnx_runtime_is_explained(facts, rng, tmp_path):
    model = onnx.load(network(tmp_path / 'tiny.onnx', Spec(), rng))
    inputs = {'images': np.zeros((1, 3, 64, 64), np.float32)}
    model.ir_version = facts.get('ir_version', model.ir_version)
    model.opset_import[0].version = facts.get('opset', model.opset_import[0].version)
    words = r'cannot be run by ONNX Runtime .*; the file is newer than this ONNX Runtime'
    with pytest.raises(GraphError, match=re.compile(words, re.DOTALL)):
        run_model(model, inputs)


def test_tensor_that_nothing_makes_is_named(rng, tmp_path):
    def cut_off(model):
        model.graph.node[-1].input[0] = 'nowhere'

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), cut_off)
    with pytest.raises(GraphError, match='reads nowhere, which no node before it makes'):
        prepare(path)


def test_two_inputs_are_refused(rng, tmp_path):
    def add_input(model):
        model.graph.input.append(
            onnx.helper.make_tensor_value_info('sizes', onnx.TensorProto.INT64, [1, 2])
        )

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), add_input)
    with pytest.raises(
        GraphError, match=r'its inputs are images \[1, 3, 96, 160\], sizes \[1, 2\]'
    ):
        prepare(path)


def test_input_of_integers_is_refused(rng, tmp_path):
    def take_bytes(model):
        kinds = onnx.TensorProto
        model.graph.input[0].type.tensor_type.elem_type = kinds.UINT8
        model.graph.node.insert(
            0, onnx.helper.make_node('Cast', ['images'], ['floats'], to=kinds.FLOAT)
        )
        convolution = next(node for node in model.graph.node if node.op_type == 'Conv')
        convolution.input[0] = 'floats'

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), take_bytes)
    with pytest.raises(GraphError, match='input images must be FLOAT or FLOAT16, but is UINT8'):
        prepare(path)


def test_breach_of_the_rules_of_onnx_is_found_before_the_node_is_added(rng, tmp_path):
    def breach(model):
        model.graph.node[0].attribute.append(onnx.helper.make_attribute('unheard_of', 1))

    path = network(tmp_path / 'tiny.onnx', Spec(decoding='slices'), rng)
    model = onnx.load(path)
    graph = OnnxGraph(model)
    probe = probe_heads(graph, (), rng)
    breach(model)
    with pytest.raises(GraphError, match=r'breaks a rule of ONNX before its heads: .*unheard_of'):
        cut_at_heads(OnnxGraph(model), probe, ANCHORS)


def test_network_larger_than_a_message_is_refused(rng, tmp_path, monkeypatch):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    monkeypatch.setattr(onnx_file, 'MAX_MODEL_BYTES', 2**12 - 1)
    with pytest.raises(GraphError, match='of weights, but a network that is changed here must be'):
        prepare(path)
