# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The time within a recording while it plays."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from threading import Lock
from time import monotonic_ns


class PlayClock:
    """
    Runs from a moment of the recording at a rate of its own, and can be paused.

    Any thread may call it.

    :param rate: recorded seconds a second, above 0.
    :param paused: whether it stands still at first.
    :param now_ns: steady nanoseconds.
    """

    def __init__(
        self,
        rate: float = 1.0,
        *,
        paused: bool = False,
        now_ns: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._rate = rate
        self._now_ns = now_ns
        self._paused = paused
        self._lock = Lock()
        # At the steady time of _since_ns the recording stood at _at_ns.
        self._at_ns: int | None = None
        self._since_ns = 0

    def start(self, recorded_ns: int) -> None:
        """Go to a moment of the recording, nanoseconds, and on from there unless paused."""
        with self._lock:
            self._at_ns, self._since_ns = recorded_ns, self._now_ns()

    @property
    def recorded_ns(self) -> int | None:
        """The moment of the recording, nanoseconds; None before the start."""
        with self._lock:
            return self._recorded_ns()

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        with self._lock:
            self._at_ns, self._since_ns = self._recorded_ns(), self._now_ns()
            self._paused = value

    def seconds_until(self, recorded_ns: int) -> float:
        """
        Tell how long it takes until a moment of the recording.

        :returns: seconds, negative where it has passed; infinite while the clock is paused before
            it, or has not been started.
        """
        with self._lock:
            at_ns = self._recorded_ns()
            if at_ns is None or (self._paused and at_ns < recorded_ns):
                return inf
            return (recorded_ns - at_ns) / self._rate / 1e9

    def _recorded_ns(self) -> int | None:
        if self._at_ns is None or self._paused:
            return self._at_ns
        return self._at_ns + round((self._now_ns() - self._since_ns) * self._rate)
