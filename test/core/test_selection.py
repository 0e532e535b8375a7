# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules behind the network: class filter, suppression, count."""

from dataclasses import replace

import numpy as np
import pytest

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.selection import find_class_ids, find_class_thresholds, Selection

NAMES = ('person', 'bicycle', 'car')


def candidates():
    """Give a person that hides a car, and a bicycle beside them."""
    return Detections(
        np.array([[0, 0, 10, 10], [0, 0, 10, 10], [50, 0, 60, 10]], np.float32),
        np.array([0.9, 0.8, 0.7], np.float32),
        np.array([0, 2, 1], np.int32),
        4,
    )


@pytest.mark.parametrize(
    ('rules', 'class_ids'),
    [
        ({'class_ids': frozenset()}, []),
        ({}, [0, 2, 1]),
        ({'class_agnostic_nms': True}, [0, 1]),
        ({'max_detections': 2}, [0, 2]),
        ({'class_ids': frozenset({1, 2})}, [2, 1]),
        ({'class_ids': frozenset({1, 77})}, [1]),
        # The person is unwanted, so it does not hide the car.
        ({'class_ids': frozenset({1, 2}), 'class_agnostic_nms': True}, [2, 1]),
        # Nor does it take up the only place.
        ({'class_ids': frozenset({1, 2}), 'max_detections': 1}, [2]),
        ({'score_threshold': 0.75}, [0, 2]),
        ({'score_threshold': 0.95}, []),
        ({'class_thresholds': ((0, 0.95),)}, [2, 1]),
        ({'score_threshold': 0.95, 'class_thresholds': ((2, 0.75),)}, [2]),
        ({'score_threshold': 0.95, 'class_thresholds': ((2, 0.75), (1, 0.1))}, [2, 1]),
        ({'class_thresholds': ((77, 0.95),)}, [0, 2, 1]),
        # A person that is too weak does not hide the car either.
        ({'class_thresholds': ((0, 0.95),), 'class_agnostic_nms': True}, [2, 1]),
        # The filter goes before a threshold.
        ({'class_ids': frozenset({1}), 'class_thresholds': ((2, 0.1),)}, [1]),
    ],
)
def test_rules_decide_what_is_kept(rules, class_ids):
    usual = {'score_threshold': 0.25, 'iou_threshold': 0.45, 'max_detections': 9}
    kept = Selection(**(usual | rules)).apply(candidates())
    assert kept.class_ids.tolist() == class_ids
    assert kept.num_nonfinite == 4


@pytest.mark.parametrize(
    ('min_box_size', 'class_ids'),
    [(0.0, [0, 2, 1]), (3.9, [0, 2, 1]), (4.0, [0, 2, 1]), (4.1, [0, 2]), (20.0, [0]), (99.0, [])],
)
def test_boxes_that_are_small_in_the_camera_image_are_left_out(min_box_size, class_ids):
    # In pixels of the camera: 40 x 20, 20 x 10 after clipping, and 20 x 4.
    boxes_xyxy = np.array([[0, 14, 20, 24], [54, 14, 74, 19], [0, 40, 10, 42]], np.float32)
    found = replace(candidates(), boxes_xyxy=boxes_xyxy)
    rules = Selection(0.25, 0.45, 9, min_box_size=min_box_size)
    kept = rules.in_source(found, Letterbox.fit((128, 72), (64, 64)))
    assert kept.class_ids.tolist() == class_ids
    assert kept.num_nonfinite == 4


def test_no_box_is_too_small_by_default():
    tiny = np.array([[32, 32, 32.25, 32.25]] * 3, np.float32)
    found = replace(candidates(), boxes_xyxy=tiny)
    assert len(Selection(0.25, 0.45, 9).in_source(found, Letterbox.fit((128, 72), (64, 64)))) == 3


def test_nothing_found_stays_nothing_whatever_the_size():
    rules = Selection(0.25, 0.45, 9, min_box_size=5.0)
    assert len(rules.in_source(Detections.empty(), Letterbox.fit((128, 72), (64, 64)))) == 0


def test_threshold_is_inclusive_in_single_precision():
    found = candidates()
    exact = Selection(float(np.float32(0.7)), 0.45, 9, class_thresholds=((0, 0.9), (2, 0.8)))
    assert exact.apply(found).class_ids.tolist() == [0, 2, 1]
    next_above = float(np.nextafter(np.float32(0.9), np.float32(1)))
    above = Selection(0.95, 0.45, 9, class_thresholds=((0, next_above),))
    assert len(above.apply(found)) == 0


@pytest.mark.parametrize(
    ('class_thresholds', 'floor'),
    [((), 0.25), (((3, 0.5),), 0.25), (((3, 0.125),), 0.125), (((3, 0.2), (1, 0.1)), 0.1)],
)
def test_score_floor_is_the_lowest_threshold(class_thresholds, floor):
    assert Selection(0.25, 0.45, 9, class_thresholds=class_thresholds).score_floor == floor


def test_class_threshold_table_holds_what_each_class_must_reach():
    selection = Selection(
        0.25, 0.45, 9, class_ids=frozenset({0, 2, 9}), class_thresholds=((2, 0.5), (9, 0.1))
    )
    table = selection.class_threshold_table(4)
    assert table.dtype == np.float32
    assert table.tolist() == [0.25, np.inf, 0.5, np.inf]
    assert selection.class_threshold_table(0).shape == (0,)


def test_iou_threshold_is_handed_on():
    found = candidates()
    loose = Selection(0.25, 1.0, 9, class_agnostic_nms=True).apply(found)
    assert len(loose) == 3


def test_without_suppression_only_the_other_rules_hold():
    rules = Selection(0.25, 0.45, 9, True, min_box_size=3.0, class_ids=frozenset({0, 2}))
    kept = rules.without_suppression().apply(candidates())
    assert kept.class_ids.tolist() == [0, 2]


def test_nothing_in_gives_nothing_out():
    selection = Selection(0.25, 0.45, 9, class_ids=frozenset({1}))
    assert len(selection.apply(Detections.empty())) == 0


@pytest.mark.parametrize(
    ('class_filter', 'class_names', 'class_ids'),
    [
        ((), NAMES, None),  # keeps all
        (('car',), NAMES, {2}),
        (('car', 'person', 'car'), NAMES, {0, 2}),
        (('1',), NAMES, {1}),
        (('person', '2'), NAMES, {0, 2}),
        (('1',), ('1', '0'), {0}),  # a name goes before an index
        (('2',), ('1', '0', 'x'), {2}),
        (('ball',), ('ball', 'cup', 'ball'), {0, 2}),  # a name that two classes share
    ],
)
def test_names_and_indices_are_found(class_filter, class_names, class_ids):
    expected = None if class_ids is None else frozenset(class_ids)
    assert find_class_ids(class_filter, class_names) == expected


@pytest.mark.parametrize('entry', ['', 'Person', 'dog', '3', '-1', '01', ' car'])
def test_unknown_class_is_refused_with_the_names_of_the_network(entry):
    message = (
        rf"parameter 'class_filter' is \['car', '{entry}'\]: '{entry}' is no class of this "
        'network; its classes are person, bicycle, car'
    )
    with pytest.raises(ConfigError, match=message):
        find_class_ids(('car', entry), NAMES)


def test_all_unknown_classes_are_named_at_once():
    with pytest.raises(ConfigError, match="'dog', 'cat' is no class"):
        find_class_ids(('dog', 'car', 'cat'), NAMES)


@pytest.mark.parametrize(
    ('entries', 'thresholds'),
    [
        ((), ()),
        (('car=0.5',), ((1, 0.5),)),
        (('1=0', 'person=1'), ((0, 1.0), (1, 0.0))),
        (('car=0.5', 'car=0.25'), ((1, 0.25),)),
        (('a=b=.5',), ((2, 0.5),)),
    ],
)
def test_thresholds_of_classes_are_read(entries, thresholds):
    assert find_class_thresholds(entries, ('person', 'car', 'a=b')) == thresholds


@pytest.mark.parametrize('entry', ['car', 'car=', '=0.5', 'car=high', 'car=1.5', 'car=nan', ''])
def test_threshold_of_another_form_is_refused(entry):
    with pytest.raises(ConfigError, match='must be a class, an equals sign and a score'):
        find_class_thresholds((entry,), ('person', 'car'))


def test_threshold_of_an_unknown_class_is_refused():
    with pytest.raises(ConfigError, match=r"'class_thresholds' .* 'dog' is no class of this"):
        find_class_thresholds(('dog=0.5',), ('person', 'car'))
