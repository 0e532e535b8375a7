# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The proof that a cut network finds what the original finds: it notices every way to be wrong."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx

from test.networks import ANCHORS
from test.trt.yolov5_decodings import network
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.decode_fit import fit_anchors, settle_anchors, split_levels, TOLERANCES
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.surgery_check import check_cut
from yolotrt_ros.trt.yolo_node import YoloNode

FLOAT32, FLOAT16 = TOLERANCES
TOLD = {'anchors': str(ANCHORS.tolist())}


def copied(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def with_node(prepared, **facts):
    """Write other attributes into the node of the plugin."""
    node = replace(YoloNode.of(prepared.model), **facts)
    return replace(prepared, model=node.appended_to(prepared.cut))


def swap_heads(cut):
    """Make p3 of the convolution of p4, and the other way round."""
    first, second = cut.graph.node[-3:-1]
    first.input[0], second.input[0] = second.input[0], first.input[0]
    for name, item in zip(('p4', 'p3', 'p5'), cut.graph.output, strict=True):
        item.name = name


def add_sigmoids(cut):
    for item, node in zip(cut.graph.output, list(cut.graph.node)[-3:], strict=True):
        node.output[0] = f'{item.name}_once'
        cut.graph.node.append(onnx.helper.make_node('Sigmoid', node.output, [item.name]))


def drop_sigmoids(cut):
    for node in list(cut.graph.node)[-3:]:
        node.op_type = 'Identity'


def change_classes(cut):
    """Change the class scores of the coarsest detection convolution, and nothing else."""
    convolution = [node for node in cut.graph.node if node.op_type == 'Conv'][-1]
    for node in cut.graph.node:
        if node.output[0] == convolution.input[2]:
            values = onnx.numpy_helper.to_array(node.attribute[0].t).copy()
            values.reshape(3, 8)[:, 5:] += 0.5
            node.attribute[0].t.CopyFrom(onnx.numpy_helper.from_array(values))
            return
    for tensor in cut.graph.initializer:
        if tensor.name == convolution.input[2]:
            values = onnx.numpy_helper.to_array(tensor).copy()
            values.reshape(3, 8)[:, 5:] += 0.5
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize('decoding', ['split', ''])
def test_figures_of_a_right_cut(decoding, dtype, rng, tmp_path):
    raw = '' if decoding else '4d'
    spec = Spec(decoding=decoding, raw=raw, dtype=dtype, batch=2, metadata=TOLD)
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    check = check_cut(path, prepared)
    # Two images of 945 boxes, and as many again that the decoding was fed with.
    assert check.num_boxes == (4 if decoding else 2) * 945
    assert check.image_wh == (160, 96)
    assert check.dtype == np.dtype(dtype).name
    assert check.reference == (repr(onnx.load(path).graph.output[0].name) if decoding else 'heads')
    assert 0 < check.num_candidates <= check.num_boxes
    assert check.max_score_difference <= check.score_limit == TOLERANCES[np.dtype(dtype)]
    assert check.max_box_difference_px <= check.box_limit_px
    assert check.box_limit_px >= 160 * check.score_limit
    assert check_cut(path, prepared) == check
    assert check_cut(path, prepared, seed=5) != check


def test_text_is_one_line_with_the_figures(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    check = check_cut(path, prepare(path))
    text = str(replace(check, max_box_difference_px=0.125, max_score_difference=0.0625))
    assert '\n' not in text
    assert text.startswith('1890 boxes at 160x96 agree with ')
    assert 'corners within 0.12 px' in text
    assert 'scores within 0.062' in text
    assert f'the same {check.num_candidates} candidates' in text
    assert text.endswith('candidates')
    assert str(replace(check, num_borderline=3)).endswith('candidates and 3 on the border')


@pytest.mark.parametrize('tamper', [swap_heads, add_sigmoids, drop_sigmoids, change_classes])
@pytest.mark.parametrize('decoding', ['split', ''])
def test_wrong_cut_is_noticed(decoding, tamper, rng, tmp_path):
    # Where nothing is decoded the strides cannot tell two levels apart, but their sizes can.
    spec = Spec(decoding=decoding, raw='' if decoding else '4d', metadata=TOLD)
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    check_cut(path, prepared)
    cut = copied(prepared.cut)
    tamper(cut)
    only_scores = 'after the cut scores of .* differ from those of the original'
    all_figures = 'after the cut corners of .*, scores of .* differ from those of the original'
    message = only_scores if tamper is change_classes else all_figures
    with pytest.raises(GraphError, match=message):
        check_cut(path, replace(prepared, cut=cut))


@pytest.mark.parametrize(
    'facts',
    [
        {'anchors': ANCHORS * np.float32(1.001)},
        {'anchors': ANCHORS[:, ::-1]},
        {'anchors': ANCHORS[..., ::-1]},
        {'max_stride': 64},
    ],
    ids=['larger anchors', 'their order', 'heights for widths', 'stride'],
)
def test_wrong_attribute_of_the_node_is_noticed(facts, rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    prepared = prepare(path)
    with pytest.raises(GraphError, match=r'corners of \d+ of 1890 boxes differ .* --no-plugin'):
        check_cut(path, with_node(prepared, **facts))


def test_wrong_anchor_is_noticed_even_where_no_image_shows_it(rng, tmp_path):
    """The finest head of this network says on every image that there is nothing."""
    path = network(tmp_path / 'tiny.onnx', Spec(), rng)
    model = onnx.load(path)
    convolution = [node for node in model.graph.node if node.op_type == 'Conv'][1]
    sure = onnx.numpy_helper.from_array(np.full(24, -100, np.float32), 'sure')
    model.graph.initializer.append(sure)
    convolution.input[2] = 'sure'
    onnx.save(model, str(path))
    prepared = prepare(path)
    np.testing.assert_array_equal(prepared.heads.anchors, ANCHORS)
    check_cut(path, prepared)
    anchors = ANCHORS.copy()
    anchors[0, 0, 0] *= 1.5
    with pytest.raises(GraphError, match='corners of'):
        check_cut(path, with_node(prepared, anchors=anchors))


def test_border_of_the_candidates_is_as_wide_as_rounding(rng, tmp_path):
    """In float16 some of a thousand scores around the threshold fall to the other side."""
    spec = Spec(decoding='slices', dtype=np.float16, network_wh=(320, 320))
    path = network(tmp_path / 'tiny.onnx', spec, rng)
    prepared = prepare(path)
    check = check_cut(path, with_node(prepared, score_threshold=0.5))
    everything = check_cut(path, with_node(prepared, score_threshold=0.0))
    nothing = check_cut(path, with_node(prepared, score_threshold=1.0))
    assert everything.num_candidates == everything.num_boxes
    assert nothing.num_candidates < check.num_candidates < everything.num_candidates
    assert check.num_borderline < check.num_candidates / 20


def test_original_that_puts_out_no_numbers_cannot_be_compared_with(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(decoding='', raw='4d', metadata=TOLD), rng)
    prepared = prepare(path)
    cut = copied(prepared.cut)
    nan = onnx.numpy_helper.from_array(np.float32(np.nan), 'nan')
    cut.graph.initializer.append(nan)
    node = cut.graph.node[-1]
    node.op_type = 'Mul'
    node.input.append('nan')
    with pytest.raises(GraphError, match='boxes of 945 that are no numbers'):
        check_cut(path, replace(prepared, cut=cut))


# Solving for anchors


def rows_of(heads, anchors, strides):
    """Decode heads by the formulae, in float64; rows of the finest level first."""
    levels = []
    for head, pairs, stride in zip(heads, anchors, strides, strict=True):
        batch, channels, height, width = head.shape
        s = np.moveaxis(head.astype(np.float64).reshape(batch, 3, -1, height, width), 2, -1)
        y, x = np.mgrid[:height, :width]
        decoded = s.copy()
        decoded[..., 0] = (2 * s[..., 0] - 0.5 + x) * stride
        decoded[..., 1] = (2 * s[..., 1] - 0.5 + y) * stride
        decoded[..., 2:4] = (2 * s[..., 2:4]) ** 2 * pairs[:, np.newaxis, np.newaxis]
        levels.append(decoded.reshape(batch, -1, channels // 3))
    return levels


def random_heads(rng):
    return [rng.random((2, 24, 96 // stride, 160 // stride), np.float32) for stride in (8, 16, 32)]


@pytest.mark.parametrize(('dtype', 'error'), [(FLOAT32, 1e-6), (FLOAT16, 3e-4)])
def test_anchors_are_solved_for_from_rounded_boxes(dtype, error, rng):
    heads = random_heads(rng)
    rows = np.concatenate(rows_of(heads, ANCHORS, (8, 16, 32)), axis=1).astype(dtype)
    anchors = fit_anchors(rows, heads, (8, 16, 32), (160, 96), TOLERANCES[dtype])
    np.testing.assert_allclose(anchors, ANCHORS, rtol=error)


@pytest.mark.parametrize('order', [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_levels_are_told_apart_by_their_values(order, rng):
    heads = random_heads(rng)
    levels = rows_of(heads, ANCHORS, (8, 16, 32))
    found = split_levels(np.concatenate([levels[index] for index in order], axis=1), heads)
    for one, other in zip(found, levels, strict=True):
        np.testing.assert_allclose(one.reshape(other.shape), other, rtol=1e-6)


@pytest.mark.parametrize(
    ('column', 'what'),
    [
        (0, 'box centres'),
        (1, 'box centres'),
        (2, 'box sizes'),
        (3, 'box sizes'),
        (4, 'scores'),
        (7, 'scores'),
    ],
)
@pytest.mark.parametrize('wrong', [0.5, np.nan, np.inf])
def test_one_wrong_value_of_thousands_is_named_by_its_column(wrong, column, what, rng):
    heads = random_heads(rng)
    rows = np.concatenate(rows_of(heads, ANCHORS, (8, 16, 32)), axis=1)
    rows[0, 800, column] += wrong
    with pytest.raises(GraphError, match=rf'stride 16 its {what} \(worst in column {column}\)'):
        fit_anchors(rows, heads, (8, 16, 32), (160, 96), TOLERANCES[FLOAT32])


def test_measured_anchors_settle_on_numbers_of_the_graph():
    measured = np.array([10.000004, 12.34567, 99.5])
    constants = [np.array([10, 99], np.float32), np.array([7], np.int64)]
    settled = settle_anchors(measured, constants, 1e-6, 4)
    assert settled.dtype == np.float32
    np.testing.assert_array_equal(settled, np.array([10, 12.35, 99.5], np.float32))


def test_measured_anchors_are_rounded_where_the_graph_has_no_numbers():
    np.testing.assert_array_equal(settle_anchors(np.array([373.00012]), [], 1e-6, 6), [373])
