# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of class scores against plain loops in double precision, one candidate at a time."""

from itertools import pairwise
import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.decode import decode, sigmoid
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.heads import Head, HeadLayout, num_cells

NETWORK_WH = (96, 64)
STRIDES = (8, 16, 32)
ANCHORS = np.arange(10, 28, dtype=np.float32).reshape(3, 3, 2)
NUM_CELLS = num_cells(NETWORK_WH, STRIDES)
SCORE_HEADS = [head for head in Head if not head.holds_class_ids]
NUM_CANDIDATES = {head: NUM_CELLS * (1 if head is Head.YOLOV8 else 3) for head in SCORE_HEADS}


def layout_of(head, num_classes=4, *, has_sigmoid=True):
    raw = head is Head.RAW_HEADS
    names = ('p3', 'p4', 'p5') if raw else ('output0',)
    anchors = ANCHORS if raw else None
    return HeadLayout(head, num_classes, names, STRIDES, anchors, has_sigmoid)


def reference_box(cx, cy, w, h):
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def reference_yolov5(output, threshold):
    """Return rows of x1 y1 x2 y2 score class."""
    found = []
    for row in output.tolist():
        best = max(range(len(row) - 5), key=lambda index: row[5 + index])
        score = row[4] * row[5 + best]
        if score >= threshold:
            found.append((*reference_box(*row[:4]), score, best))
    return found


def reference_yolov8(output, threshold):
    found = []
    for column in output.T.tolist():
        best = max(range(len(column) - 4), key=lambda index: column[4 + index])
        if column[4 + best] >= threshold:
            found.append((*reference_box(*column[:4]), column[4 + best], best))
    return found


def reference_raw_heads(heads, threshold):
    found = []
    for head, anchors, stride in zip(heads, ANCHORS.tolist(), STRIDES, strict=True):
        channels, height, width = head.shape
        per_anchor = channels // 3
        for index, (anchor_width, anchor_height) in enumerate(anchors):
            for y in range(height):
                for x in range(width):
                    cell = head[index * per_anchor : (index + 1) * per_anchor, y, x].tolist()
                    cx = (2 * cell[0] - 0.5 + x) * stride
                    cy = (2 * cell[1] - 0.5 + y) * stride
                    w = (2 * cell[2]) ** 2 * anchor_width
                    h = (2 * cell[3]) ** 2 * anchor_height
                    row = np.array([[cx, cy, w, h, *cell[4:]]])
                    found += reference_yolov5(row, threshold)
    return found


REFERENCES = {
    Head.YOLOV5: lambda outputs, threshold: reference_yolov5(outputs[0], threshold),
    Head.YOLOV8: lambda outputs, threshold: reference_yolov8(outputs[0], threshold),
    Head.RAW_HEADS: reference_raw_heads,
}


def random_outputs(head, rng, num_classes=4, dtype=np.float32):
    """Make values such as a network puts out after its sigmoid."""
    if head is Head.RAW_HEADS:
        shapes = [(3 * (5 + num_classes), NETWORK_WH[1] // s, NETWORK_WH[0] // s) for s in STRIDES]
        return [rng.uniform(0, 1, shape).astype(dtype) for shape in shapes]
    boxes = rng.uniform(0, 96, (NUM_CANDIDATES[head], 4))
    scores = rng.uniform(0, 1, (len(boxes), num_classes + (head is Head.YOLOV5)))
    rows = np.concatenate([boxes, scores], axis=1).astype(dtype)
    return [rows if head is Head.YOLOV5 else np.ascontiguousarray(rows.T)]


def rows_of(detections):
    columns = [detections.boxes_xyxy, detections.scores[:, None], detections.class_ids[:, None]]
    return np.concatenate([column.astype(np.float64) for column in columns], axis=1)


def assert_same_candidates(found, expected):
    """Compare as sets: for every row of one there is just one close row of the other."""
    actual, expected = rows_of(found), np.array(expected).reshape(-1, 6)
    assert len(actual) == len(expected)
    if len(expected) == 0:
        return
    distances = np.abs(actual[:, np.newaxis] - expected).max(axis=2)
    assert sorted(distances.argmin(axis=1)) == list(range(len(expected)))
    np.testing.assert_allclose(actual, expected[distances.argmin(axis=1)], rtol=1e-5, atol=1e-4)


def clear_threshold(outputs, head, lowest):
    """Find a threshold that no score meets to within rounding."""
    scores = sorted(row[4] for row in REFERENCES[head](outputs, 0))
    gaps = [(b - a, (a + b) / 2) for a, b in pairwise(scores) if a > lowest]
    return max(gaps)[1]


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize('head', SCORE_HEADS)
def test_candidates_are_those_of_the_plain_loops(head, dtype, rng):
    for num_classes in (1, 2, 7):
        outputs = random_outputs(head, rng, num_classes, dtype)
        threshold = clear_threshold(outputs, head, lowest=0.3)
        expected = REFERENCES[head]([output.astype(np.float64) for output in outputs], threshold)
        found = decode(outputs, layout_of(head, num_classes), threshold)
        assert 0 < len(expected) < NUM_CANDIDATES[head]
        assert_same_candidates(found, expected)
        assert found.num_nonfinite == 0


@pytest.mark.parametrize('head', SCORE_HEADS)
def test_every_candidate_is_found_at_threshold_zero(head, rng):
    outputs = random_outputs(head, rng)
    found = decode(outputs, layout_of(head), 0.0)
    assert len(found) == NUM_CANDIDATES[head]
    assert_same_candidates(found, REFERENCES[head](outputs, 0.0))


@pytest.mark.parametrize('head', SCORE_HEADS)
def test_nothing_is_found_above_the_best_score(head, rng):
    outputs = [output * np.float32(0.5) for output in random_outputs(head, rng)]
    found = decode(outputs, layout_of(head), 0.6)
    assert len(found) == 0
    assert found.boxes_xyxy.shape == (0, 4)
    assert (found.boxes_xyxy.dtype, found.class_ids.dtype) == (np.float32, np.int32)


def test_threshold_is_inclusive():
    # Products of powers of two are exact, so these scores are exactly the threshold.
    row = np.array([[10, 10, 4, 4, 0.5, 0.5, 0.25]], np.float32)
    at, above = (
        decode([row], layout_of(Head.YOLOV5, 2), t) for t in (0.25, np.nextafter(0.25, 1))
    )
    assert len(at) == len(above) == 1  # one step of double precision is none of single
    assert len(decode([row], layout_of(Head.YOLOV5, 2), 0.25 + 2**-20)) == 0
    column = np.array([[10, 10, 4, 4, 0.125, 0.25]], np.float32).T
    assert len(decode([column], layout_of(Head.YOLOV8, 2), 0.25)) == 1
    assert len(decode([column], layout_of(Head.YOLOV8, 2), 0.25 + 2**-20)) == 0


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize('threshold', [0.1, 0.25, 0.3, 0.7])
def test_score_equal_to_the_threshold_in_its_own_precision_is_not_lost_early(threshold, dtype):
    # The first filter compares in the precision of the output and must never be the stricter one.
    score = np.nextafter(dtype(threshold), dtype(1))
    row = np.array([[10, 10, 4, 4, score, 1]], dtype)
    column = np.array([[10, 10, 4, 4, score]], dtype).T
    assert len(decode([row], layout_of(Head.YOLOV5, 1), threshold)) == 1
    assert len(decode([column], layout_of(Head.YOLOV8, 1), threshold)) == 1


def test_first_of_two_equal_classes_wins():
    row = np.array([[10, 10, 4, 4, 1, 0.25, 0.5, 0.5]], np.float32)
    assert decode([row], layout_of(Head.YOLOV5, 3), 0.1).class_ids.tolist() == [1]
    column = np.array([[10, 10, 4, 4, 0.25, 0.5, 0.5]], np.float32).T
    assert decode([column], layout_of(Head.YOLOV8, 3), 0.1).class_ids.tolist() == [1]


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize(
    'place', range(7), ids=['cx', 'cy', 'w', 'h', 'objectness', 'class0', 'class1']
)
def test_nonfinite_value_of_yolov5_is_counted_and_not_put_out(place, bad):
    rows = np.array([[10, 10, 4, 4, 0.9, 0.9, 0.8], [30, 30, 6, 6, 0.9, 0.7, 0.9]], np.float32)
    rows[0, place] = bad
    found = decode([rows], layout_of(Head.YOLOV5, 2), 0.25)
    assert np.isfinite(rows_of(found)).all()
    assert found.class_ids[-1] == 1  # the sound row is there
    # Minus infinity is no score to be afraid of: it only loses.
    loses = bad == -np.inf and place >= 4
    assert found.num_nonfinite == (0 if loses else 1)


@pytest.mark.parametrize('bad', [np.nan, np.inf], ids=str)
@pytest.mark.parametrize('place', range(6), ids=['cx', 'cy', 'w', 'h', 'class0', 'class1'])
def test_nonfinite_value_of_yolov8_is_counted_and_not_put_out(place, bad):
    columns = np.array([[10, 10, 4, 4, 0.9, 0.8], [30, 30, 6, 6, 0.7, 0.9]], np.float32).T
    columns[place, 0] = bad
    found = decode([columns], layout_of(Head.YOLOV8, 2), 0.25)
    assert found.boxes_xyxy.tolist() == [[27, 27, 33, 33]]
    assert found.num_nonfinite == 1


@pytest.mark.parametrize('has_sigmoid', [True, False])
def test_nan_in_a_raw_head_is_counted_and_not_put_out(has_sigmoid, rng):
    heads = [np.full_like(head, -9) for head in random_outputs(Head.RAW_HEADS, rng)]
    heads[1][4, 1, 2] = np.nan
    found = decode(heads, layout_of(Head.RAW_HEADS, has_sigmoid=has_sigmoid), 0.25)
    assert len(found) == 0
    assert found.num_nonfinite == 1


@pytest.mark.parametrize('head', SCORE_HEADS)
def test_output_of_nothing_but_nan_gives_nothing(head, rng):
    outputs = [np.full_like(output, np.nan) for output in random_outputs(head, rng)]
    found = decode(outputs, layout_of(head), 0.0)
    assert len(found) == 0
    assert found.num_nonfinite == NUM_CANDIDATES[head]


def test_box_that_overflows_single_precision_is_counted():
    row = np.array([[3e38, 10, 3e38, 4, 1, 1]], np.float32)
    found = decode([row], layout_of(Head.YOLOV5, 1), 0.25)
    assert (len(found), found.num_nonfinite) == (0, 1)


def test_half_precision_that_overflows_is_counted():
    row = np.array([[10, 10, 4, 70000, 1, 1]], np.float32)
    with np.errstate(over='ignore'):
        half = row.astype(np.float16)
    found = decode([half], layout_of(Head.YOLOV5, 1), 0.25)
    assert (len(found), found.num_nonfinite) == (0, 1)


def test_logits_decode_as_their_sigmoids(rng):
    logits = [rng.normal(0, 3, h.shape) for h in random_outputs(Head.RAW_HEADS, rng)]
    after = [1 / (1 + np.exp(-head)) for head in logits]
    threshold = clear_threshold(after, Head.RAW_HEADS, lowest=0.3)
    found = decode(
        [head.astype(np.float32) for head in logits],
        layout_of(Head.RAW_HEADS, has_sigmoid=False),
        threshold,
    )
    assert len(found) > 0
    assert_same_candidates(found, reference_raw_heads(after, threshold))


def test_one_cell_of_a_raw_head_worked_out_by_hand():
    heads = [np.zeros((18, 64 // s, 96 // s), np.float32) for s in STRIDES]
    # Level 1 (stride 16), anchor 2, row 3, column 5; the anchor is 20 by 21 pixels.
    heads[1][12:18, 3, 5] = 0.75, 0.25, 0.5, 1.0, 0.8, 0.5
    found = decode(heads, layout_of(Head.RAW_HEADS, 1), 0.1)
    # cx = (1.5 - 0.5 + 5) * 16 = 96, cy = (0.5 - 0.5 + 3) * 16 = 48, w = 20, h = 4 * 21.
    assert found.boxes_xyxy.tolist() == [[86, 6, 106, 90]]
    assert found.scores.tolist() == pytest.approx([0.4])


def test_raw_heads_without_anchors_are_refused():
    layout = HeadLayout(Head.RAW_HEADS, 1, ('p3', 'p4', 'p5'), STRIDES)
    with pytest.raises(ValueError, match='raw heads need anchors'):
        decode([np.zeros((18, 1, 1), np.float32)] * 3, layout, 0.25)


@given(st.lists(st.floats(-200, 200, width=32), max_size=30))
def test_sigmoid_is_the_formula_in_double_precision(values):
    exact = [1 / (1 + math.exp(-value)) for value in values]
    ours = sigmoid(np.array(values, np.float32))
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, exact, rtol=0, atol=1.2e-7)


def test_sigmoid_of_huge_values_does_not_overflow():
    values = np.array([-np.inf, -65504, 65504, np.inf, np.nan], np.float16)
    np.testing.assert_array_equal(sigmoid(values), np.array([0, 0, 1, 1, np.nan], np.float32))


def test_empty_detections_are_what_decoding_gives_for_no_rows():
    found = decode([np.empty((0, 9), np.float32)], layout_of(Head.YOLOV5), 0.25)
    assert rows_of(found).shape == rows_of(Detections.empty()).shape == (0, 6)
