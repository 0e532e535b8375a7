# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Graph surgery takes heads by hand, and files however their exporter wrote them."""

import ast

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx

from test.networks import ANCHORS
from test.trt.models import (
    changed,
    convolutions,
    flat,
    metadata,
    op_types,
    OTHER_ANCHORS,
    rename,
    run,
)
from test.trt.yolov5_decodings import network
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.surgery_check import check_cut


@pytest.mark.parametrize('head', ['sigmoid', 'quantised'])
def test_tensor_behind_a_convolution_names_it(head, rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(head=head), rng)
    last = {'sigmoid': 'Sigmoid', 'quantised': 'DequantizeLinear'}[head]
    ends = [node for node in onnx.load(path).graph.node if node.op_type == 'Reshape'][::2]
    made = {name: node for node in onnx.load(path).graph.node for name in node.output}
    tensors = [node.input[0] for node in ends]
    assert {made[tensor].op_type for tensor in tensors} == {last}
    by_hand, found = prepare(path, heads=tensors), prepare(path)
    assert by_hand.heads.nodes == found.heads.nodes == tuple(convolutions(path)[0])
    assert by_hand.cut == found.cut


@pytest.mark.parametrize('order', [(0, 1, 2), (1, 2, 0)])
def test_heads_are_taken_by_node_or_tensor_in_any_order(order, rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    for names in convolutions(path):
        prepared = prepare(path, heads=[names[level] for level in order])
        assert prepared.heads.nodes == tuple(convolutions(path)[0])
        assert prepared.cut == prepare(path).cut


def test_tensors_name_heads_whose_nodes_have_no_names(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    model = onnx.load(path)
    for node in model.graph.node:
        node.name = '' if node.op_type == 'Conv' else node.name
    onnx.save(model, str(path))
    prepared = prepare(path)
    assert prepared.heads.nodes == tuple(convolutions(path)[1])
    assert prepare(path, heads=prepared.heads.nodes).cut == prepared.cut


def test_tensor_names_the_one_head_whose_node_has_no_name(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    model = onnx.load(path)
    names, tensors = convolutions(path)
    assert all(node.name for node in model.graph.node)
    for node in model.graph.node:
        node.name = '' if node.name == names[1] else node.name
    onnx.save(model, str(path))
    assert prepare(path).heads.nodes == (names[0], tensors[1], names[2])


def test_anchors_and_strides_given_by_hand_overrule_the_metadata(rng, tmp_path):
    wrong = {'anchors': str(OTHER_ANCHORS.tolist()), 'stride': '[4, 8, 16]', 'x': 'y'}
    path = network(tmp_path / 'tiny.onnx', Spec(decoding='', raw='4d', metadata=wrong), rng)
    prepared = prepare(path, anchors=flat(ANCHORS), strides=(8, 16, 32))
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    entries = metadata(prepared.cut)
    assert list(entries) == ['anchors', 'stride', 'x']
    assert ast.literal_eval(entries['anchors']) == ANCHORS.tolist()
    assert ast.literal_eval(entries['stride']) == [8, 16, 32]


def test_quantised_decoding_is_no_source_of_anchors(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(decoding='quantised'), rng)
    with pytest.raises(
        GraphError, match=r'is reached through QuantizeLinear .* give .* --anchors'
    ):
        prepare(path)
    prepared = prepare(path, anchors=flat(ANCHORS))
    assert check_cut(path, prepared).reference == 'heads'


def test_weights_may_be_listed_as_inputs(rng, tmp_path):
    """Old exporters did, and files of version 3 have to."""

    def list_weights(model):
        model.ir_version = 3
        for tensor in model.graph.initializer:
            model.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )

    path = changed(network(tmp_path / 'tiny.onnx', Spec(opset=11), rng), list_weights)
    assert len(onnx.load(path).graph.input) > 1
    prepared = prepare(path)
    assert [item.name for item in prepared.cut.graph.input] == ['images']
    assert prepared.cut.ir_version == 4
    check_cut(path, prepared)


def test_nodes_need_not_be_sorted(rng, tmp_path):
    def reverse(model):
        nodes = list(model.graph.node)[::-1]
        del model.graph.node[:]
        model.graph.node.extend(nodes)

    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    expected = prepare(path).cut
    changed(path, reverse)
    assert op_types(onnx.load(path))[0] == 'Identity'  # the output comes first
    images = rng.random((1, 3, 96, 160), np.float32)
    one, other = run(expected, images), run(prepare(path).cut, images)
    np.testing.assert_array_equal(one['p4'], other['p4'])


def test_weights_may_lie_in_another_file(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    expected = prepare(path).cut
    onnx.save(
        onnx.load(path),
        str(path),
        save_as_external_data=True,
        location='weights.bin',
        size_threshold=0,
    )
    assert (tmp_path / 'weights.bin').exists()
    images = rng.random((1, 3, 96, 160), np.float32)
    one, other = run(expected, images), run(prepare(path).cut, images)
    np.testing.assert_array_equal(one['p4'], other['p4'])
    (tmp_path / 'weights.bin').unlink()
    with pytest.raises(GraphError, match=r'cannot be read .*weights\.bin.* lie beside it'):
        prepare(path)


def test_functions_are_written_out(rng, tmp_path):
    def use_function(model):
        """Replace each Sigmoid by a function of the same meaning."""
        nodes = [
            onnx.helper.make_node('Neg', ['x'], ['a']),
            onnx.helper.make_node('Exp', ['a'], ['b']),
            onnx.helper.make_node('Constant', [], ['one'], value_float=1.0),
            onnx.helper.make_node('Add', ['b', 'one'], ['c']),
            onnx.helper.make_node('Div', ['one', 'c'], ['y']),
        ]
        opset = onnx.helper.make_opsetid('', 13)
        model.functions.append(
            onnx.helper.make_function('local', 'Squash', ['x'], ['y'], nodes, [opset])
        )
        model.opset_import.append(onnx.helper.make_opsetid('local', 1))
        for node in model.graph.node:
            if node.op_type == 'Sigmoid':
                node.op_type, node.domain = 'Squash', 'local'

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), use_function)
    prepared = prepare(path)
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    assert not prepared.cut.functions
    check_cut(path, prepared)


def test_tensors_of_subgraphs_count_as_read(rng, tmp_path):
    """The bias of one convolution, called p4, passes through the two branches of an If."""

    def branch(model):
        nodes = list(model.graph.node)
        place = next(i for i, n in enumerate(nodes) if n.op_type == 'Conv' and len(n.input) == 3)
        rename(model, nodes[place].input[2], 'p4')
        identity = onnx.helper.make_node('Identity', ['p4'], ['p3'])
        result = onnx.helper.make_tensor_value_info('p3', onnx.TensorProto.FLOAT, None)
        graphs = [onnx.helper.make_graph([identity], name, [], [result]) for name in ('a', 'b')]
        yes = onnx.numpy_helper.from_array(np.array(True))
        new = [
            onnx.helper.make_node('Constant', [], ['yes'], value=yes),
            onnx.helper.make_node(
                'If', ['yes'], ['p5'], then_branch=graphs[0], else_branch=graphs[1]
            ),
        ]
        nodes[place].input[2] = 'p5'
        del model.graph.node[:]
        model.graph.node.extend([*nodes[:place], *new, *nodes[place:]])

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), branch)
    prepared = prepare(path)
    check_cut(path, prepared)
    assert 'If' in op_types(prepared.cut)


def test_tensors_that_are_called_like_the_new_outputs_are_renamed(rng, tmp_path):
    """The input of the finest head is called p4, one weight p3, another tensor p3_inner."""

    def take_names(model):
        convolution = [node for node in model.graph.node if node.op_type == 'Conv'][1]
        rename(model, convolution.input[0], 'p4')
        rename(model, convolution.output[0], 'DecodeNumDetection')
        rename(model, model.graph.initializer[0].name, 'p3')
        rename(model, model.graph.node[2].output[0], 'p3_inner')

    path = changed(network(tmp_path / 'tiny.onnx', Spec(), rng), take_names)
    prepared = prepare(path)
    check_cut(path, prepared)
    made = [name for node in prepared.model.graph.node for name in node.output]
    assert len(made) == len(set(made))
    assert 'DecodeNumDetection_inner' in made
