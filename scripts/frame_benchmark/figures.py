# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What was measured of one way to run frames, and its statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Call:
    """
    What one call took.

    :param times_ms: milliseconds of the whole or of its stages, by name.
    :param cpu_ms: processor time of all threads; None where nobody asked for it.
    :param objects: objects found in a frame.
    """

    times_ms: Mapping[str, float]
    cpu_ms: float | None = None
    objects: float | None = None


@dataclass(frozen=True)
class Figure:
    """
    The statistics of one name.

    :param median_ms: of a call, whatever its batch.
    :param p99_ms: the 99th percentile, linear between two times.
    :param calls: how many times were taken.
    :param cpu_ms: median processor time of a call.
    :param objects: objects a frame, on average.
    """

    median_ms: float
    p99_ms: float
    calls: int
    cpu_ms: float | None = None
    objects: float | None = None


@dataclass(frozen=True)
class Case:
    """
    What one kind of camera message gave.

    :param size: width and height, pixels.
    :param batch: frames of a call.
    :param figures: by name.
    """

    size: tuple[int, int]
    encoding: str
    batch: int
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name it for people."""
        return f'{self.size[0]}x{self.size[1]} {self.encoding}'

    def median_ms(self, name: str) -> float | None:
        """Return a median, or None where this was not measured."""
        figure = self.figures.get(name)
        return None if figure is None else figure.median_ms

    def frames_per_s(self, name: str) -> float:
        """Return how many frames a second the median comes to."""
        return 1e3 * self.batch / self.figures[name].median_ms


def figures_of(calls: Sequence[Call]) -> dict[str, Figure]:
    """Summarise the calls of one way; each of its times gets a figure."""
    cpu_ms = [call.cpu_ms for call in calls if call.cpu_ms is not None]
    objects = [call.objects for call in calls if call.objects is not None]
    figures = {}
    for name in calls[0].times_ms:
        times_ms = [call.times_ms[name] for call in calls]
        figures[name] = Figure(
            median_ms=float(np.median(times_ms)),
            p99_ms=float(np.percentile(times_ms, 99)),
            calls=len(calls),
            cpu_ms=float(np.median(cpu_ms)) if cpu_ms else None,
            objects=float(np.mean(objects)) if objects else None,
        )
    return figures
