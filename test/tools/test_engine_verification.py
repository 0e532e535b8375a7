# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine is compared with, and how the outcome is told."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test import networks
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ModelError
from yolotrt_ros.cpu.host_pipeline import open_onnx
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.demo import DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.tools.engine_verification import (
    check_pictures,
    open_reference,
    verify_without_pictures,
)

NETWORK_WH = (96, 64)
ANCHORS = [str(side) for side in np.ravel(networks.ANCHORS)]


def flat_heads(path, rng):
    """Write a network whose heads are right and whose only output nobody can read."""
    weights = networks.HeadWeights.random(rng, 2)
    shape = (1, 3, 64, 96)
    networks.raw_heads_network(path, weights, has_sigmoid=True, input_shape=shape)
    raw = networks.onnx.load(str(path))
    constants = {item.name: networks.numpy_helper.to_array(item) for item in raw.graph.initializer}
    constants['flat'] = np.array([1, -1], np.int64)
    nodes = list(raw.graph.node)
    for level in range(3):
        names = [f'head{level}', 'flat']
        nodes.append(networks.helper.make_node('Reshape', names, [f'flat{level}']))
    names = [f'flat{level}' for level in range(3)]
    nodes.append(networks.helper.make_node('Concat', names, ['odd'], axis=1))
    return networks.save(path, nodes, constants, ['odd'], input_shape=shape)


def test_network_is_the_reference_as_it_is(tmp_path, rng):
    weights = networks.HeadWeights.random(rng, 2)
    path = networks.decoded_heads_network(tmp_path / 'x.onnx', weights, NETWORK_WH)
    info = open_reference(parse([str(path)])).info
    assert info.head == 'YOLOV5'
    assert info.model_path == str(path)


def test_heads_are_the_reference_where_the_outputs_cannot_be_read(tmp_path, rng):
    words = [str(flat_heads(tmp_path / 'odd.onnx', rng)), '--anchors', *ANCHORS]
    heads = ['--heads', 'logits0', 'logits1', 'logits2']
    info = open_reference(parse([*words, *heads])).info
    assert info.head == 'RAW_HEADS'
    assert info.network_wh == NETWORK_WH
    with pytest.raises(ModelError, match=r'no layout that can be decoded'):
        open_reference(parse([*words, '--no-plugin']))


def test_open_size_is_that_of_the_engine(tmp_path, rng):
    weights = networks.HeadWeights.random(rng, 2)
    path = networks.raw_heads_network(tmp_path / 'x.onnx', weights, has_sigmoid=True)
    words = ['--anchors', *ANCHORS, '--size', '32x32:64x96:96x96']
    assert open_reference(parse([str(path), *words])).info.network_wh == NETWORK_WH


def test_pictures_are_looked_at_before_a_long_build(tmp_path):
    missing = str(tmp_path / 'absent')
    with pytest.raises(MediaError, match=r'absent does not exist'):
        check_pictures(parse(['x.onnx', '--verify', missing]))
    check_pictures(parse(['x.onnx']))


@pytest.fixture(scope='module')
def without_pictures():
    config = DetectorConfig(max_batch=1)
    pipelines = [
        open_onnx(replace(config, onnx_path=str(p))) for p in (HEADS_MODEL, DECODED_MODEL)
    ]
    return verify_without_pictures(*pipelines)


def test_without_pictures_nothing_is_called_good(without_pictures):
    assert without_pictures.figures.num_frames == 16
    assert without_pictures.is_as_expected is None
    assert without_pictures.as_dict()['as_expected'] is None
    text = without_pictures.text()
    assert 'not judged' in text
    assert 'give pictures with --verify PATH' in text
    assert '\nas expected' not in text


def test_outcome_is_told_with_its_reasons(without_pictures):
    good = replace(without_pictures, is_judged=True)
    assert good.is_as_expected
    assert good.text().endswith('\nas expected')
    bad = replace(good, reasons=('everything is missing',))
    assert bad.as_dict()['as_expected'] is False
    assert bad.as_dict()['reasons'] == ['everything is missing']
    assert bad.text().endswith('NOT AS EXPECTED: everything is missing')
