# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of an agreement check for people: a table, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yolotrt_ros.tools.layer_agreement_figures import TensorFigures, Tolerance

NUM_WORST = 10
"""Tensors listed of a comparison by layers, besides the first that differs."""
NAME_WIDTH = 48


def table(figures: Sequence[TensorFigures], *, show_all: bool) -> str:
    """
    List tensors in the order of execution.

    :param show_all: every one; otherwise the first that differs and those that differ most.
    """
    shown = list(figures)
    if not show_all:
        ranked = sorted(figures, key=lambda item: (item.agrees, -item.max_rel))[:NUM_WORST]
        first = next((item for item in figures if not item.agrees), None)
        shown = [item for item in figures if item is first or item in ranked]
    header = (
        f'{"tensor":{NAME_WIDTH}s} {"shape":>16s} {"max abs":>9s} {"mean abs":>9s} '
        f'{"max rel":>9s} {"mean rel":>9s}'
    )
    lines = [header, *(_line(item) for item in shown)]
    if len(shown) < len(figures):
        lines.append(f'({len(figures) - len(shown)} others differ less; --all lists them)')
    return '\n'.join(lines)


def verdict(
    figures: Sequence[TensorFigures],
    tolerance: Tolerance,
    networks: Sequence[Path],
    *,
    by_layer: bool,
) -> str:
    """Say in words whether the networks agree, and where they begin not to."""
    kind = 'layer' if by_layer else 'output'
    kind += 's' if len(figures) > 1 else ''
    allowed = (
        f'within {tolerance.relative:g} of the largest value of each, or {tolerance.absolute:g}'
    )
    differing = [item for item in figures if not item.agrees]
    lines = []
    if not differing:
        lines.append(f'{networks[1]} agrees with {networks[0]} in {len(figures)} {kind} {allowed}')
    else:
        lines.append(
            f'{len(differing)} of {len(figures)} {kind} of {networks[1]} differ from '
            f'{networks[0]} by more than allowed ({allowed})'
        )
        lines.append(f'the first is {_described(differing[0])}')
    if odd := next((item for item in figures if any(item.num_nonfinite)), None):
        counts = ' and '.join(map(str, odd.num_nonfinite))
        lines.append(
            f'NaN or infinite values: first in {odd.name}, {counts} of '
            f'{networks[0].name} and {networks[1].name}'
        )
    return '\n'.join(lines)


def _line(item: TensorFigures) -> str:
    name = item.name if len(item.name) <= NAME_WIDTH else f'…{item.name[1 - NAME_WIDTH :]}'
    shape = 'x'.join(map(str, item.shape)) or 'scalar'
    mark = '' if item.agrees else '  differs'
    if any(item.num_nonfinite):
        mark += f'  not finite: {item.num_nonfinite[0]}, {item.num_nonfinite[1]}'
    return (
        f'{name:{NAME_WIDTH}s} {shape:>16s} {item.max_abs:9.3g} {item.mean_abs:9.3g} '
        f'{item.max_rel:9.3g} {item.mean_rel:9.3g}{mark}'
    )


def _described(item: TensorFigures) -> str:
    if item.num_nonfinite_differing:
        return (
            f'{item.name}: {item.num_nonfinite_differing} values are NaN or infinite in one '
            'network and something else in the other'
        )
    place = f' at {list(item.worst_index)}' if item.worst_index else ''
    return f'{item.name}: {item.max_abs:.3g}{place}, {item.max_rel:.3g} of its largest value'
