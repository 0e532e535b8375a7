# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who finds what the others find, and on which pictures they differ."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.tools.compare_agreement import agreement_matrix, disagreement, lonely_rows

THRESHOLD = 0.25


def objects(*rows):
    """Return detections from rows of left edge, score and class; boxes are 10 pixels wide."""
    boxes = [(left, 0, left + 10, 10) for left, _, _ in rows]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([class_id for _, _, class_id in rows], np.int32),
    )


def test_counts_of_three_networks():
    first = [objects((0, 0.9, 0), (50, 0.8, 1)), objects()]
    second = [objects((0, 0.7, 0), (50, 0.8, 2)), objects((0, 0.5, 0))]
    matrix = agreement_matrix([first, second, first], THRESHOLD)
    pair = matrix.pair(0, 1)
    assert (len(pair.ious), pair.num_missing, pair.num_extra) == (1, 0, 1)
    assert pair.num_class_changes == 1
    assert pair.score_changes == pytest.approx([-0.2])
    assert matrix.share(0, 1) == pytest.approx(1 / 3)
    assert matrix.share(1, 0) == matrix.share(0, 1)
    assert matrix.share(0, 2) == 1


def test_networks_without_objects_share_nothing_that_can_be_counted():
    assert agreement_matrix([[objects()], [objects()]], THRESHOLD).share(0, 1) is None


def test_a_partner_may_score_a_little_less():
    pair = [[objects((0, 0.26, 0))], [objects((0, 0.24, 0))]]
    assert agreement_matrix(pair, THRESHOLD).share(0, 1) == 1


def test_pictures_are_ranked_by_their_differences():
    reference = [objects((0, 0.9, 0)), objects((0, 0.9, 0)), objects((0, 0.9, 0))]
    candidate = [objects((0, 0.9, 0)), objects(), objects((0, 0.8, 0))]
    costs = disagreement([reference, candidate], THRESHOLD)
    assert costs == pytest.approx([0, 1, 0.1])
    both = disagreement([reference, candidate, candidate], THRESHOLD)
    assert both == pytest.approx([0, 2, 0.2])


def test_objects_that_another_network_does_not_find_are_marked():
    own = objects((0, 0.9, 0), (50, 0.9, 0), (90, 0.1, 0))
    assert lonely_rows(own, [own], THRESHOLD).tolist() == [False, False, False]
    others = [own, objects((0, 0.24, 0), (50, 0.9, 1))]
    assert lonely_rows(own, others, THRESHOLD).tolist() == [False, True, False]
    assert lonely_rows(own, [objects()], THRESHOLD).tolist() == [True, True, False]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.floats(0.25, 1, width=32), st.integers(0, 2)),
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
def test_everybody_agrees_with_himself(rows):
    found = [objects(*((30 * left, score, class_id) for left, score, class_id in rows))]
    matrix = agreement_matrix([found, found], THRESHOLD)
    assert matrix.share(0, 1) == (1 if rows else None)
    assert disagreement([found, found], THRESHOLD).tolist() == [0]
