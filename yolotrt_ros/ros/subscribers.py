# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether anybody listens to a publisher, asked often and cheaply."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rclpy.publisher import Publisher

# Asking the middleware takes tens of microseconds, which is too much for every frame. Events of
# matching would tell sooner, but Humble has none.
PERIOD_S = 0.1


class Subscribers:
    """
    The subscribers of a publisher, up to a tenth of a second ago.

    :param now_s: steady time, seconds.
    """

    def __init__(self, publisher: Publisher, *, now_s: Callable[[], float] = monotonic) -> None:
        self._publisher = publisher
        self._now_s = now_s
        self._asked_at_s = float('-inf')
        self._is_any = False

    def is_any(self) -> bool:
        """Whether there is one at least."""
        now_s = self._now_s()
        if now_s - self._asked_at_s >= PERIOD_S:
            self._asked_at_s = now_s
            self._is_any = self._publisher.get_subscription_count() > 0
        return self._is_any
