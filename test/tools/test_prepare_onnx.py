# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros prepare_onnx``."""

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx

from test.networks import ANCHORS
from test.trt.yolov5_decodings import network
from test.trt.yolov5_graphs import Spec
from yolotrt_ros.core.errors import ConfigError, GraphError
from yolotrt_ros.tools.prepare_onnx import main
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.yolo_node import YoloNode

NAMES = {'names': "['apple', 'pear', 'plum']"}


@pytest.fixture
def model(rng, tmp_path):
    return network(tmp_path / 'tiny.onnx', Spec(metadata=NAMES), rng)


def outputs(path):
    return [item.name for item in onnx.load(path).graph.output]


def test_it_says_what_it_found_and_writes_the_network(model, tmp_path, capsys):
    assert main([str(model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        'input     images [1, 3, 96, 160]',
        'classes   3: apple, pear, plum',
        'stride 8  /Conv_4, anchors 10x13 16x30 33x23',
        'stride 16 /Conv_28, anchors 30x61 62x45 59x119',
        'stride 32 /Conv_52, anchors 116x90 156x198 373x326',
    ]
    assert lines[5].startswith('check     1890 boxes at 160x96 agree with ')
    target = tmp_path / 'tiny_plugin.onnx'
    assert lines[6].startswith(f'written   {target} (DecodeNumDetection, ')
    assert len(lines) == 7
    assert target.read_bytes() == prepare(model).model.SerializeToString(deterministic=True)


def test_cut_only_ends_in_the_heads(model, tmp_path, capsys):
    assert main([str(model), '--cut-only']) == 0
    assert '(p3, p4, p5)' in capsys.readouterr().out
    target = tmp_path / 'tiny_cut.onnx'
    assert outputs(target) == ['p3', 'p4', 'p5']
    onnx.checker.check_model(onnx.load(target))
    # The rest of the way starts from there.
    assert main([str(target)]) == 0
    assert YoloNode.of(onnx.load(tmp_path / 'tiny_cut_plugin.onnx')).anchors.tolist() == (
        ANCHORS.tolist()
    )


def test_everything_can_be_given_by_hand(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(decoding='', raw='4d'), rng)
    target = tmp_path / 'out.onnx'
    sides = [str(side) for side in (np.ravel(ANCHORS) * 2).tolist()]
    heads = [node.name for node in onnx.load(path).graph.node if node.op_type == 'Conv'][1::2]
    by_hand = ['--heads', *heads[::-1], '--anchors', *sides, '--strides', '8', '16', '32']
    assert main([str(path), '-o', str(target), *by_hand, '--score-threshold', '0.2']) == 0
    node = YoloNode.of(onnx.load(target))
    assert node.anchors.tolist() == (ANCHORS * 2).tolist()
    assert node.score_threshold == np.float32(0.2)


def test_long_lists_of_names_are_shortened(rng, tmp_path, capsys):
    names = [f'class{index}' for index in range(20)]
    spec = Spec(num_classes=20, metadata={'names': str(names)}, head='quantised')
    main([str(network(tmp_path / 'tiny.onnx', spec, rng))])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == 'classes   20: class0, class1, class2, class3, class4, …'
    assert lines[5] == 'quantised yes, by QuantizeLinear nodes'


def test_network_without_names_says_so(rng, tmp_path, capsys):
    main([str(network(tmp_path / 'tiny.onnx', Spec(), rng))])
    assert 'classes   3: the file has no names' in capsys.readouterr().out


def test_nothing_is_written_when_the_network_does_not_fit(rng, tmp_path):
    path = network(tmp_path / 'tiny.onnx', Spec(decoding='exponential'), rng)
    target = tmp_path / 'out.onnx'
    target.write_bytes(b'kept')
    with pytest.raises(GraphError, match='is not decoded as YOLOv5 is'):
        main([str(path), '-o', str(target)])
    assert target.read_bytes() == b'kept'


def test_older_output_is_replaced_and_nothing_else_left(model, tmp_path):
    target = tmp_path / 'out.onnx'
    target.write_bytes(b'old')
    main([str(model), '-o', str(target)])
    assert outputs(target)[0] == 'DecodeNumDetection'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out.onnx', 'tiny.onnx']


def test_the_network_itself_is_not_overwritten(model, tmp_path):
    before = model.read_bytes()
    with pytest.raises(ConfigError, match='is the network itself; give another file'):
        main([str(model), '-o', str(tmp_path / '.' / 'tiny.onnx')])
    assert model.read_bytes() == before


def test_folder_that_is_not_there_is_explained(model, tmp_path):
    with pytest.raises(ConfigError, match=r'no/out\.onnx.* cannot be written'):
        main([str(model), '-o', str(tmp_path / 'no' / 'out.onnx')])


@pytest.mark.parametrize(
    'arguments',
    [
        [],
        ['--heads', 'a', 'b'],
        ['--anchors', '1', '2'],
        ['--strides', '8'],
        ['--score-threshold', 'x'],
    ],
)
def test_wrong_call_ends_with_status_2(arguments, model, capsys):
    given = [str(model), *arguments] if arguments else []
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert 'usage: yolotrt_ros prepare_onnx' in capsys.readouterr().err
