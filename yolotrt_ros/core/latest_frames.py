# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One slot a camera: the newest frame wins, and every frame is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Condition
from typing import Generic, TypeVar

Frame = TypeVar('Frame')


@dataclass(frozen=True)
class FrameCounts:
    """
    What became of the frames of one camera.

    ``received = processed + dropped + rejected + waiting`` at every moment.

    :param received: frames that arrived.
    :param processed: frames whose detections were published.
    :param dropped: frames replaced by a newer one before their turn came.
    :param rejected: frames that could not be used.
    """

    received: int = 0
    processed: int = 0
    dropped: int = 0
    rejected: int = 0

    @property
    def waiting(self) -> int:
        """Frames in the slot or in work: none, one or two."""
        return self.received - self.processed - self.dropped - self.rejected


class LatestFrames(Generic[Frame]):
    """
    Hand frames from the thread that receives them to the thread that processes them.

    It starts closed. Its counts go on over any number of openings.

    :param cameras: the names of the cameras, each with one slot.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        self._slots: dict[str, Frame] = {}
        self._counts = {camera: FrameCounts() for camera in cameras}
        self._changed = Condition()
        self._is_open = False

    def open(self) -> None:
        """Let frames through."""
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Send the taker home; frames in a slot, and those still to come, count as dropped."""
        with self._changed:
            for camera in self._slots:
                self._add(camera, dropped=1)
            self._slots.clear()
            self._is_open = False
            self._changed.notify_all()

    def put(self, camera: str, frame: Frame) -> None:
        """Store the newest frame of a camera; the one it replaces counts as dropped."""
        with self._changed:
            replaced = camera in self._slots
            self._add(camera, received=1, dropped=int(replaced or not self._is_open))
            if self._is_open:
                # In the older frame's place of the queue: else a camera that is faster than the
                # network, and so always has a new frame, would never reach its front.
                self._slots[camera] = frame
                self._changed.notify()

    def take(self, max_frames: int) -> list[tuple[str, Frame]]:
        """
        Wait for frames and take them, the cameras that wait longest first.

        :returns: one to ``max_frames`` pairs of camera and frame, none once closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: bool(self._slots) or not self._is_open)
            cameras = list(self._slots)[:max_frames]
            return [(camera, self._slots.pop(camera)) for camera in cameras]

    def count(self, camera: str, *, processed: int = 0, rejected: int = 0) -> None:
        """Record what became of frames that were taken."""
        with self._changed:
            self._add(camera, processed=processed, rejected=rejected)

    def counts(self, camera: str) -> FrameCounts:
        """Return the counts of a camera up to now."""
        with self._changed:
            return self._counts[camera]

    def _add(self, camera: str, **increments: int) -> None:
        counts = self._counts[camera]
        self._counts[camera] = replace(
            counts, **{name: getattr(counts, name) + value for name, value in increments.items()}
        )
