#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Measure what the node itself costs: from publishing an image to receiving its detections.

The detector runs as it is deployed, in a process of its own and over DDS, but around a pipeline
that answers at once. In turns with it, in the same run and in processes too: a bare hop through
rclpy that takes the image as bytes, the same with memory that it does not hand back, one that
takes the image as a message, and a detector that makes its message of objects. Needs rclpy, no
GPU.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, ExitStack
from dataclasses import asdict
import json
import os
from pathlib import Path
import platform
import sys
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rclpy
from std_msgs.msg import Header
from tqdm import tqdm
from vision_msgs.msg import Detection2DArray

from scripts.frame_benchmark.rounds import measure_in_rounds, num_rounds
from scripts.node_benchmark.courier import Courier, SerialisedImage
from scripts.node_benchmark.process import NodeProcess, set_environment
from scripts.node_benchmark.tables import latency_table
from scripts.node_benchmark.way import RoundTrips

RAW_HOP, KEPT_HOP, IMAGE_HOP = 'raw hop', 'raw hop, memory kept', 'image hop'
NODE, NODE_EVENTS, OBJECTS = 'node', 'node, events executor', 'objects'
HOPS = (RAW_HOP, KEPT_HOP, IMAGE_HOP)
ECHOES = {RAW_HOP: 'raw', KEPT_HOP: 'raw', IMAGE_HOP: 'image', OBJECTS: 'objects'}
EXECUTORS = {NODE: 'single', NODE_EVENTS: 'events'}
# What mallopt(3) says of these: freed memory stays with the process, up to so many bytes.
KEPT_MEMORY = {'MALLOC_TRIM_THRESHOLD_': '268435456', 'MALLOC_MMAP_THRESHOLD_': '33554432'}
MEANING = (
    'Milliseconds from before publishing until the answer is received, both as bytes. Raw hop: a '
    'node of rclpy that takes the image as bytes and publishes its header; memory kept: with an '
    'allocator that does not hand freed memory back to the system. Image hop: with messages '
    'instead of bytes. Node: the detector, with the executor single or events. Objects: a '
    'detector that takes a message and makes another of objects, in its callback. CPU: of '
    'the whole process of the node.'
)


def main() -> int:
    """Measure, print the table, write what was asked for."""
    options = parse()
    set_environment()
    rclpy.init()
    try:
        with (
            all_ways(options) as ways,
            tqdm(
                total=len(ways) * num_rounds(options.frames), unit='block', file=sys.stderr
            ) as bar,
        ):
            figures = measure_in_rounds(ways, options.frames, lambda _: bar.update())
            lost = [way.num_lost for way in ways]
    except (TimeoutError, ChildProcessError) as error:
        print(f'benchmark_node: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.shutdown()
    rows = [(*key, way.name, n) for key, way, n in zip(keys(options), ways, lost, strict=True)]
    print(f'\n{conditions(options)}\n\n{MEANING}\n')
    print(latency_table(rows, figures, (name_of(RAW_HOP, 0), name_of(KEPT_HOP, 0))))
    if options.json:
        content = {
            'conditions': conditions(options),
            'meaning': MEANING,
            'ways': [
                {'kind': kind, 'detections': count, 'lost': n, **asdict(figures[name])}
                for kind, count, name, n in rows
            ],
        }
        options.json.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')
    return 0


def parse(arguments: Sequence[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=300, help='images of each way (300)')
    parser.add_argument('--rate', type=float, default=30.0, help='images a second (30)')
    parser.add_argument('--width', type=int, default=1280)
    parser.add_argument('--height', type=int, default=720)
    parser.add_argument(
        '--detections', type=int, nargs='+', default=[0, 10, 100], metavar='N', choices=range(256)
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    return parser.parse_args(arguments)


def keys(options: Namespace) -> list[tuple[str, int]]:
    """Return kind of node and number of detections of each way."""
    kinds = [
        (kind, count) for kind in (NODE, NODE_EVENTS, OBJECTS) for count in options.detections
    ]
    return [*((hop, 0) for hop in HOPS), *kinds]


def name_of(kind: str, count: int) -> str:
    """Name a way."""
    return f'{kind}, {count}'


@contextmanager
def all_ways(options: Namespace) -> Iterator[list[RoundTrips]]:
    """
    Start all nodes; they end with the context.

    :raises TimeoutError: a node does not answer; its output is shown.
    :raises ChildProcessError: a node did not end as it should.
    """
    image = SerialisedImage(options.width, options.height)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        sides = {
            kind: stack.enter_context(running(kind, Path(folder), image))
            for kind in (*HOPS, NODE, NODE_EVENTS, OBJECTS)
        }
        yield [
            RoundTrips(name_of(kind, count), *sides[kind], count, options.rate)
            for kind, count in keys(options)
        ]


@contextmanager
def running(
    kind: str, folder: Path, image: SerialisedImage
) -> Iterator[tuple[NodeProcess, Courier]]:
    """Start one node and its other side, and wait until it answers."""
    namespace = f'benchmark/{kind.replace(", ", "_").replace(" ", "_")}'
    environment = KEPT_MEMORY if kind == KEPT_HOP else {}
    given = {'namespace': namespace, 'log': folder / f'{kind}.log', 'environment': environment}
    if kind in EXECUTORS:
        given['executor'] = EXECUTORS[kind]
        process = NodeProcess('scripts.node_benchmark.detector', '0', **given)
    else:
        process = NodeProcess('scripts.node_benchmark.echo', ECHOES[kind], **given)
    courier = Courier(f'/{namespace}', Header if kind in HOPS else Detection2DArray, image)
    try:
        try:
            courier.wait_until_ready()
        except TimeoutError as error:
            raise TimeoutError(f'{error}; the node says:\n{process.output}') from error
        yield process, courier
    finally:
        courier.close()
        status = process.stop()
    if status:
        raise ChildProcessError(f'{kind} ended with status {status}:\n{process.output}')


def conditions(options: Namespace) -> str:
    """Describe machine and input, in one line for people."""
    return (
        f'{options.width}x{options.height} bgr8 at {options.rate:g} Hz, {options.frames} images '
        f'of each way; {os.environ.get("RMW_IMPLEMENTATION", "default middleware")}, '
        f'{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}'
    )


if __name__ == '__main__':
    sys.exit(main())
