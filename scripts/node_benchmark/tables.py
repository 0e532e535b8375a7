# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures as a table, each beside the bare hop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts.frame_benchmark.figures import Figure

HEAD = (
    '| way | detections | median ms | beside raw hop | memory kept as well | p99 ms '
    '| CPU ms an image | lost |',
    '|---|---|---|---|---|---|---|---|',
)


def latency_table(
    rows: Sequence[tuple[str, int, str, int]], figures: Mapping[str, Figure], hops: tuple[str, str]
) -> str:
    """
    Make the table.

    :param rows: kind of node, number of detections, name of its figure, images without an answer.
    :param hops: names of the bare hops that the others are compared with: as it comes, and with
        memory that is kept.
    """
    raw, kept = (figures[name].median_ms for name in hops)
    lines = list(HEAD)
    for kind, count, name, lost in rows:
        figure = figures[name]
        cells = [
            kind,
            '-' if 'hop' in kind else str(count),
            f'{figure.median_ms:.3f}',
            f'{figure.median_ms - raw:+.3f}',
            f'{figure.median_ms - kept:+.3f}',
            f'{figure.p99_ms:.3f}',
            f'{figure.cpu_ms:.3f}',
            str(lost),
        ]
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)
