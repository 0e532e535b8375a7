# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Wait until the other nodes of a graph are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from threading import Event
from time import monotonic

from rclpy.impl.rcutils_logger import RcutilsLogger

from yolotrt_ros.core.errors import BackendError, ConfigError

POLL_PERIOD_S = 0.02


class SubscriberWait:
    """
    Waits for subscribers of some topics, whoever publishes these.

    :param count: tells how many subscribers a topic has.
    :param logger: of the node that waits.
    :param wanted: topics, each with ``:N`` behind it where more than one subscriber is awaited.
    :param timeout_s: after how long to give up; 0 for never.
    :param delay_s: how long to wait behind that, for endpoints that have seen but not yet matched
        each other.
    :raises ConfigError: a number is none.
    """

    def __init__(
        self,
        count: Callable[[str], int],
        logger: RcutilsLogger,
        wanted: Sequence[str],
        *,
        timeout_s: float,
        delay_s: float,
    ) -> None:
        self._count = count
        self._logger = logger
        self._timeout_s = timeout_s or inf
        self._delay_s = delay_s
        self._wanted = dict(map(_topic_and_number, wanted))

    def missing(self) -> list[str]:
        """List the topics that have too few subscribers."""
        return [topic for topic, number in self._wanted.items() if self._count(topic) < number]

    def until_met(self, stop: Event) -> bool:
        """
        Wait; returns False where ``stop`` is set first.

        :raises BackendError: it took too long.
        """
        deadline = monotonic() + self._timeout_s
        if missing := self.missing():
            self._logger.info(f'waiting for subscribers of {", ".join(missing)}')
        while missing := self.missing():
            if monotonic() > deadline:
                raise BackendError(
                    f'nobody subscribed to {", ".join(missing)} within {self._timeout_s:g} s; is '
                    'the node active, and its topic not remapped?'
                )
            if stop.wait(POLL_PERIOD_S):
                return False
        return not stop.wait(self._delay_s)


def _topic_and_number(text: str) -> tuple[str, int]:
    topic, _, number = text.partition(':')
    if number and not number.isdecimal():
        raise ConfigError('wait_for', text, 'must be a topic, or TOPIC:NUMBER')
    return topic, int(number or 1)
