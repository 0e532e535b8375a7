# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Suppression on the device where it changes its ways: groups, sorts, cuts, masses of boxes.

Each test runs twice: on a GPU, and on the CPU with the very source of the kernel.
"""

import numpy as np
import pytest

from test.gpu import candidate_sets, test_nms_kernel
from test.gpu.candidate_sets import clustered, NUM_CLASSES, shuffled
from test.gpu.test_nms_kernel import assert_as_defined, definition
from yolotrt_ros.core.selection import Selection

device, nms_library = test_nms_kernel.device, test_nms_kernel.nms_library
EXTREMES = [  # all kept, all suppressed, all of one score
    candidate_sets.spread,
    candidate_sets.same_rows,
    candidate_sets.same_scores,
]
BORDERS = [31, 32, 33, 63, 64, 65, 511, 512, 513, 543, 544, 545, 1023, 1024, 1025]


@pytest.mark.parametrize('kind', [clustered, *EXTREMES], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize('count', BORDERS)
def test_borders_between_groups_and_ways_to_sort_leave_no_trace(device, kind, count, rng):
    for max_detections in (count, max(1, count - 1), 32):
        selection = Selection(0.0, 0.45, max_detections)
        images = [kind(rng, count), clustered(rng, 20)]
        assert_as_defined(device, images, selection, max_detections=max_detections)


@pytest.mark.parametrize('count', [33, 64, 512, 700])
def test_boxes_that_each_suppress_the_next_only_are_settled_one_by_one(device, count, rng):
    left = np.arange(count) * 3.0
    boxes = np.stack([left, np.zeros(count), left + 9.0, np.full(count, 9.0)], axis=1)
    chain = candidate_sets.candidates(boxes, np.linspace(1, 0.3, count), np.zeros(count))
    assert_as_defined(
        device, [shuffled(rng, chain)], Selection(0.0, 0.45, 1000), max_detections=1000
    )
    assert len(definition(chain, Selection(0.0, 0.45, 1000))) == (count + 1) // 2


@pytest.mark.parametrize('num_objects', [1, 31, 32, 33, 70])
def test_masses_of_boxes_on_few_objects_are_dropped_together(device, num_objects, rng):
    count = 5000
    boxes = candidate_sets.spread(rng, num_objects).boxes_xyxy[rng.integers(0, num_objects, count)]
    scores = rng.choice([rng.uniform(0, 1, count), np.full(count, 0.5)])
    mass = candidate_sets.candidates(boxes, scores, rng.integers(0, 2, count))
    late = candidate_sets.candidates([[900.0, 900.0, 950.0, 950.0]], [0.001], [1])
    images = [
        candidate_sets.candidates(
            np.concatenate([mass.boxes_xyxy, late.boxes_xyxy]),
            np.concatenate([mass.scores, late.scores]),
            np.concatenate([mass.class_ids, late.class_ids]),
        )
    ]
    assert_as_defined(device, images, Selection(0.0, 0.45, 300))
    assert_as_defined(device, images, Selection(0.0, 0.45, 20, True))


@pytest.mark.parametrize('varying', range(6))
def test_cut_falls_into_any_word_of_the_order(device, varying, rng):
    count = 2600
    columns = np.tile(np.array([0.5, 1.0, 10.0, 20.0, 30.0, 50.0]), (count, 1))
    values = [rng.uniform(0, 1, count), rng.integers(0, NUM_CLASSES, count)]
    values += [rng.uniform(low, low + 9, count) for low in (1, 11, 30, 50)]
    columns[:, varying] = values[varying]
    image = candidate_sets.candidates(columns[:, 2:], columns[:, 0], columns[:, 1])
    for iou_threshold in (0.45, 1.0):
        selection = Selection(0.0, iou_threshold, 1500)
        assert_as_defined(device, [image], selection, max_detections=1500)
