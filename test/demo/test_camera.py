# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from yolotrt_ros.demo.camera import Camera, clip_to_near, NEAR_M


def camera(**changes):
    values = {'yaw': 0.0, 'pitch': 0.0, 'roll': 0.0, 'focal_px': 400.0, **changes}
    return Camera(np.array([1.0, 2.0, 0.5]), **values, width=640, height=384)


@pytest.mark.parametrize(
    ('point', 'pixel'),
    [
        pytest.param([5.0, 2.0, 0.5], [319.5, 191.5], id='straight ahead'),
        pytest.param([5.0, 1.0, 0.5], [419.5, 191.5], id='right'),
        pytest.param([5.0, 2.0, 0.0], [319.5, 241.5], id='below'),
    ],
)
def test_projects_by_the_pinhole_formula(point, pixel):
    here = camera()
    np.testing.assert_allclose(here.project(here.to_camera(np.array([point]))), [pixel])


def test_looking_up_moves_things_down_and_turning_left_moves_them_right():
    point = np.array([[5.0, 2.0, 0.5]])
    for turned, axis in ((camera(pitch=0.1), 1), (camera(yaw=0.1), 0)):
        shift = turned.project(turned.to_camera(point)) - camera().centre_px
        assert shift[0, axis] == pytest.approx(400 * np.tan(0.1))


def test_rotation_is_a_rotation():
    matrix = camera(yaw=2.0, pitch=-0.3, roll=0.1).rotation
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_homography_agrees_with_projection():
    here = camera(yaw=0.4, pitch=-0.2, roll=0.05)
    origin, u, v = np.array([4.0, 3.0, 0.0]), np.array([0.1, 0, 0]), np.array([0, 0.2, 0])
    pixel = here.homography(origin, u, v) @ [3, 2, 1]
    expected = here.project(here.to_camera((origin + 3 * u + 2 * v)[None]))[0]
    np.testing.assert_allclose(pixel[:2] / pixel[2], expected)


def test_a_finer_grid_keeps_the_view():
    point = np.array([[4.0, 2.5, 0.2]])
    here, finer = camera(), camera().scaled(2)
    coarse, fine = (c.project(c.to_camera(point)) + 0.5 for c in (here, finer))
    np.testing.assert_allclose(fine, 2 * coarse)


def test_clips_what_is_behind():
    triangle = np.array([[0.0, 0, 1], [1, 0, 1], [0, 0, -1]])
    clipped = clip_to_near(triangle)
    assert len(clipped) == 4
    assert clipped[:, 2].min() == pytest.approx(NEAR_M)
    assert len(clip_to_near(triangle - [0, 0, 2])) == 0
