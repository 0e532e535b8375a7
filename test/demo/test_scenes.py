# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from yolotrt_ros.demo import CLASS_NAMES, HELD_OUT_SEED, is_held_out, render_scene

SEEDS = range(12)


@pytest.fixture(scope='module')
def frames():
    return [render_scene(seed) for seed in SEEDS]


def test_same_seed_gives_the_same_scene(frames):
    again = render_scene(SEEDS[3])
    np.testing.assert_array_equal(again.image_bgr, frames[3].image_bgr)
    np.testing.assert_array_equal(again.boxes_xyxy, frames[3].boxes_xyxy)


def test_other_seeds_give_other_scenes(frames):
    assert len({frame.image_bgr.tobytes() for frame in frames}) == len(frames)


def test_types_and_shapes(frames):
    for frame in frames:
        count = len(frame.class_ids)
        assert (frame.image_bgr.shape, frame.image_bgr.dtype) == ((384, 640, 3), np.uint8)
        assert (frame.boxes_xyxy.shape, frame.boxes_xyxy.dtype) == ((count, 4), np.float32)
        assert frame.class_ids.dtype == np.int32
        assert (frame.visible_fraction.shape, frame.visible_fraction.dtype) == (
            (count,),
            np.float32,
        )
        assert (frame.ignored.shape, frame.ignored.dtype) == ((count,), np.bool_)


def test_boxes_are_the_tightest_around_what_shows(frames):
    for frame in frames:
        for box, number in zip(frame.boxes_xyxy, frame.object_numbers, strict=True):
            y, x = np.nonzero(frame.numbers == number)
            assert (box * 2).tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]


def test_every_pixel_with_a_number_belongs_to_an_object(frames):
    for frame in frames:
        assert set(np.unique(frame.numbers)) - {0} == set(frame.object_numbers.tolist())


def test_boxes_lie_within_the_image(frames):
    for frame in frames:
        assert (frame.boxes_xyxy[:, :2] >= 0).all()
        assert (frame.boxes_xyxy[:, 2:] <= [640, 384]).all()
        assert (frame.boxes_xyxy[:, 2:] > frame.boxes_xyxy[:, :2]).all()


def test_visible_fraction_lies_between_0_and_1(frames):
    fractions = np.concatenate([frame.visible_fraction for frame in frames])
    assert ((fractions > 0) & (fractions <= 1)).all()
    assert (fractions == 1).any()
    assert (fractions < 0.5).any()


def test_hidden_and_tiny_objects_are_ignored(frames):
    for frame in frames:
        sides = frame.boxes_xyxy[:, 2:] - frame.boxes_xyxy[:, :2]
        expected = (frame.visible_fraction < 0.25) | (sides < 8).any(axis=1)
        np.testing.assert_array_equal(frame.ignored, expected)


def test_all_classes_and_empty_scenes_occur():
    frames = [render_scene(seed, 160, 96) for seed in range(60)]
    assert {class_id for frame in frames for class_id in frame.class_ids} == set(
        range(len(CLASS_NAMES))
    )
    assert any(len(frame.class_ids) == 0 for frame in frames)


@pytest.mark.parametrize(('width', 'height'), [(320, 192), (333, 251), (96, 640), (1280, 720)])
def test_any_size(width, height):
    frame = render_scene(4, width, height)
    assert frame.image_bgr.shape == (height, width, 3)
    assert (frame.boxes_xyxy[:, 2:] <= [width, height]).all()


def test_a_scene_has_the_same_objects_at_twice_the_size(frames):
    small, large = frames[3], render_scene(SEEDS[3], 1280, 768)
    seen = small.visible_fraction > 0.5
    assert seen.any()
    for box, class_id in zip(small.boxes_xyxy[seen], small.class_ids[seen], strict=True):
        same = large.boxes_xyxy[large.class_ids == class_id] / 2
        assert np.abs(same - box).max(axis=1).min() < 2


def test_held_out_seeds_start_where_documented():
    assert not is_held_out(HELD_OUT_SEED - 1)
    assert is_held_out(HELD_OUT_SEED)


def test_pictures_use_the_grey_levels_and_are_sharp_enough(frames):
    contrasts = [frame.image_bgr.std() for frame in frames]
    assert min(contrasts) > 8
