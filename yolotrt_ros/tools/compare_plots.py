# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plots of a comparison."""

from __future__ import annotations

from typing import Any

import numpy as np

from yolotrt_ros.tools.compare_run import Comparison
from yolotrt_ros.tools.report_page import Markup
from yolotrt_ros.tools.report_plots import FAINT, series_color, series_line, svg_plot

MAX_POINTS = 400
"""Points of a curve: more cannot be seen."""
NUM_BINS = 40


def precision_recall(comparison: Comparison) -> Markup:
    """Draw precision over recall, all classes together, with a dot where a robot would be."""

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib need not be installed
        for number, network in enumerate(comparison.networks):
            curve = network.accuracy.pr_curve()
            if not len(curve.score) or np.isnan(curve.recall).any():
                continue
            rows = np.unique(np.linspace(0, len(curve.score) - 1, MAX_POINTS).astype(int))
            color = series_color(number)
            axes.plot(
                curve.recall[rows], curve.precision[rows], color=color, ls=series_line(number)
            )
            point = network.accuracy.at(comparison.conditions.score_threshold)
            if point.recall is not None and point.precision is not None:
                axes.plot(point.recall, point.precision, 'o', color=color, ms=6)
        axes.set(xlabel='recall', ylabel='precision', xlim=(0, 1), ylim=(0, 1.02))

    return svg_plot('precision-recall', draw)


def f1_by_score(comparison: Comparison) -> Markup:
    """Draw F1 over the score threshold: its top is the best place for the threshold."""

    def draw(axes: Any) -> None:  # noqa: ANN401
        for number, network in enumerate(comparison.networks):
            curve = network.accuracy.pr_curve()
            if not len(curve.score) or np.isnan(curve.recall).any():
                continue
            rows = np.unique(np.linspace(0, len(curve.score) - 1, MAX_POINTS).astype(int))
            total = np.maximum(curve.precision[rows] + curve.recall[rows], 1e-9)
            f1 = 2 * curve.precision[rows] * curve.recall[rows] / total
            color = series_color(number)
            axes.plot(curve.score[rows], f1, color=color, ls=series_line(number))
        axes.axvline(comparison.conditions.score_threshold, color=FAINT, linewidth=0.8)
        axes.set(xlabel='lowest score that counts', ylabel='F1', xlim=(0, 1), ylim=(0, 1))

    return svg_plot('f1-by-score', draw)


def score_changes(comparison: Comparison) -> Markup:
    """Draw how the scores of objects that both find differ from those of the first network."""

    def draw(axes: Any) -> None:  # noqa: ANN401
        changes = {
            number: comparison.agreement.pair(0, number).score_changes
            for number in range(1, len(comparison.networks))
        }
        largest = max((abs(value) for row in changes.values() for value in row), default=0.0)
        bins = np.linspace(-largest, largest, NUM_BINS + 1) if largest else NUM_BINS
        for number, row in changes.items():
            if row:
                _draw_histogram(axes, row, bins, number)
        axes.axvline(0, color=FAINT, linewidth=0.8)
        axes.set_yscale('log')  # equal networks have one high bar, others a low hill
        axes.yaxis.set_major_formatter('{x:g}')
        axes.set(xlabel=f'score minus that of {comparison.names[0]}', ylabel='objects')

    return svg_plot('score-changes', draw)


def time_histogram(comparison: Comparison) -> Markup:
    """Draw how often a frame takes how long."""

    def draw(axes: Any) -> None:  # noqa: ANN401
        times = [network.stage_ms() for network in comparison.networks]
        low, high = min(map(np.min, times)), max(map(np.max, times))
        # Networks differ by factors, so the steps are factors too.
        is_wide = high > 8 * low
        spread = np.geomspace if is_wide else np.linspace
        bins = spread(low * 0.98, high * 1.02, min(NUM_BINS, max(10, len(times[0]) // 4)))
        for number, row in enumerate(times):
            _draw_histogram(axes, row, bins, number)
        axes.set(xlabel='milliseconds a frame', ylabel='frames')
        axes.yaxis.get_major_locator().set_params(integer=True)
        if is_wide:
            _make_logarithmic(axes)

    return svg_plot('time-histogram', draw)


def time_line(comparison: Comparison) -> Markup:
    """Draw the time of each frame in the order in which they were run."""

    def draw(axes: Any) -> None:  # noqa: ANN401
        for number, network in enumerate(comparison.networks):
            axes.plot(
                network.stage_ms(),
                color=series_color(number),
                ls=series_line(number),
                linewidth=1,
            )
        axes.set(xlabel='frame', ylabel='milliseconds')
        axes.set_ylim(bottom=0)

    return svg_plot('time-line', draw)


def _draw_histogram(axes: Any, values: Any, bins: Any, number: int) -> None:  # noqa: ANN401
    axes.hist(
        values,
        bins=bins,
        histtype='step',
        linewidth=1.4,
        color=series_color(number),
        ls=series_line(number),
    )


def _make_logarithmic(axes: Any) -> None:  # noqa: ANN401
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale('log')
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter('{x:g}'))
    axes.xaxis.set_minor_formatter(NullFormatter())
