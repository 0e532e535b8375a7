# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive through an arena: what a robot's camera sees on one lap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import overload

import numpy as np

from yolotrt_ros.demo import arena as arenas
from yolotrt_ros.demo.arrays import Floats
from yolotrt_ros.demo.camera import Camera
from yolotrt_ros.demo.frame import Frame, render
from yolotrt_ros.demo.layout import inside, Room, scatter
from yolotrt_ros.demo.lens import Lens
from yolotrt_ros.demo.noise import Rng
from yolotrt_ros.demo.scenes import is_held_out

LAP_S = 40.0
NUM_PROPS = 42
CLEARANCE_M = 0.55
"""Free space to either side of the camera's way."""
EXPOSURE = 0.35
"""Share of the time between two frames during which the shutter is open."""


class Drive(Sequence[Frame]):
    """
    The frames of one lap; after the last one the first follows smoothly.

    :param seed: 0 or more; from HELD_OUT_SEED on in arenas that training never saw.
    :param width: pixels; ``height`` likewise.
    :param fps: frames in one second of the drive.
    """

    def __init__(self, seed: int, width: int = 640, height: int = 384, fps: float = 30.0) -> None:
        rng = np.random.default_rng([seed, 1])
        self._seed = seed
        self._fps = fps
        self._size = (width, height)
        self._way = Way(rng, room := _wide_room(rng))
        light = arenas.draw_light(rng)
        props = scatter(
            rng,
            NUM_PROPS,
            place=lambda: rng.uniform(room[:2], room[2:]),
            fits=lambda centre, radius: (
                inside(room, centre, radius + 0.15)
                and self._way.distance(centre) > radius + CLEARANCE_M
            ),
            facing=self._way.nearest,
            light=light,
            distractor_share=0.2,
            periods_s=(0.0, LAP_S / 8, LAP_S / 6),
        )
        self._arena = arenas.build(rng, is_held_out(seed), room, props, light)
        self._lens = replace(Lens.draw(rng, strength=0.4), jpeg_quality=0)

    def __len__(self) -> int:
        """Return the number of frames in a lap."""
        return round(LAP_S * self._fps)

    @overload
    def __getitem__(self, index: int) -> Frame: ...

    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...

    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        """Render a frame, always the same for the same index."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f'a lap has {len(self)} frames, but frame {index} was asked for')
        time = index % len(self) / self._fps
        camera = self._way.camera(time, *self._size)
        later = self._way.camera(time + EXPOSURE / self._fps, *self._size)
        frame = render(self._arena, camera, time)
        blur_px = (
            (later.yaw - camera.yaw) * camera.focal_px,
            (later.pitch - camera.pitch) * camera.focal_px,
        )
        rng = np.random.default_rng([self._seed, 2, index % len(self)])
        return replace(frame, image_bgr=self._lens.apply(frame.image_bgr, blur_px, rng))


class Way:
    """A closed way around the middle of the room, and the camera that travels along it."""

    def __init__(self, rng: Rng, room: Room) -> None:
        low, high = np.array(room[:2]), np.array(room[2:])
        self._middle = (low + high) / 2
        self._reach = (high - low) / 2 - 1.9
        self._bends = rng.uniform(0.05, 0.13, 2)
        self._phases = rng.uniform(0, 2 * np.pi, 5)
        self._sense = float(rng.choice([-1.0, 1.0]))
        self._height = float(rng.uniform(0.55, 0.85))
        self._pitch = float(np.radians(rng.uniform(-13, -8)))
        self._view = float(np.radians(rng.uniform(66, 78)))
        self._points = np.array([self.place(LAP_S * i / 400) for i in range(400)])

    def place(self, time: float) -> Floats:
        """Return where the camera is on the floor: (2,), metres."""
        angle = self._sense * 2 * np.pi * time / LAP_S
        waves = np.cos(np.array([2, 3]) * angle + self._phases[:2])
        ring = np.array([np.cos(angle), np.sin(angle)])
        return np.asarray(self._middle + self._reach * ring * (1 + self._bends @ waves))

    def nearest(self, point: Floats) -> Floats:
        """Return the point (2,) of the way that is nearest to a point (2,)."""
        return np.asarray(self._points[np.linalg.norm(self._points - point, axis=1).argmin()])

    def distance(self, point: Floats) -> float:
        """Return the distance in metres from the way."""
        return float(np.linalg.norm(self.nearest(point) - point))

    def camera(self, time: float, width: int, height: int) -> Camera:
        """Return the camera, which looks along the way, to and fro a little, and shakes."""
        turn = 2 * np.pi * time / LAP_S
        ahead = self.place(time + 0.4) - self.place(time - 0.4)
        glance = 0.3 * np.sin(5 * turn + self._phases[2])
        shake = np.sin(np.array([61, 97, 83, 131]) * turn) * [0.0016, 0.001, 0.0015, 0.001]
        return Camera(
            position=np.array([*self.place(time), self._height]),
            yaw=float(np.arctan2(ahead[1], ahead[0]) + glance),
            pitch=float(self._pitch + 0.02 * np.sin(3 * turn + self._phases[3]) + shake[:2].sum()),
            roll=float(0.008 * np.sin(4 * turn + self._phases[4]) + shake[2:].sum()),
            focal_px=float(width / (2 * np.tan(self._view / 2))),
            width=width,
            height=height,
        )


def _wide_room(rng: Rng) -> Room:
    """Draw a room that leaves space for the way: the larger of eight."""
    rooms = [arenas.draw_room(rng) for _ in range(8)]
    return max(rooms, key=lambda room: min(room[2] - room[0], room[3] - room[1] + 3))
