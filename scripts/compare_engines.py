#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Compare engines with the ONNX network that they were built from: accuracy, time, size, memory.

All of them get the same pictures through the same preparation, decoding and suppression on the
CPU, so that what differs comes from the networks alone. The pictures are those of a COCO file, or
scenes of the arena, for the demo network.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
import json
import os
from pathlib import Path
import platform
import sys
from tempfile import TemporaryDirectory

from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.tools.demo_dataset import write_demo_dataset
from yolotrt_ros.tools.evaluate import (
    IOU_THRESHOLD,
    load_annotations,
    MAX_DETECTIONS,
    SCORE_THRESHOLD,
)
from yolotrt_ros.tools.network_figures import Figures, NetworkMeter


def main() -> int:
    """Measure, print the table, write what was asked for."""
    options = parse()
    with TemporaryDirectory() as folder:
        if options.demo_scenes:
            options.images = Path(folder)
            options.annotations = write_demo_dataset(options.images, options.demo_scenes)
        try:
            rows, conditions = compare(options)
        except YolotrtError as error:
            print(f'compare_engines: {error}', file=sys.stderr)
            return 1
    print(f'\n{conditions}\n\n{table(rows)}')
    if options.json:
        content = {'conditions': conditions, 'rows': [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')
    if options.plot:
        plot(rows, conditions, options.plot)
    return 0


def parse() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('onnx', type=Path, help='network that the engines were built from')
    parser.add_argument('networks', type=Path, nargs='*', help='engines, or other ONNX networks')
    parser.add_argument('--annotations', type=Path, help='COCO instances file')
    parser.add_argument('--images', type=Path, help='folder of its pictures')
    parser.add_argument('--demo-scenes', type=int, default=0, metavar='N', help='instead of these')
    parser.add_argument('--runs', type=int, default=300, help='runs that are timed (300)')
    parser.add_argument('--threads', type=int, default=0, help='of ONNX Runtime; 0: its choice')
    parser.add_argument('--device', default='auto', help='GPU: its index, or auto')
    parser.add_argument('--plugin', type=Path, help='decode plugin; default: the one compiled')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw them there')
    options = parser.parse_args()
    if not options.demo_scenes and not (options.annotations and options.images):
        parser.error('give --annotations and --images, or --demo-scenes')
    return options


def compare(options: Namespace) -> tuple[list[Figures], str]:
    """Measure every network; returns the rows and what they were measured with."""
    truth = load_annotations(options.annotations)
    meters = [
        NetworkMeter(
            path,
            num_threads=options.threads,
            device=options.device,
            plugin_path=options.plugin,
        )
        for path in (options.onnx, *options.networks)
    ]
    # Engines drop the weakest candidates themselves: without these in any of them, or in none.
    score_threshold = max(SCORE_THRESHOLD, *(meter.score_floor() for meter in meters))
    selection = Selection(score_threshold, IOU_THRESHOLD, MAX_DETECTIONS)
    rows = [meter.measure(truth, options.images, selection, options.runs) for meter in meters]
    conditions = (
        f'{len(truth.getImgIds())} pictures, score above {score_threshold:g}, NMS at '
        f'{IOU_THRESHOLD:g}, {MAX_DETECTIONS} boxes at most; {options.runs} timed runs of '
        f'one picture or a fixed batch; {os.cpu_count()} x {platform.machine()}'
    )
    return rows, conditions


def table(rows: list[Figures]) -> str:
    """Format the rows for people, in Markdown; differences are to the first one."""
    header = (
        'network', 'runtime', 'mAP50-95', 'difference', 'mAP50', 'median ms', 'p99 ms', 'clock',
        'file MB', 'GPU MB',
    )  # fmt: skip
    lines = [header, ('---',) * len(header), *(cells(row, rows[0]) for row in rows)]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def cells(row: Figures, reference: Figures) -> tuple[str, ...]:
    """Return the texts of one line."""
    difference = None
    if row is not reference and None not in (row.map50_95, reference.map50_95):
        difference = row.map50_95 - reference.map50_95
    return (
        row.name,
        row.backend,
        text_of(row.map50_95, '.4f'),
        text_of(difference, '+.4f'),
        text_of(row.map50, '.4f'),
        f'{row.median_ms:.3f}',
        f'{row.p99_ms:.3f}',
        row.clock,
        f'{row.file_bytes / 1e6:.1f}',
        text_of(row.device_bytes and row.device_bytes / 1e6, '.0f'),
    )


def text_of(figure: float | None, form: str) -> str:
    """Format a figure, or a dash where there is none."""
    return '-' if figure is None else format(figure, form)


def plot(rows: list[Figures], conditions: str, path: Path) -> None:
    """Draw accuracy and time side by side."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    size = (11, 1.6 + 0.5 * len(rows))
    figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, layout='constrained')
    places = range(len(rows))
    bars = left.barh(places, [row.map50_95 or 0 for row in rows], color='#4878a8')
    left.set_yticks(places, [f'{row.name}\n{row.backend}' for row in rows])
    left.bar_label(bars, [text_of(row.map50_95, '.4f') for row in rows], padding=3)
    left.set(xlabel='mAP50-95')
    left.margins(x=0.2)
    times_ms = [row.median_ms for row in rows]
    right.plot(times_ms, places, 'o', color='#c77b30')  # points: a bar needs a zero to start from
    for point in zip(times_ms, places, strict=True):
        beside = {'xytext': (7, 0), 'textcoords': 'offset points', 'va': 'center'}
        right.annotate(f'{point[0]:.3g}', point, **beside)
    right.set(xlabel='median time of the network, ms', xscale='log')
    right.set(xlim=(min(times_ms) / 2, max(times_ms) * 4))
    right.xaxis.set_major_formatter('{x:g}')
    right.xaxis.set_minor_formatter('')
    right.grid(axis='x', alpha=0.3)
    left.invert_yaxis()
    for axes in (left, right):
        axes.spines[['top', 'right']].set_visible(False)
    figure.suptitle(conditions, fontsize='x-small')
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == '__main__':
    sys.exit(main())
