# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of frames as a plot: the spread of each stage, and every frame in its place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.latency_report_reading import TimedFrame, TimedFrames
from yolotrt_ros.tools.latency_report_table import by_source, StageFigures, sum_up
from yolotrt_ros.tools.plotting import import_matplotlib

COLORS = ('#7f8c99', '#d9a441', '#2f6db5', '#3f9b6c', '#9a5fb0', '#c2553f', '#5aa9b8', '#8a6d3b')
"""Of the parts, the first to the last of a frame's way."""
ROW_INCHES, WIDTH_INCHES = 3.4, 11.0


def write_plot(times: TimedFrames, path: Path) -> None:
    """
    Draw one row a camera.

    :param path: its suffix decides the format: png, svg or pdf.
    :raises BackendError: matplotlib is not installed.
    :raises ConfigError: the file cannot be written.
    """
    mpl = import_matplotlib()
    sources = by_source(times.frames)
    size = (WIDTH_INCHES, ROW_INCHES * len(sources))
    figure = mpl.figure.Figure(figsize=size, layout='constrained')
    rows = figure.subplots(len(sources), 2, squeeze=False, gridspec_kw={'width_ratios': (1, 1.4)})
    for (left, right), (source, frames) in zip(rows, sources.items(), strict=True):
        _draw_spread(left, frames, times.whole)
        _draw_frames(right, frames)
        left.set_title(f'{source}: {len(frames)} frames', loc='left', fontsize='medium')
        for axes in (left, right):
            axes.spines[['top', 'right']].set_visible(False)
    try:
        figure.savefig(path, dpi=130)
    except (OSError, ValueError) as error:
        raise ConfigError('plot', str(path), f'cannot be written: {error}') from error


def _draw_spread(axes: Any, frames: Sequence[TimedFrame], whole: str) -> None:  # noqa: ANN401
    """Draw the median of each stage as a bar, with a line to p99 and a tick at the maximum."""
    figures = sum_up(frames)
    rows: dict[str, StageFigures] = {**figures.parts, whole: figures.whole}
    for place, (name, row) in enumerate(rows.items()):
        color = '#30363d' if name == whole else COLORS[place % len(COLORS)]
        axes.barh(place, row.median, color=color, height=0.6)
        axes.plot((row.median, row.p99), (place, place), color=color, linewidth=1.5)
        axes.plot(row.max, place, '|', color=color, markersize=10)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.set_xlabel('ms: median, line to p99, tick at the maximum')


def _draw_frames(axes: Any, frames: Sequence[TimedFrame]) -> None:  # noqa: ANN401
    """Draw the parts of every frame above each other, over the time of its stamp."""
    seconds = [(frame.stamp_ns - frames[0].stamp_ns) / 1e9 for frame in frames]
    rises = all(before < after for before, after in pairwise(seconds))
    places = seconds if rises else range(len(frames))  # a looping recording begins anew
    names = list(dict.fromkeys(name for frame in frames for name in frame.parts))
    # The first span may be negative where two clocks differ; what is drawn begins at zero.
    values = [[max(frame.parts.get(name, 0.0), 0.0) for frame in frames] for name in names]
    colors = [COLORS[place % len(COLORS)] for place in range(len(names))]
    axes.stackplot(places, values, labels=names, colors=colors, alpha=0.85, linewidth=0)
    axes.set(xlabel='seconds since the first stamp' if rises else 'frame', ylabel='ms')
    axes.legend(fontsize='x-small', frameon=False, ncol=len(names), loc='upper left')
    axes.set_ylim(0, 1.2 * max(axes.get_ylim()[1], 1e-3))
