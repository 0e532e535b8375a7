# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The highest rate of a camera, and how the rates of several are written."""

from __future__ import annotations

from collections.abc import Sequence

from yolotrt_ros.core.errors import ConfigError

MAX_RATE_HZ = 1000.0


class RateLimit:
    """
    Lets so many frames a second through on the long run, whatever the rhythm of those that come.

    A frame is due one period after the one before was due, not after it came: of 30 frames a
    second and a limit of 10, every third passes, although none comes exactly on time. What a
    camera leaves unused is not saved up.

    :param max_rate_hz: frames a second; 0 lets all through.
    """

    def __init__(self, max_rate_hz: float) -> None:
        self.max_rate_hz = max_rate_hz
        self._period_ns = round(1e9 / max_rate_hz) if max_rate_hz else 0
        self._due_ns: int | None = None
        self._last_ns = 0

    def admits(self, time_ns: int) -> bool:
        """
        Decide on the next frame.

        :param time_ns: when it came; a time before that of the last call begins anew.
        """
        if not self._period_ns:
            return True
        if self._due_ns is None or time_ns < self._last_ns:
            self._due_ns = time_ns
        self._last_ns = time_ns
        if time_ns < self._due_ns:
            return False
        is_behind = time_ns >= self._due_ns + self._period_ns
        self._due_ns = (time_ns if is_behind else self._due_ns) + self._period_ns
        return True


def find_max_rates(
    max_rate_hz: float, entries: Sequence[str], cameras: Sequence[str]
) -> dict[str, float]:
    """
    Return the highest rate of each camera.

    :param max_rate_hz: of cameras without an entry; 0 for no limit.
    :param entries: such as ``rear=5``; of two for a camera the later one holds.
    :param cameras: all names; the empty one for the only camera.
    :raises ConfigError: an entry has another form, or names no camera.
    """
    rates = dict.fromkeys(cameras, max_rate_hz)
    for entry in entries:
        camera, _, text = entry.rpartition('=')
        try:
            rate_hz = float(text)
        except ValueError:
            rate_hz = -1.0
        if not (camera and 0 <= rate_hz <= MAX_RATE_HZ):
            raise ConfigError(
                'camera_max_rates',
                list(entries),
                f'{entry!r} must be a camera, an equals sign and a rate from 0 to '
                f'{MAX_RATE_HZ:g} Hz, such as rear=5',
            )
        if camera not in rates:
            known = ', '.join(filter(None, cameras))
            raise ConfigError(
                'camera_max_rates',
                list(entries),
                f'{camera!r} is no camera; '
                + (f'the cameras are {known}' if known else 'set max_rate for the only camera'),
            )
        rates[camera] = rate_hz
    return rates
