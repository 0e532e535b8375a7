# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of an accuracy, against what counting and other code say."""

import json
from pathlib import Path
import sys

import numpy as np
import pytest

pytest.importorskip('pycocotools', reason='pycocotools is not installed: run scripts/setup.sh')

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.core.matching import match
from yolotrt_ros.tools.accuracy import measure
from yolotrt_ros.tools.accuracy_hits import IOU_THRESHOLDS
from yolotrt_ros.tools.dataset import Dataset, LabelledImage

NAMES = ('cat', 'dog', 'bird')
BOX = (10, 10, 50, 50)
FAR = (200, 10, 240, 50)


def objects(*rows):
    """Make detections of rows: box, score, class."""
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
    )


def dataset_of(*truths, ignored=None, areas=None, names=NAMES):
    images = []
    for index, truth in enumerate(truths):
        mask = np.zeros(len(truth), np.bool_) if ignored is None else np.array(ignored[index])
        area = None if areas is None else np.array(areas[index], np.float32)
        images.append(LabelledImage(Path(f'{index}.png'), truth, mask, area))
    return Dataset('a set', names, tuple(images))


def random_set(rng, num_images=12):
    """Make a truth, and detections that are often near it and never of the same score."""
    truths, found = [], []
    scores = iter(rng.permutation(np.linspace(0.01, 0.99, 40 * num_images)).astype(np.float32))
    for _ in range(num_images):
        corners = rng.uniform(0, 200, (rng.integers(0, 7), 2))
        sides = rng.uniform(5, 120, corners.shape)
        boxes = np.concatenate([corners, corners + sides], axis=1)
        class_ids = rng.integers(0, len(NAMES), len(boxes))
        truths.append(objects(*((box, 1, i) for box, i in zip(boxes, class_ids, strict=True))))
        rows = []
        for box, class_id in zip(boxes, class_ids, strict=True):
            for _ in range(rng.integers(0, 4)):
                near = box + rng.normal(0, rng.choice([1, 5, 15]), 4)
                near[2:] = np.maximum(near[2:], near[:2] + 1)
                other = rng.integers(0, len(NAMES)) if rng.random() < 0.2 else class_id
                rows.append((near, next(scores), other))
        found.append(objects(*rows))
    return dataset_of(*truths), found


def interpolated_precision(curve):
    """Average precision as COCO defines it: 101 recalls, precision never rising with recall."""
    if not len(curve.recall):
        return 0.0
    envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
    rows = np.searchsorted(curve.recall, np.linspace(0, 1, 101))
    return float(np.append(envelope, 0.0)[rows].mean())


def test_curves_average_to_what_pycocotools_computes(rng):
    dataset, found = random_set(rng)
    accuracy = measure(dataset, found)
    for name in NAMES:
        curves = [accuracy.pr_curve(name, iou) for iou in IOU_THRESHOLDS]
        areas = [interpolated_precision(curve) for curve in curves]
        figures = accuracy.per_class[name]
        if figures.mAP50 is None:
            assert np.isnan(curves[0].recall).all()
            continue
        assert figures.mAP50 == pytest.approx(areas[0], abs=1e-6)
        assert figures.mAP50_95 == pytest.approx(np.mean(areas), abs=1e-6)


@pytest.mark.parametrize('score', [0.0, 0.25, 0.5, 0.9])
def test_precision_and_recall_are_what_matching_the_remaining_detections_gives(rng, score):
    dataset, found = random_set(rng)
    accuracy = measure(dataset, found)
    counts = np.zeros((len(NAMES), 3), int)  # right, false, missed
    for image, detections in zip(dataset.images, found, strict=True):
        kept = detections[detections.scores >= np.float32(score)]
        pairs = match(kept, image.truth)
        groups = (
            image.truth.class_ids[pairs.truth],
            kept.class_ids[pairs.false],
            image.truth.class_ids[pairs.missed],
        )
        for column, class_ids in enumerate(groups):
            counts[:, column] += np.bincount(class_ids, minlength=len(NAMES))
    for name, (right, false, missed) in zip([None, *NAMES], [counts.sum(0), *counts], strict=True):
        point = accuracy.at(score, name)
        assert point.precision == (right / (right + false) if right + false else None)
        assert point.recall == (right / (right + missed) if right + missed else None)
        if right + missed:
            assert point.f1 == pytest.approx(2 * right / (2 * right + false + missed))
        else:
            assert point.f1 is None
    assert accuracy.num_objects == sum(len(image.truth) for image in dataset.images)


def test_best_f1_is_the_best_of_all_scores(rng):
    accuracy = measure(*random_set(rng))
    scores = accuracy.pr_curve().score
    every = [accuracy.at(float(score)).f1 for score in scores]
    best = accuracy.best_f1()
    assert best.f1 == max(every)
    assert best.score == scores[int(np.argmax(every))]
    assert accuracy.at(best.score) == best


def test_curve_goes_down_the_scores():
    dataset = dataset_of(objects((BOX, 1, 0), (FAR, 1, 1)))
    found = [objects((BOX, 0.5, 0), (FAR, 0.9, 0), (FAR, 0.5, 1), (BOX, 0.25, 1))]
    accuracy = measure(dataset, found)
    curve = accuracy.pr_curve()
    # The two of score 0.5 come together: no threshold parts them.
    assert curve.score.tolist() == [np.float32(0.9), 0.5, 0.25]
    assert curve.recall.tolist() == [0, 1, 1]
    assert curve.precision.tolist() == pytest.approx([0, 2 / 3, 2 / 4])
    assert accuracy.pr_curve('dog').precision.tolist() == [1, 0.5]
    with pytest.raises(ValueError, match=r'expected an IoU of \(0.5, .*, got 0.51'):
        accuracy.pr_curve(iou=0.51)


def test_overlap_decides_at_each_threshold():
    # 19 of 21 columns are shared: an overlap of 0.905.
    dataset = dataset_of(objects(((10, 10, 30, 30), 1, 0)))
    accuracy = measure(dataset, [objects(((11, 10, 31, 30), 0.9, 0))])
    assert accuracy.mAP50 == pytest.approx(1)
    assert accuracy.mAP50_95 == pytest.approx(0.9)
    assert accuracy.pr_curve(iou=0.9).recall.tolist() == [1]
    assert accuracy.pr_curve(iou=0.95).recall.tolist() == [0]


def test_detection_of_a_crowd_is_neither_right_nor_wrong():
    crowd, cat = ((100, 100, 300, 300), 1, 0), (BOX, 1, 0)
    dataset = dataset_of(objects(crowd, cat), ignored=[[True, False]])
    inside = [((100 + x, 100, 120 + x, 120), 0.9, 0) for x in (0, 40, 80)]
    accuracy = measure(dataset, [objects(*inside, (BOX, 0.5, 0))])
    assert accuracy.num_objects == 1
    assert accuracy.at(0.1).precision == accuracy.at(0.1).recall == 1
    assert accuracy.mAP50 == pytest.approx(1)


def test_given_areas_decide_what_is_small():
    truth = objects((BOX, 1, 0))
    found = [objects((BOX, 0.9, 0))]
    by_box = measure(dataset_of(truth), found).per_size
    assert [by_box[size].mAP50 for size in by_box] == [None, pytest.approx(1), None]
    by_area = measure(dataset_of(truth, areas=[[100]]), found).per_size
    assert [by_area[size].mAP50 for size in by_area] == [pytest.approx(1), None, None]


def test_all_detections_count_however_many():
    # Six hundred wrong ones come first: a limit of 100 or 300 would lose the right one.
    wrong = [((5 * i, 300, 5 * i + 4, 304), 0.9, 0) for i in range(600)]
    accuracy = measure(dataset_of(objects((BOX, 1, 0))), [objects(*wrong, (BOX, 0.1, 0))])
    assert accuracy.at(0).recall == 1
    assert accuracy.num_detections == 601
    assert 0 < accuracy.mAP50 < 0.01


def test_false_detections_of_a_class_without_objects_count_against_precision():
    accuracy = measure(dataset_of(objects((BOX, 1, 0))), [objects((BOX, 0.9, 0), (FAR, 0.8, 2))])
    assert accuracy.mAP50 == pytest.approx(1)  # as COCO has it: the mean of classes with objects
    assert accuracy.at(0.5).precision == 0.5
    assert accuracy.per_class['bird'].mAP50 is None
    bird = accuracy.at(0.5, 'bird')
    assert (bird.precision, bird.recall, bird.f1) == (0, None, None)
    assert accuracy.best_f1('bird') is None
    curve = accuracy.pr_curve('bird')
    assert (curve.precision.tolist(), np.isnan(curve.recall).tolist()) == ([0], [True])
    lines = accuracy.table(0.5).splitlines()
    assert lines[7].split() == ['bird', '0', '-', '-', '0.0000', '-', '-']
    assert lines[-2] == 'neither objects nor detections of: dog'


def test_nothing_found_and_nothing_there():
    nothing = Detections.empty()
    accuracy = measure(dataset_of(objects((BOX, 1, 0))), [nothing])
    assert (accuracy.mAP50, accuracy.mAP50_95) == (0, 0)
    point = accuracy.at(0.25)
    assert (point.precision, point.recall, point.f1) == (None, 0, 0)
    assert accuracy.best_f1() is None
    assert len(accuracy.pr_curve().score) == 0

    for nowhere in (dataset_of(nothing), [nothing]), (dataset_of(), []):
        accuracy = measure(*nowhere)
        assert (accuracy.mAP50, accuracy.num_objects) == (None, 0)
        assert '-' in accuracy.table()


def test_figures_are_json_and_a_table():
    dataset = dataset_of(objects((BOX, 1, 0), (FAR, 1, 1)), Detections.empty())
    accuracy = measure(dataset, [objects((BOX, 0.9, 0), (FAR, 0.3, 1)), Detections.empty()])
    figures = accuracy.as_dict(0.5)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures['at'] == {
        'score': 0.5, 'precision': 1, 'recall': 0.5, 'f1': pytest.approx(2 / 3)
    }  # fmt: skip
    assert figures['best_f1']['f1'] == 1
    assert figures['best_f1']['score'] == pytest.approx(0.3)
    assert (figures['images'], figures['objects'], figures['detections']) == (2, 2, 2)
    assert figures['per_class']['dog']['at']['recall'] == 0
    assert figures['per_class']['dog']['objects'] == 1
    lines = accuracy.table(0.5).splitlines()
    assert lines[0].split() == ['objects', 'mAP50-95', 'mAP50', 'precision', 'recall', 'F1']
    assert lines[1].split() == ['all', '2', '1.0000', '1.0000', '1.0000', '0.5000', '0.6667']
    assert lines[7].split() == ['dog', '1', '1.0000', '1.0000', '-', '0.0000', '0.0000']
    assert lines[-2] == 'neither objects nor detections of: bird'
    assert lines[-1].endswith('from 0.5 on; the best F1, 1.0000, is at 0.300')


def test_columns_stand_below_each_other_whatever_the_names():
    names = ('cat', 'a dog with a rather long name')
    dataset = dataset_of(objects((BOX, 1, 0), (FAR, 1, 1)), names=names)
    lines = measure(dataset, [objects((BOX, 0.9, 0), (FAR, 0.9, 1))]).table().splitlines()
    assert {len(line) for line in [*lines[:2], *lines[6:8]]} == {len(names[1]) + 6 * 11}


def test_what_does_not_belong_together_is_refused():
    dataset = dataset_of(objects((BOX, 1, 0)))
    with pytest.raises(ValueError, match='expected detections of 1 pictures, got 2'):
        measure(dataset, [Detections.empty()] * 2)
    with pytest.raises(ValueError, match=r'expected class ids below 3, got \[3\]'):
        measure(dataset, [objects((BOX, 1, 3))])


def test_missing_pycocotools_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pycocotools.coco', None)
    with pytest.raises(BackendError, match='install it with `pip install pycocotools`'):
        measure(dataset_of(), [])
