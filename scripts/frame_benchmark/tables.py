# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts.frame_benchmark import names
from scripts.frame_benchmark.figures import Case, Figure


def gpu_table(cases: Sequence[Case]) -> str:
    """Format what the GPU does, and the host's copy before it."""
    parts = [name for name in names.STAGE_NAMES if any(name in case.figures for case in cases)]
    copies = [name for name in _in_order(cases) if name.startswith('copy, ')]
    header = [
        'frames', 'batch', names.ENGINE, 'its p99', names.ENGINE_WAIT, *parts, names.GRAPH,
        'its p99', *copies,
    ]  # fmt: skip
    medians = [names.ENGINE_WAIT, *parts, names.GRAPH]
    rows = [
        [
            case.title,
            str(case.batch),
            _text(case.median_ms(names.ENGINE)),
            _text(_p99(case, names.ENGINE)),
            *(_text(case.median_ms(name)) for name in medians),
            _text(_p99(case, names.GRAPH)),
            *(_text(case.median_ms(name)) for name in copies),
        ]
        for case in cases
    ]
    return markdown(header, rows)


def host_table(cases: Sequence[Case]) -> str:
    """Format what the caller waits for, from the bytes of messages to detections."""
    header = [
        'frames', 'batch', 'way', 'median', 'p99', 'over engine alone', 'times the tutorial loop',
        'frames/s', 'CPU ms a frame', 'objects a frame',
    ]  # fmt: skip
    rows = [
        [case.title, str(case.batch), name, *host_cells(case, name)]
        for case in cases
        for name in detecting_names(case)
    ]
    return markdown(header, rows)


def host_cells(case: Case, name: str) -> list[str]:
    """Return the figures of one row."""
    figure = case.figures[name]
    engine, tutorial = case.median_ms(names.ENGINE), case.median_ms(names.TUTORIAL)
    return [
        _text(figure.median_ms),
        _text(None if name == names.PIPELINED else figure.p99_ms),
        _text(None if engine is None else figure.median_ms - engine, '+.3f'),
        _text(None if tutorial is None else figure.median_ms / tutorial),
        f'{case.frames_per_s(name):.0f}',
        _text(None if figure.cpu_ms is None else figure.cpu_ms / case.batch),
        _text(figure.objects, '.1f'),
    ]


def memory_table(taken_bytes: Mapping[str, int]) -> str:
    """Format how much memory what took."""
    rows = [[what, f'{taken / 1e6:.0f}'] for what, taken in taken_bytes.items()]
    return markdown(['memory', 'MB'], rows)


def detecting_names(case: Case) -> list[str]:
    """Return the ways of a case that find objects, in their order."""
    return [name for name, figure in case.figures.items() if figure.objects is not None]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _in_order(cases: Sequence[Case]) -> list[str]:
    """Return all names of figures, each once."""
    return list(dict.fromkeys(name for case in cases for name in case.figures))


def _p99(case: Case, name: str) -> float | None:
    figure: Figure | None = case.figures.get(name)
    return None if figure is None else figure.p99_ms


def _text(figure: float | None, form: str = '.3f') -> str:
    return '-' if figure is None else format(figure, form)
