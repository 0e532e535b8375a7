# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of the player."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from math import isfinite
from pathlib import Path

from yolotrt_ros.core.errors import ConfigError

DEFAULT_CLOCK_HZ = 100.0
HIGHEST = {'clock': 1e4, 'start_offset': 1e9, 'wait_timeout': 1e9, 'start_delay': 1e9}


def parser() -> ArgumentParser:
    """Return the options of ``play``."""
    result = ArgumentParser(
        'yolotrt_ros play',
        description='Publish the messages of a rosbag2 recording as they are, at their own pace.',
    )
    result.add_argument('bag', type=Path, help='rosbag2 recording: its folder, .mcap or .db3 file')
    result.add_argument('--topics', nargs='+', default=[], help='what to play (all)')
    result.add_argument('--rate', type=float, default=1.0, help='recorded seconds a second (1)')
    result.add_argument('--loop', action='store_true', help='start again at the end')
    result.add_argument(
        '--clock', type=float, nargs='?', const=DEFAULT_CLOCK_HZ, default=0.0, metavar='HZ',
        help=f'publish /clock, for nodes with use_sim_time ({DEFAULT_CLOCK_HZ:g} Hz)',
    )  # fmt: skip
    result.add_argument('--start-offset', type=float, default=0.0, metavar='S', help='skip these')
    result.add_argument('--paused', action='store_true', help='wait for ~/set_paused')
    result.add_argument(
        '--restamp', action='store_true', help='set the stamps of headers to the present'
    )
    result.add_argument(
        '--wait-for', nargs='+', default=[], metavar='TOPIC[:N]',
        help='begin once these topics have a subscriber, or N of them',
    )  # fmt: skip
    result.add_argument(
        '--wait-timeout', type=float, default=0.0, metavar='S', help='and give up after S (never)'
    )
    result.add_argument('--start-delay', type=float, default=0.0, metavar='S', help='and after S')
    return result


def check(options: Namespace) -> None:
    """
    Check the numbers.

    :raises ConfigError: one is out of its range.
    """
    if not (isfinite(options.rate) and options.rate > 0):
        raise ConfigError('rate', options.rate, 'must be above 0')
    for name, highest in HIGHEST.items():
        if not 0 <= (value := getattr(options, name)) <= highest:
            raise ConfigError(name, value, f'must be between 0 and {highest:g}')
