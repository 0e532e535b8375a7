# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from yolotrt_ros import __version__
from yolotrt_ros.tools.compare_run import Comparison
from yolotrt_ros.tools.compare_sections import accuracy, agreement, pictures, times
from yolotrt_ros.tools.compare_table import accuracy_change, memory_text, text_of
from yolotrt_ros.tools.report_page import (
    bullets,
    Cell,
    Markup,
    page,
    paragraph,
    section,
    series_name,
    table,
)

NOTICEABLE = 0.005
"""A change of mAP that is worth a colour."""
SAME_SPEED = 0.03
"""A difference of the median time that is none."""
NUM_PICTURES = 6


def report(comparison: Comparison, *, num_pictures: int = NUM_PICTURES) -> str:
    """Return the page as HTML."""
    names = comparison.names
    title = names[0] if len(names) == 1 else f'{names[0]} and {len(names) - 1} more'
    parts = [
        paragraph(comparison.dataset.description, faint=True),
        bullets(_findings(comparison)),
        _summary(comparison),
        accuracy(comparison),
    ]
    if len(names) > 1:
        parts.append(agreement(comparison))
    parts.append(times(comparison))
    if len(names) > 1:
        parts.append(pictures(comparison, num_pictures))
    footer = f'{comparison.description}. Made by yolotrt_ros {__version__}.'
    return page(f'Comparison: {title}', parts, footer=footer)


def _findings(comparison: Comparison) -> Iterator[str]:
    """Say in a sentence what each network gains or loses against the first."""
    first = comparison.networks[0]
    for row, network in enumerate(comparison.networks[1:], 1):
        change = accuracy_change(comparison, row)
        factor = first.percentile_ms(50) / network.percentile_ms(50)
        share = comparison.agreement.share(0, row)
        yield (
            f'{comparison.names[row]} against {comparison.names[0]}: mAP50-95 '
            f'{text_of(change, "+.4f")}, {_speed(factor)}, {text_of(share, ".1%")} of the objects '
            'in common'
        )
    for name, network in zip(comparison.names, comparison.networks, strict=True):
        if network.failures:
            yield f'{name} failed on {len(network.failures)} pictures: {network.failures[0]}'
        if network.deployed.num_nonfinite:
            yield f'{name} puts out {network.deployed.num_nonfinite} values that are not finite'
    if problems := comparison.dataset.problems:
        yield f'{len(problems)} problems in the data set, such as: {problems[0]}'


def _summary(comparison: Comparison) -> Markup:
    header = (
        'network', 'runtime', 'mAP50-95', 'change', 'mAP50', 'median ms', 'p99 ms', 'file MB',
        'memory MB',
    )  # fmt: skip
    rows = []
    for row, network in enumerate(comparison.networks):
        change = accuracy_change(comparison, row)
        rows.append(
            (
                series_name(comparison.names[row], row),
                network.info.backend,
                text_of(network.accuracy.mAP50_95, '.4f'),
                Cell(text_of(change, '+.4f'), _mood(change)),
                text_of(network.accuracy.mAP50, '.4f'),
                f'{network.percentile_ms(50):.3g}',
                f'{network.percentile_ms(99):.3g}',
                f'{network.file_bytes / 1e6:.1f}',
                memory_text(network),
            )
        )
    return section('Summary', table(header, rows, as_cards=True))


def _speed(factor: float) -> str:
    if abs(factor - 1) < SAME_SPEED:
        return 'as fast'
    return f'{factor:.2g} times as fast' if factor > 1 else f'takes {1 / factor:.2g} times as long'


def _mood(change: float | None) -> str:
    if change is None or abs(change) < NOTICEABLE:
        return ''
    return 'good' if change > 0 else 'bad'
