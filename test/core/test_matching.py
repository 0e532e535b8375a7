# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which detection is which object."""

import numpy as np
import pytest

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.matching import match
from yolotrt_ros.core.score import Score


def rows(*entries) -> Detections:
    """Make detections of entries (x1, y1, x2, y2, score, class)."""
    table = np.array(entries, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int32))


def test_nothing_matches_nothing():
    matches = match(Detections.empty(), Detections.empty())
    assert len(matches.detections) == len(matches.false) == len(matches.missed) == 0


def test_detections_without_truth_are_false():
    assert match(rows((0, 0, 9, 9, 0.9, 0)), Detections.empty()).false.tolist() == [0]


def test_truth_without_detections_is_missed():
    assert match(Detections.empty(), rows((0, 0, 9, 9, 1, 0))).missed.tolist() == [0]


def test_the_best_score_chooses_first_and_the_second_is_false():
    truth = rows((0, 0, 10, 10, 1, 0))
    found = rows((0, 0, 10, 10, 0.5, 0), (0, 0, 10, 9, 0.8, 0))
    matches = match(found, truth)
    assert matches.detections.tolist() == [1]
    assert matches.ious == pytest.approx([0.9])
    assert matches.false.tolist() == [0]


def test_a_false_detection_leaves_the_weaker_ones_their_turn():
    found = rows((50, 50, 60, 60, 0.9, 0), (0, 0, 10, 10, 0.5, 0), (70, 70, 80, 80, 0.4, 0))
    matches = match(found, rows((0, 0, 10, 10, 1, 0)))
    assert matches.detections.tolist() == [1]
    assert matches.false.tolist() == [0, 2]


def test_a_detection_takes_the_object_that_it_fits_best():
    truth = rows((0, 0, 10, 8, 1, 0), (0, 0, 10, 10, 1, 0), (0, 0, 10, 9, 1, 0))
    matches = match(rows((0, 0, 10, 10, 0.5, 0)), truth)
    assert matches.truth.tolist() == [1]
    assert matches.ious.tolist() == [1]
    assert matches.missed.tolist() == [0, 2]


def test_equal_scores_choose_in_their_order():
    # Each object is found five times by a score of 0.5 and five times by one of 0.6.
    found = [
        (20 * (row // 2 % 4), 0, 20 * (row // 2 % 4) + 10, 10, 0.5 + 0.1 * (row % 2), 0)
        for row in range(40)
    ]
    matches = match(rows(*found), rows(*((x, 0, x + 10, 10, 1, 0) for x in (0, 20, 40, 60))))
    assert matches.detections.tolist() == [1, 3, 5, 7]


def test_another_class_is_no_match():
    matches = match(rows((0, 0, 10, 10, 0.5, 1)), rows((0, 0, 10, 10, 1, 0)))
    assert matches.false.tolist() == [0]
    assert matches.missed.tolist() == [0]


def test_the_threshold_is_inclusive():
    found, truth = rows((0, 0, 10, 5, 0.9, 0)), rows((0, 0, 10, 10, 1, 0))
    assert len(match(found, truth, iou_threshold=0.5).detections) == 1
    assert len(match(found, truth, iou_threshold=0.51).detections) == 0


def test_an_ignored_object_is_neither_right_nor_missed():
    truth = rows((0, 0, 10, 10, 1, 0))
    ignored = np.array([True])
    matches = match(rows((0, 0, 10, 10, 0.5, 0)), truth, ignored=ignored)
    assert len(matches.detections) == len(matches.false) == len(matches.missed) == 0
    assert len(match(Detections.empty(), truth, ignored=ignored).missed) == 0


def test_a_demanded_object_goes_before_an_ignored_one():
    truth = rows((0, 0, 10, 10, 1, 0), (0, 0, 10, 9, 1, 0))
    matches = match(rows((0, 0, 10, 10, 0.5, 0)), truth, ignored=np.array([True, False]))
    assert matches.truth.tolist() == [1]


def test_score_adds_up_over_images():
    score = Score()
    truth = rows((0, 0, 10, 10, 1, 0), (20, 20, 30, 30, 1, 0))
    score.add(match(rows((0, 0, 10, 10, 0.5, 0), (50, 50, 60, 60, 0.4, 0)), truth))
    score.add(match(rows((0, 0, 10, 5, 0.5, 0)), rows((0, 0, 10, 10, 1, 0))))
    assert (score.right, score.false, score.missed) == (2, 1, 1)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == pytest.approx(2 / 3)
    assert score.mean_iou == pytest.approx(0.75)


def test_a_score_of_nothing_has_no_shares():
    assert Score().as_dict() == {'right': 0, 'false': 0, 'missed': 0}
