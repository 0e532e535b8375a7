# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One slot a camera: the newest frame wins, and every frame is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Condition
from time import monotonic
from typing import Generic, TypeVar

from yolotrt_ros.core.batch_wait import BatchWait
from yolotrt_ros.core.frame_counts import DropReason, FrameCounts, Outcome
from yolotrt_ros.core.rate_limit import RateLimit

Frame = TypeVar('Frame')


@dataclass(frozen=True)
class _Slot(Generic[Frame]):
    """A frame, and since when its camera has waited."""

    frame: Frame
    since_s: float


class LatestFrames(Generic[Frame]):
    """
    Hand frames from the thread that receives them to the thread that processes them.

    It starts closed. Its counts go on over any number of openings.

    :param cameras: the names of the cameras, each with one slot.
    :param max_batch_wait_s: how long the first frame of a batch waits for other cameras.
    :param now_s: steady time, seconds.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        *,
        max_batch_wait_s: float = 0.0,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        # In the order in which the cameras began to wait.
        self._slots: dict[str, _Slot[Frame]] = {}
        self._tallies: dict[str, Counter[str]] = {camera: Counter() for camera in cameras}
        self._limits = {camera: RateLimit(0.0) for camera in cameras}
        self._batch_wait = BatchWait(max_batch_wait_s)
        self._now_s = now_s
        self._changed = Condition()
        self._is_open = False
        self._is_enabled = True

    def open(self) -> None:
        """Let frames through."""
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Send the taker home; frames in a slot, and those still to come, are dropped."""
        with self._changed:
            self._is_open = False
            self._clear('inactive')
            self._changed.notify_all()

    def set_enabled(self, is_enabled: bool) -> None:
        """Pause or go on; while it pauses, frames in a slot and those that come are dropped."""
        with self._changed:
            self._is_enabled = is_enabled
            if not is_enabled:
                self._clear('disabled')

    def set_max_rates(self, rates_hz: Mapping[str, float]) -> None:
        """Limit the frames a second of cameras; 0 for no limit."""
        with self._changed:
            for camera, rate_hz in rates_hz.items():
                if self._limits[camera].max_rate_hz != rate_hz:
                    self._limits[camera] = RateLimit(rate_hz)

    def put(self, camera: str, frame: Frame, time_ns: int = 0, *, is_watched: bool = True) -> None:
        """
        Store the newest frame of a camera, in the place of the older one.

        Rates are those of the frames that find their slot empty: one that replaces another adds
        nothing to the work.

        :param time_ns: when it came, by the clock that the rates are measured with.
        :param is_watched: whether anybody wants to know what is in it.
        """
        with self._changed:
            tally = self._tallies[camera]
            tally['received'] += 1
            if reason := self._refusal(camera, time_ns, is_watched):
                tally[reason] += 1
                return
            now_s = self._now_s()
            before = self._slots.get(camera)
            tally['superseded'] += before is not None
            # In the older frame's place of the queue: else a camera that is faster than the
            # network, and so always has a new frame, would never reach its front.
            self._slots[camera] = _Slot(frame, before.since_s if before else now_s)
            self._batch_wait.note(camera, now_s)
            self._changed.notify()

    def take(self, max_frames: int) -> list[tuple[str, Frame]]:
        """
        Wait for frames and take them, the cameras that wait longest first.

        :returns: one to ``max_frames`` pairs of camera and frame, none once closed.
        """
        with self._changed:
            while self._is_open and (wait_s := self._wait_s(max_frames)) != 0:
                self._changed.wait(wait_s)
            cameras = list(self._slots)[:max_frames]
            return [(camera, self._slots.pop(camera).frame) for camera in cameras]

    def finish(self, camera: str, outcome: Outcome) -> None:
        """Record what became of a frame that was taken."""
        with self._changed:
            self._tallies[camera][outcome] += 1

    def counts(self, camera: str) -> FrameCounts:
        """Return the counts of a camera up to now."""
        with self._changed:
            return FrameCounts(**self._tallies[camera])

    def _refusal(self, camera: str, time_ns: int, is_watched: bool) -> DropReason | None:
        if not self._is_open:
            return 'inactive'
        if not self._is_enabled:
            return 'disabled'
        if not is_watched:
            return 'unwatched'
        if camera in self._slots or self._limits[camera].admits(time_ns):
            return None
        return 'rate'

    def _wait_s(self, max_frames: int) -> float | None:
        """Return how long to wait for a change: None for one that must come, 0 for no wait."""
        if not self._slots:
            return None
        if len(self._slots) >= min(max_frames, len(self._tallies)):
            return 0.0
        first = next(iter(self._slots.values()))
        return self._batch_wait.remaining_s(self._slots, first.since_s, self._now_s())

    def _clear(self, reason: DropReason) -> None:
        for camera in self._slots:
            self._tallies[camera][reason] += 1
        self._slots.clear()
