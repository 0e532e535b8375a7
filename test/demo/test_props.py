# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from yolotrt_ros.demo import CLASS_NAMES
from yolotrt_ros.demo.balls import Ball, pattern
from yolotrt_ros.demo.distractors import DISTRACTORS
from yolotrt_ros.demo.distractors import RADIUS_M as DISTRACTOR_RADIUS_M
from yolotrt_ros.demo.props import BUILDERS, RADIUS_M
from yolotrt_ros.demo.solids import box, Light, turned

BUILT = [(name, build, RADIUS_M[name]) for name, build in BUILDERS.items()]
BUILT += [(build.__name__, build, DISTRACTOR_RADIUS_M) for build in DISTRACTORS]


@pytest.mark.parametrize(('name', 'build', 'radius'), BUILT, ids=[row[0] for row in BUILT])
def test_stands_on_the_floor_within_its_circle(name, build, radius):
    for seed in range(30):
        vertices = np.concatenate([s.vertices for s in build(np.random.default_rng(seed))])
        assert vertices[:, 2].min() == pytest.approx(0, abs=1e-9)
        assert np.linalg.norm(vertices[:, :2], axis=1).max() <= radius


@pytest.mark.parametrize(('name', 'build', 'radius'), BUILT, ids=[row[0] for row in BUILT])
def test_solids_are_convex(name, build, radius):
    for solid in build(np.random.default_rng(1)):
        above = solid.normals @ solid.vertices.T - solid.offsets[:, None]
        assert above.max() < 1e-9


def test_every_class_is_built():
    assert set(BUILDERS) | {'ball'} == set(RADIUS_M) == set(CLASS_NAMES)


def test_box_and_turned_body_have_outward_normals():
    for solid in (
        box((1, 2, 3), (5, 5, 5), (1, 1, 1)),
        turned([(1, 0), (0.5, 2)], [(1, 1, 1)] * 2),
    ):
        middles = solid.vertices[solid.faces].mean(axis=1) - solid.vertices.mean(axis=0)
        assert ((middles * solid.normals).sum(axis=1) > 0).all()


def test_a_placed_solid_keeps_its_shape_and_is_lit_from_the_lamp():
    light = Light(np.array([1.0, 0, 0]), 0.4)
    placed = box((2, 2, 2), (0, 0, 1), (100, 100, 100)).placed(
        np.array([3.0, 4, 0]), np.pi / 2, light
    )
    np.testing.assert_allclose(placed.vertices.mean(axis=0), [3, 4, 1], atol=1e-12)
    np.testing.assert_allclose(placed.vertices.max(axis=0), [4, 5, 2], atol=1e-12)
    assert placed.normals[placed.shades.argmax()] @ light.direction == pytest.approx(1)


def test_ball_outline_touches_the_ball_at_right_angles():
    ball = Ball(0.3, np.array([2.0, 0, 0.3]), pattern(np.random.default_rng(0)), np.eye(3))
    eye = np.array([0.0, 0.5, 0.8])
    rim = ball.outline(ball.middle, eye)
    np.testing.assert_allclose(np.linalg.norm(rim - ball.middle, axis=1), 0.3)
    np.testing.assert_allclose(((rim - ball.middle) * (rim - eye)).sum(axis=1), 0, atol=1e-8)


def test_a_ball_rolls_without_slipping():
    ball = Ball(
        0.2, np.array([0, 0, 0.2]), np.zeros((64, 128, 3), np.uint8), np.eye(3), 0.0, 1.0, 4
    )
    moved = ball.centre(1.0) - ball.centre(0.0)
    np.testing.assert_allclose(moved, [1, 0, 0], atol=1e-12)
    turned_by = ball.orientation(1.0) @ ball.orientation(0.0).T
    # A wheel that goes towards +x turns about +y: its top moves forwards.
    np.testing.assert_allclose(turned_by @ [0, 1, 0], [0, 1, 0], atol=1e-9)
    small = ball.orientation(0.01) @ [0, 0, 1]
    assert small[0] == pytest.approx(np.sin(ball.centre(0.01)[0] / 0.2), abs=1e-9)
