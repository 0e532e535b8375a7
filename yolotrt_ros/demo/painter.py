# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Draw props from far to near, and keep what is where.

Colours and prop numbers are drawn on a grid SCALE times finer than the image, with the same
polygons: averaging the colours smooths the edges, and the numbers are exact truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from yolotrt_ros.demo.arena import Arena, Prop
from yolotrt_ros.demo.arrays import Floats, Image, Ints
from yolotrt_ros.demo.balls import Ball
from yolotrt_ros.demo.camera import Camera, clip_to_near, NEAR_M
from yolotrt_ros.demo.solids import Solid, Texture

SCALE = 2
SUBPIXEL = 4
"""Binary digits after the point in the corners that OpenCV fills."""


@dataclass(frozen=True)
class Silhouette:
    """
    What one prop would show if nothing stood before it.

    :param bounds: (x0, y0, x1, y1), the fine pixels that may belong to it.
    :param area: fine pixels, the image's edges ignored.
    """

    bounds: tuple[int, int, int, int]
    area: float


class Painter:
    """
    A canvas and a buffer of prop numbers, both SCALE times finer than the image.

    :param image: the backdrop, uint8 (H, W, 3).
    :param camera: the view of the image, unscaled.
    """

    def __init__(self, image: Image, camera: Camera, arena: Arena, time: float) -> None:
        self._camera = camera.scaled(SCALE)
        self._size = (self._camera.width, self._camera.height)
        self._arena = arena
        self._time = time
        self.canvas: Image = cv2.resize(image, self._size, interpolation=cv2.INTER_NEAREST)
        self.numbers: Image = np.zeros(self._size[::-1], np.uint8)

    def draw(self, prop: Prop, number: int) -> Silhouette:
        """Draw a prop over what is there; ``number``, 1-255, marks its pixels, 0 marks none."""
        if isinstance(prop.shape, Ball):
            hulls = [self._draw_ball(prop.shape, number)]
        else:
            hulls = [
                self._draw_solid(solid, number if solid.owned else 0)
                for solid in self._far_to_near(prop.shape)
            ]
        return self._silhouette([hull for hull in hulls if len(hull)], number)

    def image(self) -> Image:
        """Return the picture at the image's own size: uint8 (H, W, 3)."""
        size = (self._size[0] // SCALE, self._size[1] // SCALE)
        return np.asarray(cv2.resize(self.canvas, size, interpolation=cv2.INTER_AREA))

    def _far_to_near(self, solids: Sequence[Solid]) -> list[Solid]:
        eye = self._camera.position

        def key(solid: Solid) -> tuple[int, float]:
            away = solid.centre - eye
            return solid.layer, -float(away @ away)

        return sorted(solids, key=key)

    def _draw_solid(self, solid: Solid, number: int) -> Ints:
        """Draw the faces that look at the camera; return the outline (N, 2), empty if unowned."""
        camera = self._camera
        facing = np.flatnonzero(solid.normals @ camera.position > solid.offsets)
        in_camera = camera.to_camera(solid.vertices)
        depth = in_camera[:, 2]
        if not len(facing) or depth.max() < NEAR_M:
            return _NOTHING
        if depth.min() >= NEAR_M:
            points = _fixed(camera.project(in_camera))
            polygons = [*points[solid.faces[facing]]]
        else:
            clipped = [clip_to_near(in_camera[solid.faces[face]]) for face in facing]
            polygons = [_fixed(camera.project(polygon)) for polygon in clipped]
            points = np.concatenate(polygons)
            if not len(points):
                return _NOTHING
        outline = cv2.convexHull(points)[:, 0]
        if not self._on_canvas(outline):
            return outline if number else _NOTHING
        colours = self._hazed(solid.colours[facing], depth.mean())
        self._fill(outline, colours.mean(axis=0).tolist(), number)  # no cracks between the faces
        for face, polygon, colour in zip(facing.tolist(), polygons, colours.tolist(), strict=True):
            if len(polygon) and face in solid.textures:
                self._draw_texture(solid.textures[face], solid.shades[face], polygon, depth.mean())
            elif len(polygon):
                cv2.fillConvexPoly(self.canvas, polygon, colour, cv2.LINE_8, SUBPIXEL)
        return outline if number else _NOTHING

    def _draw_texture(self, texture: Texture, shade: float, polygon: Ints, depth: float) -> None:
        """Warp the level of a texture that fits best onto the canvas, within the polygon."""
        x0, y0, x1, y1 = self._clipped_bounds(polygon)
        if x0 >= x1 or y0 >= y1:
            return
        extent = (polygon.max(axis=0) - polygon.min(axis=0)).max() / (1 << SUBPIXEL)
        width = texture.levels[0].shape[1]
        level = int(np.clip(np.log2(width / max(extent, 1.0)), 0, len(texture.levels) - 1))
        picture = texture.levels[level]
        lost = self._lost(depth)
        lit = cv2.convertScaleAbs(
            picture, alpha=shade * (1 - lost), beta=lost * self._arena.haze_grey
        )
        rows, columns = picture.shape[:2]
        to_canvas = self._camera.homography(
            texture.origin + (texture.across / columns + texture.down / rows) / 2,
            texture.across / columns,
            texture.down / rows,
        )
        to_canvas[:2] -= np.outer([x0, y0], to_canvas[2])  # the same, counted from (x0, y0)
        drawn = cv2.warpPerspective(
            lit, to_canvas, (x1 - x0, y1 - y0), borderMode=cv2.BORDER_REPLICATE
        )
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        local = polygon - np.array([x0, y0], np.int32) * (1 << SUBPIXEL)
        cv2.fillConvexPoly(mask, local, 255, cv2.LINE_8, SUBPIXEL)
        cv2.copyTo(drawn, mask, self.canvas[y0:y1, x0:x1])

    def _draw_ball(self, ball: Ball, number: int) -> Ints:
        """Draw a ball; return its outline (N, 2)."""
        centre, eye = ball.centre(self._time), self._camera.position
        in_camera = self._camera.to_camera(ball.outline(centre, eye))
        if in_camera[:, 2].min() < NEAR_M:
            return _NOTHING
        outline = cv2.convexHull(_fixed(self._camera.project(in_camera)))[:, 0]
        if not self._on_canvas(outline):
            return np.asarray(outline)
        low, high = outline.min(axis=0) >> SUBPIXEL, (outline.max(axis=0) >> SUBPIXEL) + 2
        width, height = (high - low).tolist()
        size = int(np.clip(max(width, height) // 16 * 16, 16, 112))
        axes, distance = ball.facing(centre, eye)
        light = self._arena.light
        picture = ball.shaded(
            axes, ball.orientation(self._time), light.direction, light.ambient, size
        )
        lost = self._lost(distance)
        hazed = cv2.convertScaleAbs(picture, alpha=1 - lost, beta=lost * self._arena.haze_grey)
        x0, y0, x1, y1 = self._clipped_bounds(outline)
        whole = cv2.resize(hazed, (width, height), interpolation=cv2.INTER_LINEAR)
        part = whole[y0 - low[1] : y1 - low[1], x0 - low[0] : x1 - low[0]]
        mask = np.zeros(part.shape[:2], np.uint8)
        local = outline - np.array([x0, y0], np.int32) * (1 << SUBPIXEL)
        cv2.fillConvexPoly(mask, local, 255, cv2.LINE_8, SUBPIXEL)
        cv2.copyTo(part, mask, self.canvas[y0:y1, x0:x1])
        cv2.fillConvexPoly(self.numbers, outline, number, cv2.LINE_8, SUBPIXEL)
        return np.asarray(outline)

    def _fill(self, outline: Ints, colour: list[float], number: int) -> None:
        cv2.fillConvexPoly(self.canvas, outline, colour, cv2.LINE_8, SUBPIXEL)
        cv2.fillConvexPoly(self.numbers, outline, number, cv2.LINE_8, SUBPIXEL)

    def _lost(self, distance: float) -> float:
        """Return the share of light that the air takes on the way."""
        return float(1 - np.exp(-self._arena.haze * distance))

    def _hazed(self, colours: Floats, distance: float) -> Floats:
        lost = self._lost(distance)
        return colours * (1 - lost) + lost * self._arena.haze_grey

    @staticmethod
    def _bounds(polygon: Ints) -> tuple[int, int, int, int]:
        x0, y0 = polygon.min(axis=0).tolist()
        x1, y1 = polygon.max(axis=0).tolist()
        return x0 >> SUBPIXEL, y0 >> SUBPIXEL, (x1 >> SUBPIXEL) + 2, (y1 >> SUBPIXEL) + 2

    def _clipped_bounds(self, polygon: Ints) -> tuple[int, int, int, int]:
        """Return (x0, y0, x1, y1) of the canvas pixels that a polygon may touch."""
        x0, y0, x1, y1 = self._bounds(polygon)
        width, height = self._size
        return max(x0, 0), max(y0, 0), max(min(x1, width), 0), max(min(y1, height), 0)

    def _on_canvas(self, polygon: Ints) -> bool:
        x0, y0, x1, y1 = self._clipped_bounds(polygon)
        return x0 < x1 and y0 < y1

    def _silhouette(self, hulls: list[Ints], number: int) -> Silhouette:
        """Count the prop's pixels while nothing has been drawn over them yet."""
        if not hulls:
            return Silhouette((0, 0, 0, 0), 0.0)
        points = np.concatenate(hulls)
        x0, y0, x1, y1 = bounds = self._clipped_bounds(points)
        inside = int(np.count_nonzero(self.numbers[y0:y1, x0:x1] == number))
        cut = self._bounds(points) != bounds
        return Silhouette(bounds, max(_area(hulls), inside) if cut else inside)


_NOTHING = np.empty((0, 2), np.int32)


def _fixed(points: Floats) -> Ints:
    """Round pixels (N, 2) to the fixed-point numbers that OpenCV fills polygons with."""
    limit = 16_000 << SUBPIXEL
    return np.asarray(np.clip(np.round(points * (1 << SUBPIXEL)), -limit, limit), np.int32)


def _area(hulls: list[Ints]) -> float:
    """Return the area of a union of outlines, canvas pixels, from a picture 256 wide or high."""
    points = np.concatenate(hulls).astype(float)
    low = points.min(axis=0)
    scale = 250 * (1 << SUBPIXEL) / max((points.max(axis=0) - low).max(), 1.0)
    mask = np.zeros((256, 256), np.uint8)
    for hull in hulls:
        cv2.fillConvexPoly(mask, ((hull - low) * scale).astype(np.int32), 1, cv2.LINE_8, SUBPIXEL)
    return float(np.count_nonzero(mask) / scale**2)
