# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cutting YOLOv5 networks at their heads: every form they come in."""

import ast
from itertools import product

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx

from test.networks import ANCHORS
from test.trt.models import (
    changed,
    flat,
    metadata,
    op_types,
    OTHER_ANCHORS,
    run,
)
from test.trt.yolov5_decodings import network, YOLOV5_DECODINGS
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.decode import decode_raw_heads, decode_yolov5, sigmoid
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.surgery_check import check_cut

HEAD_FORMS = ('conv', 'add', 'quantised', 'transposed', 'sigmoid', 'composed')
# Rounding to float16 moves an anchor by up to 2**-11 of itself, and its measurement by less.
ANCHOR_TOLERANCE = {np.float32: 1e-6, np.float16: 1e-3}


# The exporters that wrote box over sigmoid ('scatter') wrote fixed sizes only.
FORMS = [
    (decoding, head, is_dynamic)
    for decoding, head, is_dynamic in product(YOLOV5_DECODINGS, HEAD_FORMS, (False, True))
    if decoding != 'scatter' or not is_dynamic
]


@pytest.mark.parametrize(('decoding', 'head', 'is_dynamic'), FORMS)
def test_every_form_of_decoding_is_cut(decoding, head, is_dynamic, rng, tmp_path):
    spec = Spec(decoding=decoding, head=head, is_dynamic=is_dynamic)
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    assert prepared.heads.num_classes == 3
    assert prepared.heads.strides == (8, 16, 32)
    np.testing.assert_allclose(prepared.heads.anchors, ANCHORS, rtol=1e-6)
    assert [item.name for item in prepared.cut.graph.output] == ['p3', 'p4', 'p5']
    assert check_cut(path, prepared).reference == repr(onnx.load(path).graph.output[0].name)


@pytest.mark.parametrize('opset', [11, 12, 13, 17])
@pytest.mark.parametrize(
    'types',
    [(np.float32, None), (np.float16, None), (np.float16, np.float32)],
    ids=['fp32', 'fp16', 'fp16 inside'],
)
@pytest.mark.parametrize('decoding', ['split', 'slices'])
def test_every_type_and_operator_set_is_cut(decoding, types, opset, rng, tmp_path):
    dtype, io_dtype = types
    spec = Spec(
        decoding=decoding, dtype=dtype, io_dtype=io_dtype, opset=opset, anchors=OTHER_ANCHORS
    )
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    np.testing.assert_allclose(prepared.heads.anchors, OTHER_ANCHORS, rtol=ANCHOR_TOLERANCE[dtype])
    check = check_cut(path, prepared)
    assert check.dtype == np.dtype(dtype).name
    kinds = {item.type.tensor_type.elem_type for item in prepared.cut.graph.output}
    assert kinds == {onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))}
    assert prepared.cut.opset_import[0].version == opset


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    decoding=st.sampled_from(YOLOV5_DECODINGS),
    head=st.sampled_from(HEAD_FORMS),
    num_classes=st.integers(1, 20),
    batch=st.integers(1, 3),
    sides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    order=st.permutations((0, 1, 2)),
    strides=st.sampled_from([(8, 16, 32), (4, 8, 16), (4, 16, 32)]),
    anchors=st.lists(st.floats(2, 900, width=32), min_size=18, max_size=18),
)
def test_cut_and_decoded_in_numpy_it_finds_what_the_original_finds(
    tmp_path, seed, decoding, head, num_classes, batch, sides, order, strides, anchors
):
    rng = np.random.default_rng(seed)
    spec = Spec(
        decoding=decoding,
        head=head,
        num_classes=num_classes,
        batch=batch,
        network_wh=(32 * sides[0], 32 * sides[1]),
        order=tuple(order),
        strides=strides,
        anchors=np.asarray(anchors, np.float32).reshape(3, 3, 2),
    )
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    np.testing.assert_allclose(prepared.heads.anchors, spec.anchors, rtol=2e-5)
    images = rng.random((batch, 3, *spec.network_wh[::-1]), np.float32)
    (rows,) = run(onnx.load(path), images).values()
    heads = run(prepared.cut, images)
    for index in range(batch):
        levels = [heads[name][index] for name in ('p3', 'p4', 'p5')]
        found = decode_raw_heads(levels, prepared.heads.anchors, strides, 0.0)
        original = finest_first(rows[index], spec)
        expected = decode_yolov5(original, 0.0)
        np.testing.assert_allclose(found.boxes_xyxy, expected.boxes_xyxy, rtol=1e-5, atol=0.01)
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
        # Among equal scores another class may come first.
        chosen = original[np.arange(len(found)), 5 + found.class_ids]
        np.testing.assert_allclose(chosen, original[:, 5:].max(axis=1), atol=1e-5)


def finest_first(rows, spec):
    """Bring the rows of a network into the order of levels that the decoder has."""
    counts = [3 * np.prod(spec.cells(level)) for level in spec.order]
    parts = np.split(rows, np.cumsum(counts)[:-1])
    return np.concatenate([parts[spec.order.index(level)] for level in range(3)])


@pytest.mark.parametrize('raw', ['4d', '5d', 'sigmoid'])
def test_raw_heads_beside_the_decoded_output_are_left_out(raw, rng, tmp_path):
    """Exports of YOLOv5 3.0 to 6.1 have four outputs."""
    path = network(tmp_path / 'tiny.onnx', Spec(raw=raw, opset=11), rng)
    assert len(onnx.load(path).graph.output) == 4
    prepared = prepare(path)
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    assert check_cut(path, prepared).reference != 'heads'


@pytest.mark.parametrize('order', [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize(
    ('raw', 'head'),
    [*product(['4d', '5d'], ['conv', 'quantised', 'sigmoid', 'composed']), ('sigmoid', 'conv')],
)
def test_network_that_ends_in_heads_needs_its_anchors_told(raw, head, order, rng, tmp_path):
    told = {'anchors': str(OTHER_ANCHORS.tolist())}
    spec = Spec(decoding='', raw=raw, head=head, order=order, metadata=told)
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    np.testing.assert_array_equal(prepared.heads.anchors, OTHER_ANCHORS)
    assert prepared.heads.strides == (8, 16, 32)
    assert check_cut(path, prepared).reference == 'heads'
    images = rng.random((1, 3, 96, 160), np.float32)
    original, cut = list(run(onnx.load(path), images).values()), run(prepared.cut, images)
    for level, name in enumerate(('p3', 'p4', 'p5')):
        values = original[order.index(level)]
        if raw == '5d':
            values = np.moveaxis(values, -1, 2).reshape(cut[name].shape)
        is_logits = raw != 'sigmoid' and head in ('conv', 'quantised')
        expected = sigmoid(values) if is_logits else values
        np.testing.assert_allclose(cut[name], expected, atol=1e-6)


def test_sigmoid_is_added_where_it_is_missing_and_never_twice(rng, tmp_path):
    ends = {}
    for head in HEAD_FORMS:
        path = network(tmp_path / 'tiny.onnx', Spec(head=head), rng)
        cut = prepare(path).cut
        ends[head] = op_types(cut)[-4:]
        assert op_types(cut).count('Sigmoid') == 6  # three in the body
    assert all(ops[1:] == ['Sigmoid'] * 3 for ops in ends.values())
    # The composed one is left out with the rest of the decoding.
    assert ends['composed'][0] == 'Conv'


def test_head_ends_where_its_decoding_begins(rng, tmp_path):
    """Here 2*s is computed before the Reshape, and taken back behind it."""

    def double(model):
        graph = model.graph
        two = onnx.numpy_helper.from_array(np.float32(2), 'two')
        graph.initializer.append(two)
        for node in [node for node in graph.node if node.op_type == 'Reshape'][::2]:
            graph.node.append(
                onnx.helper.make_node('Mul', [node.input[0], 'two'], [f'{node.name}_twice'])
            )
            graph.node.append(
                onnx.helper.make_node('Div', [f'{node.name}_reshaped', 'two'], [node.output[0]])
            )
            node.input[0], node.output[0] = f'{node.name}_twice', f'{node.name}_reshaped'

    path = changed(network(tmp_path / 'tiny.onnx', Spec(head='sigmoid'), rng), double)
    prepared = prepare(path)
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    assert op_types(prepared.cut)[-4:] == ['Conv', 'Sigmoid', 'Sigmoid', 'Sigmoid']
    check_cut(path, prepared)


def test_values_behind_a_sigmoid_of_several_nodes_pass_unchanged(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(head='composed'), rng)
    divisions = [node.name for node in onnx.load(path).graph.node if node.op_type == 'Div']
    prepared = prepare(path, heads=divisions)
    assert op_types(prepared.cut)[-3:] == ['Identity'] * 3
    assert prepared.heads.nodes == tuple(divisions)
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    check_cut(path, prepared)


def test_cut_keeps_nothing_of_the_decoding(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    before, after = onnx.load(path), prepare(path).cut
    assert {'Reshape', 'Transpose', 'Split', 'Pow', 'Concat'} <= set(op_types(before))
    assert set(op_types(after)) == {'Conv', 'Sigmoid', 'Mul', 'Constant'}
    read = {name for node in after.graph.node for name in node.input}
    assert {item.name for item in after.graph.initializer} <= read


@pytest.mark.parametrize('size', [0, -1, None])
def test_size_without_a_name_gets_one(size, rng, tmp_path):
    def open_batch(model):
        batch = model.graph.input[0].type.tensor_type.shape.dim[0]
        batch.Clear()
        if size is not None:
            batch.dim_value = size

    path = changed(network(tmp_path / 'tiny.onnx', Spec(is_dynamic=True), rng), open_batch)
    prepared = prepare(path)
    assert prepared.heads.input_shape == ('dim0', 3, 'height', 'width')
    check_cut(path, prepared)


# Real networks


REAL = {
    'models/yolov5n.onnx': ((8, 16, 32), 80, 'output0'),
    'models/yolov5n_dynamic.onnx': ((8, 16, 32), 80, 'output0'),
    'models/yolov5n_fp16io.onnx': ((8, 16, 32), 80, 'output0'),
    'models/yolov5n_fp16w_fp32io.onnx': ((8, 16, 32), 80, 'output'),
}


@pytest.mark.parametrize('name', REAL)
def test_real_network(name, test_data):
    strides, num_classes, output = REAL[name]
    prepared = prepare(test_data(name))
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    assert (prepared.heads.strides, prepared.heads.num_classes) == (strides, num_classes)
    names = ast.literal_eval(test_data('reference/coco80_names.json').read_text())
    assert list(prepared.heads.class_names) == names
    check = check_cut(test_data(name), prepared)
    assert check.reference == repr(output)
    assert check.num_candidates > 1000
    assert metadata(prepared.cut)['stride'] == '32'
    assert np.ravel(ast.literal_eval(metadata(prepared.cut)['anchors'])).tolist() == flat(ANCHORS)


@pytest.mark.parametrize('path', [DECODED_MODEL, HEADS_MODEL], ids=['decoded', 'heads'])
def test_our_own_network(path):
    prepared = prepare(path)
    told = ast.literal_eval(metadata(onnx.load(path))['anchors'])
    assert prepared.heads.anchors.tolist() == told
    assert prepared.heads.input_shape == ('batch', 3, 384, 640)
    assert prepared.heads.class_names == CLASS_NAMES
    assert prepared.heads.num_classes == len(CLASS_NAMES)
    check_cut(path, prepared)


def test_both_of_our_networks_give_the_same_heads():
    decoded, heads = prepare(DECODED_MODEL).cut, prepare(HEADS_MODEL).cut
    assert decoded.graph.output == heads.graph.output
    images = np.random.default_rng(3).random((2, 3, 384, 640), np.float32)
    one, other = run(decoded, images), run(heads, images)
    for name in ('p3', 'p4', 'p5'):
        np.testing.assert_allclose(one[name], other[name], atol=1e-6)
