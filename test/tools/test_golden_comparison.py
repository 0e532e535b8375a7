# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What counts as the same as golden detections, and what does not."""

from dataclasses import replace

import numpy as np
import pytest

from test.tools.golden_files import frame_of, golden_of, golden_of_detections, random_detections
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.tools.golden_comparison import compare, Tolerances

STRICT = Tolerances()


@pytest.fixture
def found(rng):
    return [random_detections(rng) for _ in range(5)]


def outcome(golden, current, tolerances=STRICT):
    return compare(golden, current, tolerances).as_dict()


def with_row(detections, row, **values):
    """Return detections with single values of a row replaced."""
    arrays = {name: getattr(detections, name).copy() for name in values}
    for name, value in values.items():
        arrays[name][row] = value
    return replace(detections, **arrays)


def test_equal_detections_are_the_same(found, rng):
    golden = golden_of_detections(found)
    shuffled = [item[rng.permutation(len(item))] for item in found]
    figures = outcome(golden, golden_of_detections(shuffled))
    assert figures['is_same']
    assert (figures['frames'], figures['matched']) == (5, 60)
    assert (figures['iou_min'], figures['score_change_max'], figures['shift_px_max']) == (1, 0, 0)


def test_nothing_in_both_is_the_same():
    empty = golden_of_detections([Detections.empty()] * 3)
    figures = outcome(empty, empty)
    assert figures['is_same']
    assert figures['iou_min'] is None


@pytest.mark.parametrize(
    ('change', 'counted'),
    [
        (lambda item: item[np.arange(len(item)) != 3], 'missing'),
        (lambda item: with_row(item, 3, class_ids=(item.class_ids[3] + 1) % 3), 'other_class'),
        (lambda item: with_row(item, 3, scores=item.scores[3] + 0.021), 'rescored'),
        (lambda item: with_row(item, 3, scores=item.scores[3] - 0.021), 'rescored'),
        (lambda item: with_row(item, 3, boxes_xyxy=item.boxes_xyxy[3] + 5), 'moved'),
    ],
)
def test_each_kind_of_difference_is_counted_as_such(change, counted, found, rng):
    frame = int(rng.integers(len(found)))
    # Well above the threshold, and far from 1.
    found = [with_row(item, 3, scores=0.6) for item in found]
    current = [change(item) if index == frame else item for index, item in enumerate(found)]
    figures = outcome(golden_of_detections(found), golden_of_detections(current))
    assert not figures['is_same']
    kinds = ('missing', 'extra', 'other_class', 'rescored', 'moved')
    assert {kind: figures[kind] for kind in kinds if figures[kind]} == {counted: 1}
    # The other way round what was missing is extra.
    figures = outcome(golden_of_detections(current), golden_of_detections(found))
    other = 'extra' if counted == 'missing' else counted
    assert {kind: figures[kind] for kind in kinds if figures[kind]} == {other: 1}


def test_tolerances_are_borders(found):
    current = [with_row(item, 0, scores=item.scores[0] - 0.01) for item in found]
    golden, now = golden_of_detections(found), golden_of_detections(current)
    assert outcome(golden, now)['is_same']
    assert outcome(golden, now, Tolerances(score_change=0.011))['is_same']
    assert outcome(golden, now, Tolerances(score_change=0.009))['rescored'] == 5
    # 5 of 60 objects
    assert not outcome(golden, now, Tolerances(score_change=0.009, disagreeing=0.08))['is_same']
    assert outcome(golden, now, Tolerances(score_change=0.009, disagreeing=0.084))['is_same']


def test_an_object_that_moved_and_was_rescored_counts_once(found):
    row = found[0]
    changed = with_row(row, 0, scores=row.scores[0] - 0.1, boxes_xyxy=row.boxes_xyxy[0] + 5)
    compared = compare(
        golden_of_detections(found), golden_of_detections([changed, *found[1:]]), STRICT
    )
    assert compared.num_disagreeing == 1


def test_figures_are_those_of_the_objects_that_differ_most(found):
    row = found[0]
    x1, y1, x2, y2 = row.boxes_xyxy[0]
    wider = np.array([x1, y1, x2 + (x2 - x1) / 4, y2], np.float32)  # 4 of 5 parts are shared
    changed = with_row(row, 0, boxes_xyxy=wider, scores=row.scores[0] - 0.125)
    changed = with_row(changed, 1, scores=row.scores[1] + 0.0625)
    figures = outcome(golden_of_detections([row]), golden_of_detections([changed]))
    assert figures['iou_min'] == pytest.approx(0.8, abs=1e-4)
    assert figures['shift_px_max'] == pytest.approx((x2 - x1) / 4, abs=1e-3)
    assert figures['score_change_max'] == pytest.approx(0.125)
    assert figures['score_change_median'] == 0
    back = outcome(golden_of_detections([changed]), golden_of_detections([row]))
    assert back['shift_px_max'] == figures['shift_px_max']
    assert (figures['golden'], figures['found']) == (12, 12)
    only = outcome(golden_of_detections([row[:2]]), golden_of_detections([changed[:2]]))
    assert only['score_change_median'] == pytest.approx(-0.03125)


def test_what_just_reaches_a_tolerance_is_within_it(found):
    # Sums of powers of two, so that nothing is rounded; with the usual threshold of 0.25.
    edges = Tolerances(score_change=0.0625)
    first = with_row(with_row(found[0], 0, scores=0.75), 1, scores=0.3125)
    golden = golden_of_detections([first])
    for change in (0.0625, -0.0625):
        rescored = golden_of_detections([with_row(first, 0, scores=0.75 + change)])
        assert outcome(golden, rescored, edges)['rescored'] == 0
    others = golden_of_detections([first[np.arange(len(first)) != 1]])
    assert outcome(golden, others, edges)['borderline'] == 1
    assert outcome(others, golden, edges)['borderline'] == 1
    moved = with_row(first, 1, boxes_xyxy=first.boxes_xyxy[1] + 2000)
    figures = outcome(golden, golden_of_detections([moved]), edges)
    assert (figures['borderline'], figures['missing'], figures['extra']) == (2, 0, 0)
    assert figures['is_same']


@pytest.mark.parametrize(
    ('score', 'parameters', 'is_same'),
    [
        (0.26, {'score_threshold': 0.25}, True),
        (0.28, {'score_threshold': 0.25}, False),
        # Where the rules differ, a score near the threshold is no excuse.
        (0.26, {'score_threshold': 0.3}, False),
        (0.26, {'score_threshold': 0.25, 'class_thresholds': ['car=0.3']}, False),
        (0.26, {}, False),
    ],
)
def test_an_object_at_the_threshold_may_vanish(score, parameters, is_same, found):
    first = with_row(found[0], -1, scores=score)
    golden = golden_of_detections([first], parameters={'score_threshold': 0.25})
    now = golden_of_detections([first[:-1]], parameters=parameters or {'iou_threshold': 0.5})
    figures = outcome(golden, now)
    assert figures['is_same'] is is_same
    assert figures['borderline'] == int(is_same)


def test_frames_are_told_by_topic_and_stamp(found):
    first, second, third, *_ = (frame_of(item) for item in found)
    golden = golden_of([replace(first, topic='/a'), replace(second, topic='/b')])
    now = golden_of([replace(second, topic='/b'), replace(first, topic='/a')])
    assert outcome(golden, now)['is_same']
    now = golden_of([replace(first, topic='/a'), replace(third, topic='/c')])
    figures = outcome(golden, now)
    assert not figures['is_same']
    assert (figures['frames'], figures['frames_missing'], figures['frames_extra']) == (1, 1, 1)


def test_frames_that_are_only_in_one_of_both_are_a_difference(found):
    whole, part = golden_of_detections(found), golden_of_detections(found[:-1])
    for golden, now, missing, extra in ((whole, part, 1, 0), (part, whole, 0, 1)):
        figures = outcome(golden, now)
        assert not figures['is_same']
        assert (figures['frames_missing'], figures['frames_extra']) == (missing, extra)
        assert (figures['golden'] - figures['found']) == 12 * (missing - extra)


def test_without_a_known_threshold_nothing_is_near_it(found):
    # It is not written down, or classes have their own.
    own = {'score_threshold': 0.25, 'class_thresholds': ['car=0.3']}
    first = with_row(found[0], -1, scores=0.26)
    for rules in ({'iou_threshold': 0.5}, own):
        golden = golden_of_detections([first], parameters=rules)
        figures = outcome(golden, golden_of_detections([first[:-1]], parameters=rules))
        assert (figures['missing'], figures['borderline']) == (1, 0)


def test_frames_of_equal_stamps_are_told_by_their_order(found):
    # A looping recording, or a driver that never sets its stamps.
    golden = golden_of([frame_of(item, 7) for item in found])
    assert outcome(golden, golden)['is_same']
    assert not outcome(golden, replace(golden, frames=golden.frames[::-1]))['is_same']
    figures = outcome(golden, replace(golden, frames=golden.frames[:-1]))
    assert (figures['frames_missing'], figures['missing']) == (1, 0)


def test_classes_are_told_by_name(found):
    golden = golden_of([frame_of(found[0], names=('person', 'car', 'bus'))])
    other_ids = replace(found[0], class_ids=2 - found[0].class_ids)
    now = golden_of([frame_of(other_ids, names=('bus', 'car', 'person'))])
    assert outcome(golden, now)['is_same']
