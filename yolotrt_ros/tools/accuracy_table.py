# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of an accuracy as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADER = ('objects', 'mAP50-95', 'mAP50', 'precision', 'recall', 'F1')


def accuracy_table(figures: Mapping[str, Any]) -> str:
    """
    Format the figures of ``Accuracy.as_dict``.

    Precision, recall and F1 stand at an overlap of 0.5 and the score that the last line names.
    """
    classes: Mapping[str, Mapping[str, Any]] = figures['per_class']
    shown = {name: row for name, row in classes.items() if _has_something(row)}
    width = max(map(len, ('medium', *shown)))
    lines = [
        ' ' * width + ''.join(f'{title:>11s}' for title in HEADER),
        _line('all', figures, width),
        *(_line(name, row, width) for name, row in figures['per_size'].items()),
        '',
        *(_line(name, row, width) for name, row in shown.items()),
        '',
    ]
    if absent := [name for name in classes if name not in shown]:
        lines.append(f'neither objects nor detections of: {", ".join(absent)}')
    lines.append(_score_text(figures))
    return '\n'.join(lines)


def _has_something(row: Mapping[str, Any]) -> bool:
    return bool(row['objects']) or row['at']['precision'] is not None


def _line(name: str, row: Mapping[str, Any], width: int) -> str:
    objects = f'{row["objects"]:11d}' if 'objects' in row else ' ' * 11
    cells = [_cell(row['mAP50_95']), _cell(row['mAP50'])]
    if 'at' in row:
        cells += [_cell(row['at'][key]) for key in ('precision', 'recall', 'f1')]
    return f'{name:{width}s}{objects}{"".join(cells)}'


def _cell(figure: float | None) -> str:
    return f'{"-":>11s}' if figure is None else f'{figure:11.4f}'


def _score_text(figures: Mapping[str, Any]) -> str:
    text = f'precision, recall and F1 of scores from {figures["at"]["score"]:g} on'
    best = figures['best_f1']
    if best is None:
        return text
    return f'{text}; the best F1, {best["f1"]:.4f}, is at {best["score"]:.3f}'
