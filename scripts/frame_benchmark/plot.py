# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: where the time of a frame goes, and what the ways cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.frame_benchmark import names
from scripts.frame_benchmark.figures import Case
from scripts.frame_benchmark.tables import detecting_names

REST = 'launch, wait, Python'
COPY, WHOLE = names.copy(1), names.detect(1)


def plot(cases: Sequence[Case], conditions: str, path: Path) -> None:
    """
    Draw milliseconds a frame: those of the stages on the left, those of the ways on the right.

    :param path: its suffix names the format.
    """
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    size = (15, 2.5 + 1.3 * len(cases))
    figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, layout='constrained')
    _stack_stages(left, cases, plt.get_cmap('tab10').colors)
    _compare_ways(right, cases, plt.get_cmap('tab20').colors)
    left.set_yticks(range(len(cases)), [f'{case.title}\nbatch {case.batch}' for case in cases])
    left.invert_yaxis()
    for axes in (left, right):
        axes.spines[['top', 'right']].set_visible(False)
        axes.grid(axis='x', alpha=0.3)
        axes.set_axisbelow(True)
        axes.legend(fontsize='x-small', loc='upper center', bbox_to_anchor=(0.5, -0.06), ncol=3)
    figure.suptitle(conditions, fontsize='x-small')
    figure.savefig(path, dpi=150)
    plt.close(figure)


def stage_shares(case: Case) -> dict[str, float]:
    """
    Split the whole time of a call with one copy thread, milliseconds a frame.

    The upload runs beside the copy, so that the rest is a lower bound.
    """
    shares = {name: case.median_ms(name) or 0.0 for name in (COPY, *names.STAGE_NAMES)}
    rest = (case.median_ms(WHOLE) or 0.0) - sum(shares.values())
    shares[REST] = max(rest, 0.0)
    return {name: time_ms / case.batch for name, time_ms in shares.items()}


def _stack_stages(axes: Any, cases: Sequence[Case], colors: Sequence[Any]) -> None:  # noqa: ANN401
    shares = [stage_shares(case) for case in cases]
    ends = [0.0] * len(cases)
    for name, color in zip(shares[0], colors, strict=False):
        widths = [share[name] for share in shares]
        axes.barh(range(len(cases)), widths, left=ends, color=color, label=name, height=0.6)
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    axes.set(xlabel=f'ms a frame: {WHOLE}')


def _compare_ways(axes: Any, cases: Sequence[Case], colors: Sequence[Any]) -> None:  # noqa: ANN401
    found = dict.fromkeys(name for case in cases for name in detecting_names(case))
    ways = [names.ENGINE, *found]
    height = 0.85 / len(ways)
    for index, (name, color) in enumerate(zip(ways, colors, strict=False)):
        bars = [
            (place + (index + 0.5) * height - 0.425, time_ms / case.batch)
            for place, case in enumerate(cases)
            if (time_ms := case.median_ms(name)) is not None
        ]
        places, times_ms = zip(*bars, strict=True)
        drawn = axes.barh(places, times_ms, height=height, color=color, label=name)
        axes.bar_label(drawn, [f'{time_ms:.3g}' for time_ms in times_ms], fontsize=5, padding=2)
    axes.set(xlabel='ms a frame, median')
