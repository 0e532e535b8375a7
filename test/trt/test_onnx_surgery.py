# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cutting YOLOv5 networks at their heads: every form they come in, and what fits none."""

import ast
from itertools import product
from pathlib import Path
import re
import subprocess
import sys

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx
import onnxruntime as ort

from test.networks import ANCHORS
from test.trt.yolov5_decodings import network, YOLOV5_DECODINGS
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.decode import decode_raw_heads, decode_yolov5, sigmoid
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.trt import onnx_file
from yolotrt_ros.trt.head_cut import cut_at_heads
from yolotrt_ros.trt.head_probe import probe_heads
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_surgery import is_quantized, prepare
from yolotrt_ros.trt.surgery_check import check_cut
from yolotrt_ros.trt.yolo_node import YoloNode

HEAD_FORMS = ('conv', 'add', 'quantised', 'transposed', 'sigmoid', 'composed')
# Rounding to float16 moves an anchor by up to 2**-11 of itself, and its measurement by less.
ANCHOR_TOLERANCE = {np.float32: 1e-6, np.float16: 1e-3}
OTHER_ANCHORS = ANCHORS[::-1] * np.float32(1.37)


def run(model, images):
    """Run a model held in memory; returns its outputs by name."""
    session = ort.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    names = [item.name for item in session.get_outputs()]
    return dict(
        zip(names, session.run(names, {session.get_inputs()[0].name: images}), strict=True)
    )


def op_types(model):
    return [node.op_type for node in model.graph.node]


def metadata(model):
    return {item.key: item.value for item in model.metadata_props}


def flat(anchors):
    return np.ravel(anchors).tolist()


# Every form of the graph


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


# What is written


def test_node_has_what_the_plugin_reads(rng, tmp_path):
    spec = Spec(num_classes=4, batch=2)
    prepared = prepare(network(tmp_path / 'tiny.onnx', spec, rng), score_threshold=0.125)
    node = prepared.model.graph.node[-1]
    assert (node.op_type, node.domain) == ('YoloLayer_TRT', '')
    assert list(node.input) == ['p3', 'p4', 'p5']
    kinds = {item.name: item.type for item in node.attribute}
    types = onnx.AttributeProto
    assert kinds == {
        'max_stride': types.INT,
        'num_classes': types.INT,
        'anchors': types.FLOATS,
        'prenms_score_threshold': types.FLOAT,
        'plugin_version': types.STRING,
        'plugin_namespace': types.STRING,
    }
    values = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    assert values == {
        'max_stride': 32,
        'num_classes': 4,
        'anchors': flat(ANCHORS),
        'prenms_score_threshold': 0.125,
        'plugin_version': b'1',
        'plugin_namespace': b'',
    }
    float32, int32 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT32
    assert described(prepared.model.graph.output) == [
        ('DecodeNumDetection', int32, [2, 1]),
        ('DecodeDetectionBoxes', float32, [2, 945, 4]),
        ('DecodeDetectionScores', float32, [2, 945]),
        ('DecodeDetectionClasses', int32, [2, 945]),
    ]
    assert list(node.output) == [item.name for item in prepared.model.graph.output]
    # Apart from the node the model is the cut.
    assert list(prepared.model.graph.node)[:-1] == list(prepared.cut.graph.node)
    assert prepared.model.graph.initializer == prepared.cut.graph.initializer


def described(items):
    return [
        (
            item.name,
            item.type.tensor_type.elem_type,
            [dim.dim_value or dim.dim_param for dim in item.type.tensor_type.shape.dim],
        )
        for item in items
    ]


def test_open_sizes_stay_open(rng, tmp_path):
    prepared = prepare(network(tmp_path / 'tiny.onnx', Spec(is_dynamic=True), rng))
    assert prepared.heads.input_shape == ('batch', 3, 'height', 'width')
    shapes = [shape for _, _, shape in described(prepared.cut.graph.output)]
    assert shapes == [['batch', 24, f'height/{s}', f'width/{s}'] for s in (8, 16, 32)]
    shapes = [shape for _, _, shape in described(prepared.model.graph.output)]
    assert shapes[:2] == [['batch', 1], ['batch', 'candidates', 4]]
    for size in ((64, 96), (128, 32)):
        heads = run(prepared.cut, rng.random((2, 3, *size), np.float32))
        assert heads['p5'].shape == (2, 24, size[0] // 32, size[1] // 32)


def test_metadata_is_kept_and_completed(rng, tmp_path):
    told = {'names': "{0: 'a', 1: 'b', 2: 'c'}", 'author': 'me'}
    anchors = ANCHORS + np.float32(0.1)
    path = network(tmp_path / 'tiny.onnx', Spec(metadata=told, anchors=anchors), rng)
    prepared = prepare(path)
    for model in (prepared.cut, prepared.model):
        entries = metadata(model)
        assert {key: entries[key] for key in told} == told
        assert ast.literal_eval(entries['stride']) == [8, 16, 32]
        written = np.asarray(ast.literal_eval(entries['anchors']), np.float32)
        np.testing.assert_array_equal(written, prepared.heads.anchors)
        assert '10.1' in entries['anchors'].replace('[', ' ').replace(',', ' ').split()
    assert prepared.heads.class_names == ('a', 'b', 'c')


@pytest.mark.parametrize(('error', 'is_taken'), [(1.005, True), (1.02, False)])
def test_metadata_may_be_rounded_but_not_wrong(error, is_taken, rng, tmp_path):
    told = np.round(ANCHORS * np.float64(error), 3)
    spec = Spec(metadata={'anchors': str(told.tolist())})
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    if is_taken:
        # What the network decodes with is more exact.
        np.testing.assert_array_equal(prepare(path).heads.anchors, ANCHORS)
    else:
        with pytest.raises(GraphError, match=r"'anchors' says 10\.2 13\.26"):
            prepare(path)


def test_names_are_never_invented(rng, tmp_path):
    prepared = prepare(network(tmp_path / 'tiny.onnx', Spec(num_classes=80), rng))
    assert prepared.heads.class_names == ()
    assert 'names' not in metadata(prepared.cut)


@pytest.mark.parametrize(('given', 'written'), [(4, 4), (7, 7), (8, 8), (10, 8)])
def test_ir_version_is_one_that_old_parsers_read(given, written, rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(ir_version=given), rng)
    prepared = prepare(path)
    assert (prepared.cut.ir_version, prepared.model.ir_version) == (written, written)


def test_ir_version_stays_one_that_the_operator_set_belongs_to(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(ir_version=10, opset=21), rng)
    assert prepare(path).cut.ir_version == 10


SAME_BYTES = """\
import hashlib, sys
from pathlib import Path
from yolotrt_ros.trt.onnx_surgery import prepare
prepared = prepare(Path(sys.argv[1]))
for model in (prepared.cut, prepared.model):
    print(hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest())
"""


def test_the_same_file_gives_the_same_bytes_in_every_process(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(is_dynamic=True, raw='5d'), rng)
    prints = {
        subprocess.run(
            [sys.executable, '-c', SAME_BYTES, str(path)],
            env={'PYTHONHASHSEED': seed, 'PYTHONPATH': str(Path(__file__).parents[2])},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ('1', '2')
    }
    assert len(prints) == 1
    cut, model = prints.pop().split()
    assert cut != model


@pytest.mark.parametrize('form', ['cut', 'model'])
@pytest.mark.parametrize('head', ['conv', 'quantised', 'sigmoid', 'composed'])
def test_what_was_prepared_can_be_prepared_again(head, form, rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(anchors=OTHER_ANCHORS, head=head), rng)
    divisions = [node.name for node in onnx.load(path).graph.node if node.op_type == 'Div']
    first = prepare(path, heads=divisions)
    again = tmp_path / 'again.onnx'
    onnx.save(getattr(first, form), str(again))
    second = prepare(again)
    check_cut(again, second)
    np.testing.assert_array_equal(second.heads.anchors, first.heads.anchors)
    images = rng.random((1, 3, 96, 160), np.float32)
    one, other = run(first.cut, images), run(second.cut, images)
    for name in ('p3', 'p4', 'p5'):
        np.testing.assert_allclose(one[name], other[name], atol=1e-6)


def test_identity_behind_a_head_is_not_doubled(rng, tmp_path):
    """As in a network that was cut behind a quantised sigmoid."""

    def add_identities(model):
        for node in [node for node in model.graph.node if node.op_type == 'Sigmoid'][-3:]:
            name = node.output[0]
            node.output[0] = f'{name}_inner'
            end = onnx.helper.make_node('Identity', [f'{name}_inner'], [name], f'{name}/Identity')
            model.graph.node.append(end)

    first = prepare(network(tmp_path / 'tiny.onnx', Spec(), rng))
    again = tmp_path / 'again.onnx'
    onnx.save(first.cut, str(again))
    second = prepare(changed(again, add_identities))
    check_cut(again, second)
    assert op_types(second.cut)[-4:] == ['Sigmoid', 'Identity', 'Identity', 'Identity']


def test_threshold_of_a_prepared_network_is_not_changed_in_silence(rng, tmp_path):
    first = prepare(network(tmp_path / 'tiny.onnx', Spec(), rng), score_threshold=0.2)
    again = tmp_path / 'again.onnx'
    onnx.save(first.model, str(again))
    with pytest.raises(GraphError, match=r'drops scores below 0\.2, but 0\.01 is asked for'):
        prepare(again)
    assert YoloNode.of(prepare(again, score_threshold=0.2).model).score_threshold == np.float32(
        0.2
    )


def test_quantised_networks_are_told_from_others(rng, tmp_path):
    for head, expected in (('quantised', True), ('conv', False)):
        path = network(tmp_path / 'tiny.onnx', Spec(head=head), rng)
        prepared = prepare(path)
        assert is_quantized(onnx.load(path)) is expected
        assert is_quantized(prepared.cut) is expected
        assert is_quantized(prepared.model) is expected


# Given by hand


def convolutions(path):
    """Return the detection convolutions by node and by tensor, finest level first."""
    nodes = [node for node in onnx.load(path).graph.node if node.op_type == 'Conv'][1::2]
    return [node.name for node in nodes], [node.output[0] for node in nodes]


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


# Forms of files


def changed(path, change):
    model = onnx.load(path)
    change(model)
    onnx.save(model, str(path))
    return path


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


def rename(model, old, new):
    for item in model.graph.initializer:
        item.name = new if item.name == old else item.name
    for node in model.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = new if name == old else name


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


# What does not fit


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
        'must be three convolutions, one for each level, but are\n  Conv /Conv_',
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
