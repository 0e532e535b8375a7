# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often something happens, from a number that only grows."""

from __future__ import annotations

from collections import deque


class RateMeter:
    """
    The rate of a counter over the last seconds.

    :param span_s: how far back the rate looks.
    """

    def __init__(self, span_s: float = 5.0) -> None:
        self._span_s = span_s
        self._samples: deque[tuple[float, int]] = deque()

    def rate_hz(self, count: int, now_s: float) -> float | None:
        """
        Take a reading of the counter, and return its rate since those of the last seconds.

        :param count: the counter's value.
        :param now_s: steady time.
        :returns: None at the first reading.
        """
        # One sample older than the span stays, so that readings further apart have a rate, too.
        while len(self._samples) > 1 and now_s - self._samples[1][0] >= self._span_s:
            self._samples.popleft()
        rate_hz = None
        if self._samples and now_s > self._samples[0][0]:
            before_s, before = self._samples[0]
            rate_hz = (count - before) / (now_s - before_s)
        self._samples.append((now_s, count))
        return rate_hz
