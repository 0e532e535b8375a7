# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The card of an engine: written and read without loss, or refused with its fault."""

from dataclasses import replace
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.trt.cards import FACTS
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.core.heads import Head
from yolotrt_ros.trt.engine_card import (
    card_path,
    EngineCard,
    InputTensor,
    OutputTensor,
)
from yolotrt_ros.trt.precision import Precision

digests = st.text('0123456789abcdef', min_size=64, max_size=64)
texts = st.lists(st.text(), max_size=4).map(tuple)
shapes = st.lists(st.integers(-1, 2**40), max_size=4).map(tuple)
numbers = st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
cards = st.builds(
    lambda plugin, **facts: EngineCard(
        plugin_sha256=plugin[0], plugin_source_digest=plugin[1], **facts
    ),
    plugin=st.just((None, None)) | st.tuples(digests, digests),
    onnx_path=st.text(st.characters(exclude_characters='\0')).map(Path),
    onnx_sha256=digests,
    tensorrt_version=st.lists(st.integers(0, 99), min_size=2).map(lambda n: '.'.join(map(str, n))),
    compute_capability=st.tuples(st.integers(), st.integers()),
    gpu_name=st.text(),
    precision=st.sampled_from(Precision),
    input=st.builds(
        InputTensor,
        name=st.text(),
        dtype=st.text(),
        min_shape=shapes,
        opt_shape=shapes,
        max_shape=shapes,
    ),
    outputs=st.lists(
        st.builds(OutputTensor, name=st.text(), dtype=st.text(), shape=shapes), max_size=4
    ).map(tuple),
    head=st.sampled_from(sorted(Head.__members__)),
    class_names=texts,
    strides=shapes,
    anchors=st.lists(numbers, max_size=18).map(tuple),
    score_threshold=numbers,
    plan_sha256=digests,
    flags=texts,
    build_options=texts,
    figures=st.dictionaries(st.text(), plain, max_size=3),
    created=st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat()),
)


def change_card(engine_path, **changes):
    path = card_path(engine_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@given(card=cards)
def test_nothing_is_lost_on_the_way_through_the_file(card, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / 'lossless.engine'
    card.write(path)
    assert EngineCard.read(path) == card


def test_card_lies_beside_its_engine():
    assert card_path(Path('/a/b.fp16.engine')) == Path('/a/b.fp16.engine.json')


def test_text_has_one_field_a_line(card, tmp_path):
    card.write(tmp_path / 'x.engine')
    lines = (tmp_path / 'x.engine.json').read_text(encoding='utf-8').splitlines()
    assert lines[1] == '  "format_version": 1,'
    assert '  "precision": "fp16",' in lines
    assert '  "class_names": ["person", "Stoßstange"],' in lines
    assert '    {"name": "DecodeNumDetection", "dtype": "int32", "shape": [-1, 1]},' in lines
    assert '    "agreement": {"map50": 0.53}' in lines


def test_failed_write_leaves_the_old_card(card, tmp_path):
    (tmp_path / 'folder').write_text('')
    with pytest.raises(EngineError, match=r'x\.engine\.json cannot be written: .*choose a folder'):
        card.write(tmp_path / 'folder' / 'x.engine')


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'format_version': 2}, 'format_version must be 1, but is 2'),
        ({'format_version': None, 'new': 1}, 'format_version must be 1, but is None'),
        ({'format_version': True}, 'format_version must be 1, but is True'),
        ({'surprise': 1}, 'surprise is no known field'),
        ({'flags': 'FP16'}, "flags must be a list, but is 'FP16'"),
        ({'strides': [8, '16']}, r"strides\[1\] must be a whole number, but is '16'"),
        ({'score_threshold': 'low'}, "score_threshold must be a number, but is 'low'"),
        ({'precision': 'fp8'}, "precision must be one of 'fp32', 'fp16', 'int8', but is 'fp8'"),
        ({'head': 'YOLO99'}, "head must be one of YOLOV5, .*, but is 'YOLO99'"),
        ({'plan_sha256': 'B' * 64}, "plan_sha256 must be 64 hexadecimal digits, but is 'BBB"),
        ({'tensorrt_version': 'ten'}, "tensorrt_version must be a version such as .* is 'ten'"),
        ({'created': '2026-11-20T12:00:00'}, 'created must be a time such as .*12:00:00'),
        ({'created': 'yesterday'}, "created must be a time such as .* but is 'yesterday'"),
        ({'plugin_sha256': None}, 'plugin_sha256 and plugin_source_digest must come together'),
        ({'input': {'name': 'x'}}, r'input\.dtype is missing'),
    ],
)
def test_damaged_card_is_refused_with_the_field(changes, reason, engine_path):
    change_card(engine_path, **changes)
    message = (
        rf'my model\.engine\.json must be the card of an engine in format 1, but {reason}.*; '
        'build the engine again with `ros2 run yolotrt_ros build_engine .*remove the card'
    )
    with pytest.raises(EngineError, match=message):
        EngineCard.read(engine_path)


@pytest.mark.parametrize('name', sorted(set(FACTS) - {'figures'}))
def test_card_without_a_field_is_refused(name, engine_path):
    path = card_path(engine_path)
    facts = json.loads(path.read_text())
    del facts[name]
    path.write_text(json.dumps(facts))
    with pytest.raises(EngineError, match=f'but {name} is missing; build the engine again'):
        EngineCard.read(engine_path)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'Expecting value'),
        (b'{"format_version": 1', 'Expecting .* delimiter'),
        (b'[]', r'it must be an object, but is \[\]'),
        (b'\xff\xfe\x00', ".*codec can't decode"),
        (b'{"format_version": 1, "figures": NaN}', 'NaN is no number in JSON'),
        (b'[' * 100_000, 'it is nested too deeply'),
    ],
)
def test_file_that_is_no_card_is_refused(content, reason, engine_path):
    card_path(engine_path).write_bytes(content)
    with pytest.raises(EngineError, match=f'must be the card .* but {reason}.*build the engine'):
        EngineCard.read(engine_path)


@given(content=st.binary(max_size=300))
def test_any_content_is_read_or_refused(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / 'any.engine'
    card_path(path).write_bytes(content)
    with pytest.raises(EngineError, match='must be the card of an engine'):
        EngineCard.read(path)


def test_missing_card_is_named(tmp_path):
    with pytest.raises(EngineError, match=r'No such file or directory.*x\.engine\.json'):
        EngineCard.read(tmp_path / 'x.engine')


def test_card_is_checked_when_it_is_made(card):
    with pytest.raises(EngineError, match=r'score_threshold must be a finite number, but is nan'):
        replace(card, score_threshold=float('nan'))
    with pytest.raises(EngineError, match=r'figures\.speed must be a number, but is .*0\.5'):
        replace(card, figures={'speed': np.float32(0.5)})
    assert replace(card, flags=['FP16']) == card
