# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What graph surgery writes: node, outputs, metadata, versions, the same bytes each time."""

import ast
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx
import onnxruntime as ort

from test.networks import ANCHORS
from test.trt.models import (
    changed,
    flat,
    metadata,
    op_types,
    OTHER_ANCHORS,
    run,
)
from test.trt.yolov5_decodings import network
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.onnx_surgery import is_quantized, prepare
from yolotrt_ros.trt.surgery_check import check_cut
from yolotrt_ros.trt.yolo_node import YoloNode


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


def needs_ir_version(version):
    if version > 8 and tuple(map(int, ort.__version__.split('.')[:2])) < (1, 18):
        pytest.skip(f'ONNX Runtime {ort.__version__} reads no IR version {version}')


@pytest.mark.parametrize(('given', 'written'), [(4, 4), (7, 7), (8, 8), (10, 8)])
def test_ir_version_is_one_that_old_parsers_read(given, written, rng, tmp_path):
    needs_ir_version(given)
    path = network(tmp_path / 'tiny.onnx', Spec(ir_version=given), rng)
    prepared = prepare(path)
    assert (prepared.cut.ir_version, prepared.model.ir_version) == (written, written)


def test_ir_version_stays_one_that_the_operator_set_belongs_to(rng, tmp_path):
    needs_ir_version(10)
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


def test_node_tells_the_anchors_where_the_metadata_was_lost(rng, tmp_path):
    model = prepare(network(tmp_path / 'tiny.onnx', Spec(), rng)).model
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / 'bare.onnx'))
    np.testing.assert_array_equal(prepare(tmp_path / 'bare.onnx').heads.anchors, ANCHORS)


def test_identity_behind_a_head_is_left_out(rng, tmp_path):

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
    assert op_types(second.cut) == op_types(first.cut)


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
