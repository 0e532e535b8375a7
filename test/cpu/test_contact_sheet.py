# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures on one sheet."""

import numpy as np
import pytest

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.matching import match
from yolotrt_ros.core.score import Verdict
from yolotrt_ros.cpu.contact_sheet import (
    contact_sheet,
    FALSE,
    MISSED,
    Panel,
    PANEL_WIDTH,
    RIGHT,
    TRUTH,
)

GREY = np.full((96, 160, 3), 128, np.uint8)


def one_box(x: float, class_id: int = 0) -> Detections:
    return Detections(
        np.array([[x, 20, x + 40, 70]], np.float32),
        np.array([0.8], np.float32),
        np.array([class_id], np.int32),
    )


def holds(sheet, color) -> bool:
    return bool((sheet[60:] == color).all(axis=2).any())


@pytest.mark.parametrize(('count', 'columns'), [(1, 1), (2, 2), (4, 2), (5, 3), (12, 3)])
def test_has_at_most_three_columns(count, columns):
    panels = [Panel(GREY, Verdict(one_box(10)))] * count
    sheet = contact_sheet(panels, ['cone'], 'title')
    assert sheet.shape[1] // PANEL_WIDTH == columns


def test_colours_tell_right_from_false_and_missed():
    truth = one_box(10)
    for found, expected in (
        (one_box(10), {RIGHT: True, FALSE: False, MISSED: False}),
        (one_box(90), {RIGHT: False, FALSE: True, MISSED: True}),
    ):
        panel = Panel(GREY, Verdict(found, truth, match(found, truth)))
        sheet = contact_sheet([panel], ['cone'], 'title')
        assert {color: holds(sheet, color) for color in expected} == expected


def test_the_truth_is_drawn_around_what_was_found():
    truth, found = one_box(10), one_box(14)
    sheet = contact_sheet(
        [Panel(GREY, Verdict(found, truth, match(found, truth)))], ['cone'], 'title'
    )
    assert holds(sheet, TRUTH)


def test_pictures_of_different_shapes_fit_and_are_not_changed():
    tall = np.full((300, 100, 3), 90, np.uint8)
    panels = [Panel(image, Verdict(Detections.empty())) for image in (GREY, tall)]
    contact_sheet(panels, [], 'title')
    assert (GREY == 128).all()
    assert (tall == 90).all()
