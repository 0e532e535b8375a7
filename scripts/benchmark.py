#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Measure a TensorRT engine from the bytes of camera messages to detections; needs no ROS.

Beside it, in turns in the same run: the engine alone, the stages of the GPU, the copy alone, the
loop that tutorials show, and other packages that can run the engine.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
import json
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from scripts.frame_benchmark.case_meter import measure_case, num_ways
from scripts.frame_benchmark.conditions import conditions_of, MEANING
from scripts.frame_benchmark.figures import Case
from scripts.frame_benchmark.memory_log import host_peak_bytes
from scripts.frame_benchmark.message_ring import MessageRing, Pictures
from scripts.frame_benchmark.plot import plot
from scripts.frame_benchmark.rounds import num_rounds
from scripts.frame_benchmark.subject import Subject
from scripts.frame_benchmark.tables import gpu_table, host_table, memory_table
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ConfigError, YolotrtError

SIZES = ((640, 480), (1280, 720), (1920, 1080))


def main() -> int:
    """Measure, print the tables, write what was asked for."""
    options = parse()
    try:
        with closing(Subject(options)) as subject:
            conditions = conditions_of(subject, options)
            cases = measure(subject, options)
            taken_bytes = {
                **{f'GPU, {what}': taken for what, taken in subject.memory.taken.items()},
                'GPU, everything after the run': subject.memory.sum(),
                'host, most of the whole process at any time': host_peak_bytes(),
            }
    except YolotrtError as error:
        print(f'benchmark: {error}', file=sys.stderr)
        return 1
    print(f'\n{conditions}\n\n{MEANING}\n')
    print(*subject.notes, sep='\n\n', end='\n\n' if subject.notes else '')
    print(gpu_table(cases), host_table(cases), memory_table(taken_bytes), sep='\n\n')
    content: dict[str, object] = {
        'conditions': conditions,
        'meaning': MEANING,
        'notes': subject.notes,
    }
    if options.json:
        content |= {'cases': [asdict(case) for case in cases], 'memory_bytes': taken_bytes}
        options.json.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')
    if options.plot:
        plot(cases, conditions, options.plot)
    return 0


def parse(arguments: list[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('engine', type=Path, help='TensorRT engine')
    parser.add_argument('--sizes', type=size, nargs='+', default=SIZES, metavar='WxH')
    encodings = list(ENCODINGS)
    parser.add_argument(
        '--encodings', nargs='+', default=['bgr8', 'nv12'], choices=encodings, metavar='ENCODING'
    )
    batch = whole_number(1, 64)
    parser.add_argument('--batches', type=batch, nargs='+', default=[1, 4, 8], metavar='N')
    frames = whole_number(2, 100_000)
    parser.add_argument('--frames', type=frames, default=300, help='calls of each way (300)')
    parser.add_argument('--source', type=Path, help='picture, video or folder; default: noise')
    parser.add_argument('--device', default='auto', help='GPU: its index, or auto')
    parser.add_argument(
        '--plugin-path', type=Path, help='decode plugin; default: the one compiled'
    )
    parser.add_argument(
        '--class-names-path',
        default='',
        metavar='FILE',
        help='one class name a line, for an engine that does not say how many classes it has',
    )
    parser.add_argument('--score-threshold', type=float, default=0.25, metavar='SCORE')
    parser.add_argument('--wait', choices=('spin', 'block'), default='spin', help='for the GPU')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw them there')
    return parser.parse_args(arguments)


def size(text: str) -> tuple[int, int]:
    """Read a size such as 1280x720; even sides suit every encoding."""
    width, _, height = text.partition('x')
    if not (width.isdecimal() and height.isdecimal()) or int(width) % 2 or int(height) % 2:
        raise ArgumentTypeError(f'{text!r} must be even width and height, such as 1280x720')
    if not (32 <= int(width) <= 8192 and 32 <= int(height) <= 8192):
        raise ArgumentTypeError(f'{text!r} must have sides of 32 to 8192 pixels')
    return int(width), int(height)


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds."""

    def read(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise ArgumentTypeError(f'{text!r} must be a whole number, {lowest} to {highest}')
        return int(text)

    return read


def measure(subject: Subject, options: Namespace) -> list[Case]:
    """Measure every size, encoding and batch."""
    if not subject.batches:
        raise ConfigError('batches', options.batches, ' '.join(subject.notes))
    pictures = Pictures(options.source, max(subject.batches))
    kinds = [(size, encoding) for encoding in options.encodings for size in options.sizes]
    blocks = sum(num_ways(subject, batch) for batch in subject.batches) * len(kinds)
    cases = []
    with tqdm(total=blocks * num_rounds(options.frames), unit='block', file=sys.stderr) as bar:

        def tick(name: str) -> None:
            bar.set_postfix_str(name, refresh=False)
            bar.update()

        for wh, encoding in kinds:
            ring = MessageRing(pictures.of_size(wh), encoding)
            for batch in subject.batches:
                bar.set_description(f'{wh[0]}x{wh[1]} {encoding}, batch {batch}')
                given = (ring, encoding, batch, options.frames, tick)
                cases.append(measure_case(subject, *given))
    return cases


if __name__ == '__main__':
    sys.exit(main())
