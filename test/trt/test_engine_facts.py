# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the card of an engine says, for people."""

import pytest

from test.trt.cards import FACTS
from yolotrt_ros.core.engine_facts import EngineFacts
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.trt.engine_card import card_path, EngineCard
from yolotrt_ros.trt.engine_facts import read_facts


def test_facts_are_those_of_the_card(tmp_path):
    engine = tmp_path / 'yolov5n.engine'
    EngineCard(**FACTS).write(engine)
    assert read_facts(engine) == EngineFacts(
        onnx_path='/models/yolov5n.onnx',
        precision='fp16',
        tensorrt_version='10.3.0',
        gpu='Orin (compute capability 8.7)',
        has_plugin=True,
        created='2026-11-20T12:00:00+00:00',
        figures={'build_seconds': 373.0, 'agreement': {'map50': 0.53}},
    )


def test_network_without_a_card_has_no_facts(tmp_path):
    assert read_facts(tmp_path / 'yolov5n.onnx') is None


def test_damaged_card_is_refused(tmp_path):
    engine = tmp_path / 'yolov5n.engine'
    card_path(engine).write_text('{}')
    with pytest.raises(EngineError, match=r'must be the card of an engine'):
        read_facts(engine)
