# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Non-maximum suppression, held against OpenCV and ONNX Runtime on thousands of random sets."""

from dataclasses import replace
from itertools import pairwise

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test import networks
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.nms import BLOCK, nms

NUM_CLASSES = 4
# Pairs closer than this to the threshold may fall on either side of it in another precision.
BORDERLINE = 1e-5
NUM_SETS = 1500


def detections_of(boxes_xyxy, scores, class_ids=None):
    scores = np.asarray(scores, np.float32)
    class_ids = np.zeros(len(scores)) if class_ids is None else class_ids
    return Detections(
        np.asarray(boxes_xyxy, np.float32).reshape(-1, 4),
        scores,
        np.asarray(class_ids, np.int32),
    )


def random_candidates(rng):
    """Make up to 80 boxes, in clusters as a network puts them out, with scores all different."""
    count = rng.integers(0, 81)
    centres = rng.uniform(0, 200, (8, 2))[rng.integers(0, 8, count)] + rng.normal(0, 6, (count, 2))
    sizes = rng.uniform(10, 80, (count, 2))
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    scores = rng.permutation(np.linspace(0.01, 0.99, count))
    return detections_of(boxes, scores, rng.integers(0, NUM_CLASSES, count))


def pairwise_iou(boxes_xyxy):
    x1, y1, x2, y2 = boxes_xyxy.astype(np.float64).T
    width = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    height = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    overlap = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (x2 - x1) * (y2 - y1)
    return overlap / (areas[:, None] + areas - overlap)


def is_clear(candidates, iou_threshold):
    """Return whether no pair is so close to the threshold that rounding decides."""
    margin = np.abs(pairwise_iou(candidates.boxes_xyxy) - iou_threshold)
    np.fill_diagonal(margin, 1)
    return bool((margin > BORDERLINE).all())


def rows_of(detections):
    """Return the rows as a list, for comparisons of everything at once."""
    return list(
        zip(
            detections.scores.tolist(),
            detections.class_ids.tolist(),
            map(tuple, detections.boxes_xyxy.tolist()),
            strict=True,
        )
    )


def opencv_nms(candidates, iou_threshold, class_agnostic):
    # OpenCV tells classes apart by moving each one's boxes by the largest coordinate, so left of 0
    # or above it boxes of two classes can meet there and suppress each other.
    boxes = candidates.boxes_xyxy.astype(np.float64)
    x1, y1, x2, y2 = (boxes - boxes.min(initial=0)).T
    boxes_xywh = np.stack([x1, y1, x2 - x1, y2 - y1], axis=1).tolist()
    scores = candidates.scores.tolist()
    if class_agnostic:
        return cv2.dnn.NMSBoxes(boxes_xywh, scores, 0.0, iou_threshold)
    class_ids = candidates.class_ids.tolist()
    if not hasattr(cv2.dnn, 'NMSBoxesBatched'):  # OpenCV before 4.7
        pytest.skip('this OpenCV has no suppression by class')
    return cv2.dnn.NMSBoxesBatched(boxes_xywh, scores, class_ids, 0.0, iou_threshold)


class OnnxRuntimeNms:
    """ONNX Runtime's operator at one threshold; class-agnostic with all boxes in one class."""

    def __init__(self, folder, iou_threshold):
        ort = pytest.importorskip('onnxruntime')
        path = networks.nms_network(folder / 'nms.onnx', iou_threshold, max_per_class=10000)
        self._session = ort.InferenceSession(str(path), providers=['CPUExecutionProvider'])

    def __call__(self, candidates, class_agnostic):
        count = len(candidates)
        scores = np.zeros((1, NUM_CLASSES, count), np.float32)
        class_ids = 0 if class_agnostic else candidates.class_ids
        scores[0, class_ids, np.arange(count)] = candidates.scores
        boxes = candidates.boxes_xyxy[np.newaxis, :, [1, 0, 3, 2]]  # y1 x1 y2 x2
        (kept,) = self._session.run(None, {'boxes': boxes, 'scores': scores})
        return kept[:, 2]


@pytest.mark.parametrize('class_agnostic', [False, True], ids=['by class', 'agnostic'])
@pytest.mark.parametrize('iou_threshold', [0.1, 0.45, 0.7])
def test_kept_rows_are_those_of_opencv_and_onnx_runtime(
    iou_threshold, class_agnostic, rng, tmp_path
):
    onnx_nms = OnnxRuntimeNms(tmp_path, iou_threshold)
    num_skipped = 0
    for _ in range(NUM_SETS):
        candidates = random_candidates(rng)
        if not is_clear(candidates, iou_threshold):
            num_skipped += 1
            continue
        kept = nms(
            candidates,
            iou_threshold=iou_threshold,
            max_detections=10000,
            class_agnostic=class_agnostic,
        )
        order = np.argsort(-candidates.scores)
        for theirs in (
            opencv_nms(candidates, iou_threshold, class_agnostic),
            onnx_nms(candidates, class_agnostic),
        ):
            chosen = order[np.isin(order, np.asarray(theirs, int))]
            assert rows_of(kept) == rows_of(candidates[chosen])
    assert num_skipped < NUM_SETS / 10


@st.composite
def candidate_sets(draw):
    """Draw boxes on a coarse grid, so that equal scores, equal boxes and empty boxes abound."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 6),
                st.integers(0, 6),
                st.integers(0, 4),
                st.integers(0, 4),
                st.sampled_from([0.25, 0.5, 0.75]),
                st.integers(0, 2),
            ),
            max_size=25,
        )
    )
    x, y, w, h, scores, class_ids = np.array(rows, float).reshape(-1, 6).T
    return detections_of(np.stack([x, y, x + w, y + h], axis=1), scores, class_ids)


RULES = {
    'iou_threshold': st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    'max_detections': st.integers(1, 30),
    'class_agnostic': st.booleans(),
}


@given(candidate_sets(), st.fixed_dictionaries(RULES), st.randoms(use_true_random=False))
def test_result_does_not_depend_on_the_order_of_the_candidates(candidates, rules, random):
    order = list(range(len(candidates)))
    random.shuffle(order)
    shuffled = candidates[np.array(order, np.intp)]
    assert rows_of(nms(shuffled, **rules)) == rows_of(nms(candidates, **rules))


@given(candidate_sets(), st.fixed_dictionaries(RULES))
def test_kept_rows_are_sorted_distinct_candidates_that_do_not_overlap(candidates, rules):
    kept = nms(candidates, **rules)
    rows = rows_of(kept)
    assert len(rows) <= rules['max_detections']
    assert set(rows) <= set(rows_of(candidates))
    assert all(a[0] >= b[0] for a, b in pairwise(rows))
    with np.errstate(invalid='ignore'):
        iou = np.nan_to_num(pairwise_iou(kept.boxes_xyxy))  # empty boxes overlap nothing
    for i in range(len(kept)):
        for j in range(i):
            if rules['class_agnostic'] or kept.class_ids[i] == kept.class_ids[j]:
                assert iou[i, j] <= rules['iou_threshold'] + 1e-6


@given(candidate_sets(), st.fixed_dictionaries(RULES))
def test_every_dropped_row_overlaps_a_better_kept_one_of_its_class(candidates, rules):
    kept = nms(candidates, **(rules | {'max_detections': 10000}))
    with np.errstate(invalid='ignore'):
        both = np.concatenate([candidates.boxes_xyxy, kept.boxes_xyxy])
        iou = np.nan_to_num(pairwise_iou(both))[: len(candidates), len(candidates) :]
    kept_rows = rows_of(kept)
    for row, (score, class_id, box) in enumerate(rows_of(candidates)):
        if (score, class_id, box) not in kept_rows:
            better = kept.scores >= score
            if not rules['class_agnostic']:
                better &= kept.class_ids == class_id
            assert iou[row][better].max(initial=0) > rules['iou_threshold'] - 1e-6


@given(candidate_sets(), st.fixed_dictionaries(RULES))
def test_suppressing_again_changes_nothing(candidates, rules):
    once = nms(candidates, **rules)
    assert rows_of(nms(once, **rules)) == rows_of(once)


@given(candidate_sets(), st.fixed_dictionaries(RULES), st.integers(1, 30))
def test_fewer_detections_at_most_are_the_best_of_more(candidates, rules, fewer):
    more = nms(candidates, **(rules | {'max_detections': 30}))
    assert (
        rows_of(nms(candidates, **(rules | {'max_detections': fewer}))) == (rows_of(more)[:fewer])
    )


@pytest.mark.parametrize('class_agnostic', [False, True])
def test_no_candidates_give_no_detections(class_agnostic):
    kept = nms(
        Detections.empty(), iou_threshold=0.5, max_detections=5, class_agnostic=class_agnostic
    )
    assert len(kept) == 0


def test_equal_scores_are_ordered_by_class_then_by_box():
    boxes = [[40, 0, 50, 9], [20, 0, 30, 9], [0, 5, 10, 9], [0, 0, 10, 4]]
    kept = nms(detections_of(boxes, [0.5] * 4, [1, 0, 1, 1]), iou_threshold=0.5, max_detections=9)
    assert kept.class_ids.tolist() == [0, 1, 1, 1]
    assert kept.boxes_xyxy.tolist() == [boxes[1], boxes[3], boxes[2], boxes[0]]


def test_overlap_equal_to_the_threshold_is_kept():
    # Intersection 1 and union 2; 0.5 is exact.
    candidates = detections_of([[0, 0, 2, 1], [0, 0, 1, 1]], [0.9, 0.8])
    assert len(nms(candidates, iou_threshold=0.5, max_detections=9)) == 2
    assert len(nms(candidates, iou_threshold=0.499, max_detections=9)) == 1


def test_a_suppressed_box_suppresses_nothing():
    # A chain: the second overlaps both others, but the first takes it away.
    candidates = detections_of([[0, 0, 10, 1], [4, 0, 14, 1], [8, 0, 18, 1]], [0.9, 0.8, 0.7])
    kept = nms(candidates, iou_threshold=0.3, max_detections=9)
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7])


@pytest.mark.parametrize('max_detections', [BLOCK, BLOCK + 1, 10000])
def test_boxes_of_all_blocks_are_held_against_those_kept_before(max_detections):
    # Boxes apart from each other, then each of them again, weaker.
    left = np.arange(3 * BLOCK) * 20
    top = np.zeros_like(left)
    apart = np.stack([left, top, left + 9, top + 9], axis=1)
    twice = np.concatenate([apart, apart])
    candidates = detections_of(twice, np.linspace(0.9, 0.1, len(twice)))
    kept = nms(candidates, iou_threshold=0.5, max_detections=max_detections)
    assert rows_of(kept) == rows_of(candidates[: min(max_detections, len(apart))])


def test_boxes_of_different_classes_suppress_each_other_only_when_agnostic():
    candidates = detections_of([[0, 0, 9, 9], [0, 0, 9, 9]], [0.9, 0.8], [0, 1])
    by_class = nms(candidates, iou_threshold=0.5, max_detections=9)
    agnostic = nms(candidates, iou_threshold=0.5, max_detections=9, class_agnostic=True)
    assert by_class.class_ids.tolist() == [0, 1]
    assert agnostic.class_ids.tolist() == [0]


def test_empty_boxes_do_not_suppress_each_other():
    candidates = detections_of([[5, 5, 5, 5], [5, 5, 5, 5]], [0.9, 0.8])
    assert len(nms(candidates, iou_threshold=0.0, max_detections=9)) == 2


def test_count_of_nonfinite_candidates_is_handed_on():
    candidates = replace(detections_of([[0, 0, 9, 9]], [0.5]), num_nonfinite=7)
    assert nms(candidates, iou_threshold=0.5, max_detections=1).num_nonfinite == 7
