# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pinhole camera of the demo scenes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from yolotrt_ros.demo.arrays import Floats

NEAR_M = 0.1
"""Nothing nearer than this is drawn."""


@dataclass(frozen=True)
class Camera:
    """
    A camera without lens distortion, somewhere in the arena.

    World axes in metres: x and y along the floor, z up.  Camera axes: x right, y down, z forward.
    Pixel (0, 0) has its centre at (0.0, 0.0), as in OpenCV.

    :param position: float64 (3,), metres.
    :param yaw: radians from the x axis towards the y axis.
    :param pitch: radians, positive looks up.
    :param roll: radians, positive tilts the right side down.
    :param focal_px: focal length, pixels.
    """

    position: Floats
    yaw: float
    pitch: float
    roll: float
    focal_px: float
    width: int
    height: int

    @cached_property
    def rotation(self) -> Floats:
        """float64 (3, 3), world to camera: the rows are right, down and forward."""
        sin_yaw, cos_yaw = np.sin(self.yaw), np.cos(self.yaw)
        sin_pitch, cos_pitch = np.sin(self.pitch), np.cos(self.pitch)
        right = np.array([sin_yaw, -cos_yaw, 0.0])
        forward = np.array([cos_yaw * cos_pitch, sin_yaw * cos_pitch, sin_pitch])
        down = np.cross(forward, right)
        sin_roll, cos_roll = np.sin(self.roll), np.cos(self.roll)
        return np.stack(
            [cos_roll * right + sin_roll * down, cos_roll * down - sin_roll * right, forward]
        )

    @cached_property
    def centre_px(self) -> Floats:
        """float64 (2,), the principal point: the middle of the image."""
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    @cached_property
    def intrinsics(self) -> Floats:
        """float64 (3, 3), the usual K."""
        matrix = np.diag([self.focal_px, self.focal_px, 1.0])
        matrix[:2, 2] = self.centre_px
        return matrix

    def scaled(self, factor: float) -> Camera:
        """Return the same view on a pixel grid that is ``factor`` times finer."""
        return replace(
            self,
            focal_px=self.focal_px * factor,
            width=int(self.width * factor),
            height=int(self.height * factor),
        )

    def may_see(self, centre: Floats, radius: float) -> bool:
        """Tell whether an upright column (x, y), radius in metres, can be in view."""
        ahead, side = self.rotation[2, :2], self.rotation[0, :2]
        offset = centre - self.position[:2]
        depth, across = float(ahead @ offset), abs(float(side @ offset))
        slope = 1.1 * self.width / (2 * self.focal_px)  # a tenth to spare for a tilted view
        return depth > -radius and across - slope * depth < radius * np.hypot(1, slope)

    def to_camera(self, points: Floats) -> Floats:
        """Turn world points (N, 3) into camera axes (N, 3)."""
        return (points - self.position) @ self.rotation.T

    def project(self, points: Floats) -> Floats:
        """Turn points in camera axes (N, 3), z >= NEAR_M, into pixels (N, 2)."""
        return points[:, :2] * (self.focal_px / points[:, 2:]) + self.centre_px

    def homography(self, origin: Floats, u_axis: Floats, v_axis: Floats) -> Floats:
        """
        Map a plane to pixels: H = K [R u, R v, R (origin - position)].

        :param origin: world point (3,) of the plane coordinates (0, 0).
        :param u_axis: world vector (3,) of one step along the first plane coordinate.
        :param v_axis: world vector (3,) of one step along the second.
        :returns: float64 (3, 3).
        """
        columns = np.stack([u_axis, v_axis, origin - self.position], axis=1)
        return np.asarray(self.intrinsics @ self.rotation @ columns)


def clip_to_near(polygon: Floats) -> Floats:
    """
    Cut off what lies nearer than NEAR_M (Sutherland-Hodgman with one plane).

    :param polygon: (N, 3), convex, camera axes.
    :returns: (M, 3), M = 0 when nothing is left.
    """
    depth = polygon[:, 2] - NEAR_M
    if depth.min() >= 0:
        return polygon
    corners = []
    for here, there, d_here, d_there in zip(
        polygon, np.roll(polygon, -1, axis=0), depth, np.roll(depth, -1), strict=True
    ):
        if d_here >= 0:
            corners.append(here)
        if (d_here >= 0) != (d_there >= 0):
            corners.append(here + (there - here) * (d_here / (d_here - d_there)))
    return np.array(corners).reshape(-1, 3)
