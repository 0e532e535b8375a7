# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the milliseconds go: stages of one call, and medians over many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import numpy as np

StageTimes = dict[str, float]


class Stopwatch:
    """Adds up the wall time of named stages, in milliseconds."""

    def __init__(self) -> None:
        self.stage_times: StageTimes = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of a ``with`` statement; the same name twice adds up."""
        start = perf_counter()
        try:
            yield
        finally:
            elapsed_ms = 1e3 * (perf_counter() - start)
            self.stage_times[name] = self.stage_times.get(name, 0.0) + elapsed_ms


class TimeWindow:
    """
    The last ``length`` times of something.

    :param length: how many are kept; the older ones are forgotten.
    """

    def __init__(self, length: int = 1000) -> None:
        self._times_ms: deque[float] = deque(maxlen=length)

    def add(self, time_ms: float) -> None:
        """Add one time."""
        self._times_ms.append(time_ms)

    def __len__(self) -> int:
        return len(self._times_ms)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile, linear between two times; NaN when there is none."""
        if not self._times_ms:
            return float('nan')
        return float(np.percentile(np.fromiter(self._times_ms, np.float64), percent))
