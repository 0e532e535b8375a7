# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that put out boxes with a class id: what is a candidate, and what is not read."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.decode import decode
from yolotrt_ros.core.errors import DetectionError
from yolotrt_ros.core.heads import Head, HeadLayout, PLUGIN_OUTPUTS

NUM_CLASSES = 4
HEADS = [head for head in Head if head.holds_class_ids]
COUNTED = [Head.PLUGIN, Head.EFFICIENT_NMS]


def layout_of(head, num_classes=NUM_CLASSES):
    names = ('output0',) if head is Head.END_TO_END else PLUGIN_OUTPUTS
    return HeadLayout(head, num_classes, names, ())


def outputs_of(head, rows, *, capacity=None, dtype=np.float32):
    """Lay out rows of x1 y1 x2 y2 score class as the network does, with rubbish behind them."""
    rows = np.asarray(rows, np.float64).reshape(-1, 6)
    if head is Head.END_TO_END:
        return [rows.astype(dtype)]
    padding = (capacity or len(rows) + 3) - len(rows)
    counts = np.array([len(rows)], np.int32)
    padded = np.concatenate([rows, np.full((padding, 6), 0.99)]).astype(dtype)
    classes = np.concatenate([rows[:, 5], np.full(padding, 2)]).astype(np.int32)
    return [counts, padded[:, :4], padded[:, 4], classes]


def random_rows(rng, count):
    corners = rng.uniform(0, 60, (count, 2))
    sizes = rng.uniform(1, 30, (count, 2))
    scores = rng.uniform(0, 1, (count, 1))
    class_ids = rng.integers(0, NUM_CLASSES, (count, 1))
    return np.concatenate([corners, corners + sizes, scores, class_ids], axis=1)


def rows_of(found):
    columns = [found.boxes_xyxy, found.scores[:, None], found.class_ids[:, None]]
    return np.concatenate(columns, axis=1).tolist()


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize('head', HEADS)
def test_rows_that_reach_the_threshold_are_the_candidates(head, dtype, rng):
    for count in (0, 1, 2, 63, 300):
        rows = random_rows(rng, count).astype(dtype)
        found = decode(outputs_of(head, rows, dtype=dtype), layout_of(head), 0.3)
        single = rows.astype(np.float32)
        assert rows_of(found) == single[single[:, 4] >= np.float32(0.3)].tolist()
        assert found.num_nonfinite == 0


@given(st.sampled_from(HEADS), st.integers(0, 20), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_lower_threshold_only_adds_candidates(head, count, threshold, seed):
    outputs = outputs_of(head, random_rows(np.random.default_rng(seed), count))
    everything = rows_of(decode(outputs, layout_of(head), 0.0))
    found = rows_of(decode(outputs, layout_of(head), threshold))
    assert len(everything) == count
    assert found == [row for row in everything if row[4] >= np.float32(threshold)]


@pytest.mark.parametrize('head', HEADS)
def test_threshold_is_inclusive(head):
    outputs = outputs_of(head, [[1, 2, 3, 4, 0.25, 1]])
    assert len(decode(outputs, layout_of(head), 0.25)) == 1
    assert len(decode(outputs, layout_of(head), 0.25 + 2**-20)) == 0


@pytest.mark.parametrize('head', COUNTED)
def test_what_lies_behind_the_count_is_not_read(head):
    outputs = outputs_of(head, [[1, 2, 3, 4, 0.5, 1]], capacity=100)
    found = decode(outputs, layout_of(head), 0.0)
    assert rows_of(found) == [[1, 2, 3, 4, 0.5, 1]]
    outputs[1][1:] = np.nan
    outputs[2][1:] = np.nan
    outputs[3][1:] = -1
    found = decode(outputs, layout_of(head), 0.0)
    assert (len(found), found.num_nonfinite) == (1, 0)


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize('place', range(5), ids=['x1', 'y1', 'x2', 'y2', 'score'])
@pytest.mark.parametrize('head', HEADS)
def test_nonfinite_row_is_counted_and_not_put_out(head, place, bad):
    rows = np.array([[1, 2, 3, 4, 0.9, 1], [5, 6, 7, 8, 0.5, 2]])
    rows[0, place] = bad
    found = decode(outputs_of(head, rows), layout_of(head), 0.25)
    assert rows_of(found) == rows[1:].tolist()
    # Minus infinity is no score to be afraid of: it only loses.
    assert found.num_nonfinite == (0 if place == 4 and bad == -np.inf else 1)


@pytest.mark.parametrize('class_id', [-1, NUM_CLASSES, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize('head', HEADS)
def test_row_of_a_class_that_the_network_does_not_have_is_counted(head, class_id):
    rows = [[1, 2, 3, 4, 0.9, class_id], [5, 6, 7, 8, 0.5, NUM_CLASSES - 1]]
    found = decode(outputs_of(head, rows), layout_of(head), 0.25)
    assert rows_of(found) == [rows[1]]
    assert found.num_nonfinite == 1


@pytest.mark.parametrize('class_id', [np.nan, np.inf, -np.inf, -0.5])
def test_class_id_that_is_not_a_number_is_counted(class_id):
    found = decode(
        outputs_of(Head.END_TO_END, [[1, 2, 3, 4, 0.9, class_id]]),
        layout_of(Head.END_TO_END),
        0.25,
    )
    assert (len(found), found.num_nonfinite) == (0, 1)


@pytest.mark.parametrize('head', HEADS)
def test_bad_row_below_the_threshold_does_not_count(head):
    rows = [[np.nan, 2, 3, 4, 0.1, 1], [1, 2, 3, 4, 0.1, 77]]
    found = decode(outputs_of(head, rows), layout_of(head), 0.25)
    assert (len(found), found.num_nonfinite) == (0, 0)


@pytest.mark.parametrize('head', COUNTED)
def test_outputs_may_be_full(head):
    rows = [[1, 2, 3, 4, 0.5, 1], [5, 6, 7, 8, 0.25, 2]]
    assert rows_of(decode(outputs_of(head, rows, capacity=2), layout_of(head), 0.0)) == rows


@pytest.mark.parametrize('count', [-1, 6, 2**31 - 1])
@pytest.mark.parametrize('head', COUNTED)
def test_count_outside_the_outputs_is_refused(head, count):
    outputs = outputs_of(head, random_rows(np.random.default_rng(0), 2), capacity=5)
    outputs[0][0] = count
    with pytest.raises(DetectionError, match=rf'put out {count} candidates, but has room for 5'):
        decode(outputs, layout_of(head), 0.25)
