# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the empty arena: hall, floor and walls in perspective."""

from __future__ import annotations

import cv2
import numpy as np

from yolotrt_ros.demo import floors, shadows, walls
from yolotrt_ros.demo.arena import Arena, Wall
from yolotrt_ros.demo.arrays import Floats, Image
from yolotrt_ros.demo.balls import Ball
from yolotrt_ros.demo.camera import Camera, clip_to_near

UP = np.array([0.0, 0.0, 1.0])


def draw_backdrop(arena: Arena, camera: Camera, time: float) -> Image:
    """Return the arena without its props, but with their shadows: (H, W, 3)."""
    image = np.empty((camera.height, camera.width, 3), np.uint8)
    _draw_hall(image, arena.hall, camera)
    _draw_floor(image, arena, camera, time)
    _add_haze(image, arena, camera)
    for wall in sorted(arena.walls, key=lambda wall: -_distance(wall, camera)):
        _draw_wall(image, wall, arena, camera)
    return image


def _draw_hall(image: Image, hall: Image, camera: Camera) -> None:
    """Fill the picture with the hall, which is so far away that only angles matter."""
    rows, columns = walls.HALL_SHAPE
    per_radian_x, per_radian_y = columns / (2 * np.pi), rows / np.radians(60)
    x = (-camera.yaw * per_radian_x) % columns
    y = (np.radians(50) - camera.pitch) * per_radian_y
    scale_x, scale_y = per_radian_x / camera.focal_px, per_radian_y / camera.focal_px
    turn = np.array([[scale_x, -scale_x * camera.roll], [scale_y * camera.roll, scale_y]])
    shift = np.array([x, y]) - turn @ camera.centre_px
    lowest = min(camera.height, _row(camera, 8.0) + 40)
    if lowest > 0:
        cv2.warpAffine(
            hall,
            np.column_stack([turn, shift]),
            (camera.width, lowest),
            dst=image[:lowest],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        )


def _draw_floor(image: Image, arena: Arena, camera: Camera, time: float) -> None:
    """Warp the floor in bands of rows, the farther ones from coarser pictures."""
    x0, y0, x1, y1 = arena.room
    corners = np.array([[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]])
    top = int(
        np.clip(_projected(corners, camera)[:, 1].min(initial=camera.height), 0, camera.height)
    )
    rows = [camera.height, *(_row(camera, d) for d in _switch_distances(camera)), top]
    for level, picture in enumerate(arena.floor):
        low = int(np.clip(rows[level], top, camera.height))
        high = top if level == len(arena.floor) - 1 else int(np.clip(rows[level + 1], top, low))
        if high < low:
            _warp_floor(picture, floors.TEXELS_PER_M / 2**level, image[high:low], camera, high)
    if top < camera.height:
        coarse = np.empty(((camera.height - top + 1) // 2, camera.width // 2, 3), np.uint8)
        _warp_floor(
            _light_map(arena, camera, time),
            shadows.TEXELS_PER_M,
            coarse,
            camera.scaled(0.5),
            top / 2,
        )
        light = cv2.resize(coarse, image[top:].shape[1::-1], interpolation=cv2.INTER_LINEAR)
        cv2.multiply(image[top:], light, dst=image[top:], scale=1 / 255)


def _light_map(arena: Arena, camera: Camera, time: float) -> Image:
    """Return the brightness of the floor with the balls' shadows, as far as they can be seen."""
    balls = [
        prop.shape
        for prop in arena.props
        if isinstance(prop.shape, Ball)
        and camera.may_see(prop.centre, prop.radius + shadows.reach(prop.shape))
    ]
    picture = arena.light_map.copy() if balls else arena.light_map
    for ball in balls:
        shadows.add_ball(picture, ball, ball.centre(time), arena.light)
    return picture


def _warp_floor(
    picture: Image, texels_per_m: float, rows: Image, camera: Camera, top: float
) -> None:
    """Draw a picture of the floor into the image rows from ``top`` on."""
    step = 1 / texels_per_m
    to_image = camera.homography(np.array([step / 2, step / 2, 0]), *(step * np.eye(3)[:2]))
    to_image[:2] -= np.outer([0, top], to_image[2])
    cv2.warpPerspective(
        picture, to_image, rows.shape[1::-1], dst=rows, borderMode=cv2.BORDER_REPLICATE
    )


def _switch_distances(camera: Camera) -> list[float]:
    """
    Return the distances at which each coarser floor picture takes over, metres.

    At distance d a pixel covers d/f metres across and d²/(f h) along; the coarser picture comes
    when the mean of the two in the geometric sense, d^1.5 / (f sqrt(h)), is 1.5 of its texels.
    """
    per_texel = camera.focal_px * np.sqrt(camera.position[2]) * 1.5 / floors.TEXELS_PER_M
    return [float((per_texel * 2**level) ** (2 / 3)) for level in range(4)]


def _row(camera: Camera, distance: float) -> int:
    """Return the image row of the floor at a distance ahead."""
    ahead = np.array([np.cos(camera.yaw), np.sin(camera.yaw), 0.0]) * distance
    point = camera.position * [1, 1, 0] + ahead
    in_camera = camera.to_camera(point[None])
    return camera.height if in_camera[0, 2] <= 0.05 else int(camera.project(in_camera)[0, 1])


def _add_haze(image: Image, arena: Arena, camera: Camera) -> None:
    """Lift the rows of the floor towards grey, by their distance."""
    if not arena.haze:
        return
    horizon = camera.centre_px[1] + camera.focal_px * np.tan(camera.pitch)
    below = np.arange(camera.height) - horizon
    distance = camera.focal_px * camera.position[2] / np.clip(below, 1, None)
    lost = 1 - np.exp(-arena.haze * np.clip(distance, 0, 12.0))
    keep = np.round(255 * (1 - lost)).astype(np.uint8)
    add = np.round(lost * arena.haze_grey).astype(np.uint8)
    whole = (camera.height, camera.width, 3)
    cv2.multiply(
        image, np.ascontiguousarray(np.broadcast_to(keep[:, None, None], whole)), image, 1 / 255
    )
    cv2.add(image, np.ascontiguousarray(np.broadcast_to(add[:, None, None], whole)), image)


def _draw_wall(image: Image, wall: Wall, arena: Arena, camera: Camera) -> None:
    left, right = np.array([*wall.left, 0.0]), np.array([*wall.right, 0.0])
    high = wall.height * UP
    outline = _projected(np.array([left, right, right + high, left + high]), camera)
    if not len(outline):
        return
    x0, y0 = np.clip(np.floor(outline.min(axis=0)).astype(int), 0, None)
    x1, y1 = np.minimum(
        np.ceil(outline.max(axis=0)).astype(int) + 1, [camera.width, camera.height]
    )
    if x0 >= x1 or y0 >= y1:
        return
    nearest = max(_distance(wall, camera), 0.3)
    level = int(np.clip(np.log2(walls.TEXELS_PER_M * nearest / camera.focal_px), 0, 2))
    picture = wall.levels[level]
    length = np.linalg.norm(right - left)
    across = (right - left) / length * (length / picture.shape[1])
    to_image = camera.homography(left + high, across, -high / picture.shape[0])
    size = (int(x1 - x0), int(y1 - y0))
    to_image[:2] -= np.outer([x0, y0], to_image[2])
    drawn = cv2.warpPerspective(picture, to_image, size, borderMode=cv2.BORDER_REPLICATE)
    lost = 1 - np.exp(-arena.haze * nearest)
    if lost > 0.01:
        drawn = cv2.convertScaleAbs(drawn, alpha=1 - lost, beta=lost * arena.haze_grey)
    mask = np.zeros(size[::-1], np.uint8)
    _fill(mask, outline - [x0, y0], 255, cv2.LINE_8)
    cv2.copyTo(drawn, mask, image[y0:y1, x0:x1])
    rail, board = 0.05 * UP, 0.08 * UP
    for low, height in ((left + high - rail, rail), (left, board)):
        edge = _projected(
            np.array([low, low + right - left, low + right - left + height, low + height]), camera
        )
        shade = 1.0 if height is rail else 0.5
        _fill(image, edge, [shade * channel for channel in wall.trim], cv2.LINE_AA)


def _projected(polygon: Floats, camera: Camera) -> Floats:
    """Return the pixels (N, 2) of a polygon in the world, cut off at the camera."""
    return camera.project(clip_to_near(camera.to_camera(polygon)))


def _fill(image: Image, polygon: Floats, colour: object, line: int) -> None:
    points = np.clip(np.round(polygon * 16), -200_000, 200_000).astype(np.int32)
    cv2.fillConvexPoly(image, points, colour, line, 4)


def _distance(wall: Wall, camera: Camera) -> float:
    """Return how far the camera is from the plane of the wall, metres."""
    along = (wall.right - wall.left) / np.linalg.norm(wall.right - wall.left)
    offset = camera.position[:2] - wall.left
    return float(abs(along[0] * offset[1] - along[1] * offset[0]))
