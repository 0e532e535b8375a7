# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure several ways in turns, so that all of them see the same machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from scripts.frame_benchmark.figures import Call, Figure, figures_of

# Blocks, not single calls: threads of OpenCV spin for a while after each call and would slow the
# next way down. The first calls of a block are not counted for the same reason.
BLOCK, SETTLE = 25, 3
ORDER_SEED = 1


class Way(Protocol):
    """One way to run frames."""

    name: str

    def measure(self, count: int) -> list[Call]:
        """Make so many calls; returns what each took, or one for all of them."""


def num_rounds(count: int) -> int:
    """Return how many rounds so many calls of each way take."""
    return -(-count // BLOCK)


def measure_in_rounds(
    ways: Sequence[Way], count: int, tick: Callable[[str], object]
) -> dict[str, Figure]:
    """
    Measure all ways.

    :param count: calls of each way that are counted.
    :param tick: told the name of a way before each of its blocks.
    :returns: the figures of all ways, in the order of the ways.
    """
    found: dict[str, list[Call]] = {way.name: [] for way in ways}
    shuffle = Random(ORDER_SEED).shuffle
    for begin in range(0, count, BLOCK):
        # Another order each round: neither the way before nor the messages are always the same.
        order = list(ways)
        shuffle(order)
        for way in order:
            tick(way.name)
            way.measure(SETTLE)
            found[way.name] += way.measure(min(BLOCK, count - begin))
    return {name: figure for calls in found.values() for name, figure in figures_of(calls).items()}
