# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections: checked when made, selected by row, brought into the camera image."""

import numpy as np
import pytest

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.letterbox import Letterbox


def arrays(count):
    return (
        np.arange(4 * count, dtype=np.float32).reshape(count, 4),
        np.linspace(0.1, 0.9, count, dtype=np.float32),
        np.arange(count, dtype=np.int32),
    )


def test_empty_has_no_rows_and_the_right_types():
    none = Detections.empty()
    assert len(none) == 0
    assert none.boxes_xyxy.shape == (0, 4)
    dtypes = (none.boxes_xyxy.dtype, none.scores.dtype, none.class_ids.dtype)
    assert dtypes == (np.float32, np.float32, np.int32)
    assert none.num_nonfinite == 0


@pytest.mark.parametrize(
    ('index', 'change', 'message'),
    [
        (0, lambda a: a[:2], r'expected float32 \(3, 4\), got float32 \(2, 4\)'),
        (0, lambda a: a[:, :3], r'expected float32 \(3, 4\), got float32 \(3, 3\)'),
        (0, lambda a: a.astype(np.float64), r'expected float32 \(3, 4\), got float64 \(3, 4\)'),
        (1, lambda a: a.astype(np.float16), r'expected float32 \(3,\), got float16 \(3,\)'),
        (1, lambda a: a[:, np.newaxis], r'expected float32 \(3,\), got float32 \(3, 1\)'),
        (2, lambda a: a.astype(np.int64), r'expected int32 \(3,\), got int64 \(3,\)'),
        (2, lambda a: a[:1], r'got int32 \(1,\); boxes_xyxy is \(N, 4\), scores and class_ids'),
    ],
)
def test_arrays_that_do_not_fit_are_refused(index, change, message):
    given = list(arrays(3))
    given[index] = change(given[index])
    with pytest.raises(ValueError, match=message):
        Detections(*given)


@pytest.mark.parametrize(
    ('rows', 'class_ids'),
    [
        (np.array([], np.intp), []),
        (np.array([2, 0]), [2, 0]),
        (np.array([False, True, True]), [1, 2]),
        (slice(1), [0]),
    ],
)
def test_rows_are_selected_together(rows, class_ids):
    selected = Detections(*arrays(3), num_nonfinite=5)[rows]
    boxes, scores, ids = arrays(3)
    assert selected.class_ids.tolist() == class_ids
    np.testing.assert_array_equal(selected.boxes_xyxy, boxes[ids[rows]])
    np.testing.assert_array_equal(selected.scores, scores[ids[rows]])
    assert selected.num_nonfinite == 5


def test_boxes_in_source_are_those_of_the_letterbox():
    letterbox = Letterbox.fit((1280, 720), (640, 640))  # scale 0.5, 140 rows above
    boxes = np.array([[10, 150, 20, 170], [600, 490, 700, 600]], np.float32)
    found = Detections(boxes, *arrays(2)[1:], num_nonfinite=3)
    moved = found.in_source(letterbox)
    assert moved.boxes_xyxy.tolist() == [[20, 20, 40, 60], [1200, 700, 1280, 720]]
    np.testing.assert_array_equal(moved.scores, found.scores)
    assert moved.num_nonfinite == 3


@pytest.mark.parametrize(
    'box',
    [
        pytest.param([10, 0, 20, 140], id='above the picture'),
        pytest.param([10, 500, 20, 640], id='below'),
        pytest.param([10, 100, 20, 140], id='up to its first row'),
        pytest.param([-9, 200, 0, 300], id='left of it'),
        pytest.param([10, 200, 10, 300], id='without width'),
        pytest.param([20, 200, 10, 300], id='with its corners swapped'),
    ],
)
def test_box_without_a_pixel_of_the_image_is_left_out(box):
    letterbox = Letterbox.fit((1280, 720), (640, 640))
    boxes = np.array([box, [10, 200, 20, 300]], np.float32)
    moved = Detections(boxes, *arrays(2)[1:], num_nonfinite=1).in_source(letterbox)
    assert moved.class_ids.tolist() == [1]
    assert moved.num_nonfinite == 1


def test_no_detections_stay_none_in_source():
    assert len(Detections.empty().in_source(Letterbox.fit((64, 48), (640, 640)))) == 0
