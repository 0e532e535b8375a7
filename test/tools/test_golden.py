# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Golden files: written the same every time, read without loss, refused with reasons."""

from dataclasses import replace
import json

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.tools.golden_files import frame_of, golden_of, NAMES, random_detections
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.golden import GoldenFrame, read_golden, write_golden

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
rows = st.lists(st.tuples(floats, floats, floats, floats, floats, st.integers(0, 2)), max_size=5)


@given(rows=rows, stamp_ns=st.integers(-(2**31) * 10**9, 2**31 * 10**9), topic=st.text())
def test_every_bit_comes_back(tmp_path_factory, rows, stamp_ns, topic):
    table = np.array([row[:5] for row in rows], np.float32).reshape(-1, 5)
    found = Detections(table[:, :4], table[:, 4], np.array([row[5] for row in rows], np.int32))
    path = tmp_path_factory.mktemp('golden') / 'golden.json'
    golden = golden_of([GoldenFrame.of(topic, stamp_ns, found, NAMES)])
    write_golden(path, golden)
    assert read_golden(path) == golden
    [frame] = read_golden(path).frames
    scores = np.array([item.score for item in frame.detections], np.float32)
    boxes = np.array([item.xyxy for item in frame.detections], np.float32).reshape(-1, 4)
    np.testing.assert_array_equal(scores, found.scores)
    np.testing.assert_array_equal(boxes, found.boxes_xyxy)


def test_one_line_holds_one_object(tmp_path, rng):
    path = tmp_path / 'golden.json'
    found = random_detections(rng, 4)
    write_golden(path, golden_of([frame_of(found), frame_of(Detections.empty(), 1)]))
    lines = path.read_text().splitlines()
    objects = [json.loads(line.rstrip(',')) for line in lines if '"class_name"' in line]
    assert [item['class_name'] for item in objects] == [NAMES[i] for i in found.class_ids]
    # The shortest text of a float32, not the long one of the float64 nearest to it.
    assert [item['score'] for item in objects] == [float(str(score)) for score in found.scores]
    assert max(len(str(item['score'])) for item in objects) <= 12
    assert '    {"topic": "/image", "stamp_ns": 1, "detections": []}' in lines


def test_a_changed_object_changes_its_line_only(tmp_path, rng):
    found = random_detections(rng, 4)
    texts = []
    for score in (0.5, 0.625):
        scores = found.scores.copy()
        scores[2] = score
        write_golden(
            tmp_path / 'golden.json', golden_of([frame_of(replace(found, scores=scores))])
        )
        texts.append((tmp_path / 'golden.json').read_text().splitlines())
    assert sum(a != b for a, b in zip(*texts, strict=True)) == 1


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (lambda data: '{', 'cannot be read as golden detections'),
        (lambda data: '[]', 'its format_version is None, but must be 1'),
        (lambda data: json.dumps(data | {'format_version': 2}), 'format_version is 2, but must'),
        (lambda data: json.dumps(data | {'frames': {}}), 'frames must be a list'),
        (lambda data: json.dumps(data | {'frames': [{}]}), r'frames\[0\] is no frame'),
        (lambda data: json.dumps(data | {'extra': 1}), 'extra is no known field'),
        (lambda data: json.dumps(data).replace('0.5', '1e999'), 'not finite'),
        (lambda data: json.dumps(data).replace('0.5', 'NaN'), 'NaN is no number in JSON'),
        (lambda data: json.dumps(data).replace('"xyxy": [', '"xyxy": [1, '), 'too many values'),
    ],
)
def test_a_file_that_is_none_is_refused(change, text, tmp_path):
    path = tmp_path / 'golden.json'
    found = Detections(np.ones((1, 4), np.float32), np.float32([0.5]), np.int32([0]))
    write_golden(path, golden_of([frame_of(found)]))
    path.write_text(change(json.loads(path.read_text())))
    with pytest.raises(ConfigError, match=text) as failure:
        read_golden(path)
    assert 'write it with --write-golden' in str(failure.value)


def test_a_missing_file_and_a_folder_that_cannot_be_written_are_named(tmp_path):
    with pytest.raises(
        ConfigError, match=r"parameter 'expect' is .*absent\.json': cannot be read"
    ):
        read_golden(tmp_path / 'absent.json')
    with pytest.raises(ConfigError, match=r"parameter 'write_golden' is .*: cannot be written"):
        write_golden(tmp_path / 'absent' / 'golden.json', golden_of([]))
