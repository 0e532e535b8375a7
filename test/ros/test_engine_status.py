# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of the loaded network."""

import pytest

pytest.importorskip('diagnostic_msgs')

from yolotrt_ros.core.engine_facts import EngineFacts
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.ros.engine_status import engine_status
from yolotrt_ros.ros.status import OK

pytestmark = pytest.mark.ros

INFO = NetworkInfo('a.engine', 'TensorRT 10.3.0, Orin', (640, 384), 4, ('cone',), 'PLUGIN', 0.01)
ITSELF = {
    'file': 'a.engine',
    'backend': 'TensorRT 10.3.0, Orin',
    'network size': '640x384',
    'largest batch': '4',
    'head': 'PLUGIN',
    'score floor': '0.01',
}
FACTS = EngineFacts(
    onnx_path='/models/a.onnx',
    precision='int8',
    tensorrt_version='10.3.0',
    gpu='Orin (compute capability 8.7)',
    has_plugin=True,
    created='2026-11-20T12:00:00+00:00',
    figures={'build_seconds': 373.0, 'verification': {'recall': 0.99}},
)


def test_network_without_a_card_tells_of_itself():
    made = engine_status('detector: engine', INFO, None, 'cpu')
    assert (made.level, made.message) == (OK, 'loaded')
    assert {pair.key: pair.value for pair in made.values} == ITSELF


def test_card_tells_how_the_engine_was_built():
    made = engine_status('detector: engine', INFO, FACTS, 'Orin')
    assert (made.level, made.message) == (OK, 'loaded, int8')
    assert {pair.key: pair.value for pair in made.values} == {
        **ITSELF,
        'precision': 'int8',
        'built from': '/models/a.onnx',
        'built with TensorRT': '10.3.0',
        'built on': 'Orin (compute capability 8.7)',
        'decode plugin': 'yes',
        'created': '2026-11-20T12:00:00+00:00',
        'figures.build_seconds': '373',
        'figures.verification.recall': '0.99',
    }
