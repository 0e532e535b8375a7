# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long the first frame of a batch waits for those of other cameras."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class _Rhythm(NamedTuple):
    """When a camera's last frame came, and how long after the one before; seconds."""

    last_s: float
    interval_s: float

    def is_expected(self, now_s: float, deadline_s: float) -> bool:
        """Whether its next frame may well come by then: it is near, and not long overdue."""
        earliest_s = self.last_s + self.interval_s / 2
        return earliest_s <= deadline_s and now_s < self.given_up_s

    @property
    def given_up_s(self) -> float:
        return self.last_s + 2 * self.interval_s


class BatchWait:
    """
    Knows the rhythm of each camera, so that a frame waits only for one that is about to come.

    A camera that has been silent for two of its intervals is not waited for, nor is one that is
    so slow that its next frame cannot come in time.

    :param max_wait_s: how long the first frame waits at most; 0 for not at all.
    """

    def __init__(self, max_wait_s: float) -> None:
        self._max_wait_s = max_wait_s
        self._rhythms: dict[str, _Rhythm] = {}

    def note(self, camera: str, now_s: float) -> None:
        """Remember that a frame came."""
        before = self._rhythms.get(camera)
        interval_s = now_s - before.last_s if before else float('inf')
        self._rhythms[camera] = _Rhythm(now_s, interval_s)

    def remaining_s(self, waiting: Collection[str], first_s: float, now_s: float) -> float:
        """
        Return the seconds for which more frames are worth waiting; 0 for none.

        :param waiting: the cameras whose frames wait.
        :param first_s: when the first of these came.
        """
        deadline_s = first_s + self._max_wait_s
        if not self._max_wait_s or now_s >= deadline_s:
            return 0.0
        ends = [
            min(deadline_s, rhythm.given_up_s)
            for camera, rhythm in self._rhythms.items()
            if camera not in waiting and rhythm.is_expected(now_s, deadline_s)
        ]
        return max(ends, default=now_s) - now_s
