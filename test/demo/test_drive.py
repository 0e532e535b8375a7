# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
from itertools import pairwise

import cv2
import numpy as np
import pytest

from yolotrt_ros.demo import CLASS_NAMES, Drive, HELD_OUT_SEED


@pytest.fixture(scope='module')
def drive():
    return Drive(HELD_OUT_SEED + 7, fps=30)


def test_a_lap_takes_forty_seconds(drive):
    assert len(drive) == 1200


def test_a_frame_does_not_depend_on_those_before_it(drive):
    alone = Drive(HELD_OUT_SEED + 7, fps=30)[31]
    for index in (30, 31):
        frame = drive[index]
    np.testing.assert_array_equal(frame.image_bgr, alone.image_bgr)


def test_iterates_slices_and_ends(drive):
    assert next(iter(drive)).image_bgr.shape == (384, 640, 3)
    assert len(drive[5:8]) == 3
    np.testing.assert_array_equal(drive[-1].boxes_xyxy, drive[1199].boxes_xyxy)
    with pytest.raises(IndexError, match='a lap has 1200 frames, but frame 1200'):
        drive[1200]


@pytest.mark.parametrize('start', [0, 400, 800, 1196])
def test_objects_move_smoothly_also_from_the_last_frame_to_the_first(drive, start):
    frames = [drive[(start + step) % len(drive)] for step in range(5)]
    compared = 0
    for before, after in pairwise(frames):
        for box, class_id, fraction in zip(
            before.boxes_xyxy, before.class_ids, before.visible_fraction, strict=True
        ):
            same = after.boxes_xyxy[after.class_ids == class_id]
            if fraction < 0.9 or not len(same):
                continue
            compared += 1
            assert np.abs(same - box).max(axis=1).min() < 12
    assert compared


def test_neighbouring_pictures_resemble_each_other_more_than_distant_ones(drive):
    first, next_one, later = (
        cv2.GaussianBlur(drive[index].image_bgr, (0, 0), 4).astype(float) for index in (0, 1, 60)
    )
    assert np.abs(first - next_one).mean() < 0.4 * np.abs(first - later).mean()


def test_balls_roll():
    drive = Drive(HELD_OUT_SEED + 7)
    balls = [prop.shape for prop in drive._arena.props if prop.class_id == 1]
    rolling = [ball for ball in balls if ball.reach]
    assert rolling
    assert all(0 < np.linalg.norm(ball.centre(1.0) - ball.centre(1.02)) < 0.1 for ball in rolling)


def test_a_lap_shows_all_classes(drive):
    seen = {class_id for index in range(0, 1200, 40) for class_id in drive[index].class_ids}
    assert seen == set(range(len(CLASS_NAMES)))


def test_any_size_and_rate():
    drive = Drive(3, width=200, height=150, fps=7.5)
    assert len(drive) == 300
    assert drive[17].image_bgr.shape == (150, 200, 3)
