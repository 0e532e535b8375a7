# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the last frames of a detector were like: their times, and what went wrong."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np

from yolotrt_ros.core.frame_times import FrameTimes

LENGTH = 1000  # frames


class Spread(NamedTuple):
    """Median and 99th percentile of the last times, milliseconds."""

    median_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Troubles:
    """
    What went wrong since the record began.

    :param num_failures: calls of the network that failed.
    :param last_failure: why the last of them did; None before it.
    :param num_nonfinite: candidates that were no numbers.
    """

    num_failures: int = 0
    last_failure: str | None = None
    num_nonfinite: int = 0


class FrameRecord:
    """Gathers the times of frames in one thread, for another one to look at."""

    def __init__(self) -> None:
        self._times_ms: dict[str, deque[float]] = {}
        self._troubles = Troubles()
        self._lock = Lock()

    def add(self, times: FrameTimes, num_nonfinite: int) -> None:
        """Record a frame whose detections were published."""
        spans = {
            **times.stage_times,
            'transport': times.transport_ms,
            'waiting': times.waiting_ms,
            'detection': times.detection_ms,
            'publishing': times.publishing_ms,
            'stamp to publish': times.age_ms,
        }
        with self._lock:
            for name, time_ms in spans.items():
                self._times_ms.setdefault(name, deque(maxlen=LENGTH)).append(time_ms)
            if num_nonfinite:
                before = self._troubles
                total = before.num_nonfinite + num_nonfinite
                self._troubles = Troubles(before.num_failures, before.last_failure, total)

    def fail(self, reason: str) -> None:
        """Record a call of the network that failed."""
        with self._lock:
            before = self._troubles
            self._troubles = Troubles(before.num_failures + 1, reason, before.num_nonfinite)

    @property
    def troubles(self) -> Troubles:
        """What went wrong up to now."""
        return self._troubles

    def spreads(self) -> dict[str, Spread]:
        """Return the spread of each stage and each span, over the last thousand frames."""
        return {name: self._spread(name) for name in list(self._times_ms)}

    def _spread(self, name: str) -> Spread:
        with self._lock:  # for one at a time, so that no frame waits for all of them
            times_ms = np.fromiter(self._times_ms[name], np.float64)
        return Spread(*np.percentile(times_ms, (50, 99)).tolist())
