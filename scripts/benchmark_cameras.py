#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Measure several cameras on one detector, over DDS, as they are deployed.

The cameras send raw bgr8 images at a steady rate from one process, the detector runs in another.
Needs rclpy; with an engine TensorRT and a GPU.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import rclpy
from tqdm import tqdm

from scripts.frame_benchmark.message_ring import Pictures
from scripts.node_benchmark.image import SerialisedImage
from scripts.node_benchmark.ledger import COUNTS
from scripts.node_benchmark.load import Load
from scripts.node_benchmark.process import NodeProcess, set_environment

NAMESPACE = 'cameras'
WARM_UP_S = 2.0
TIMES = ('median_ms', 'p99_ms')


def main() -> int:
    """Measure, print the table, write what was asked for."""
    options = parse()
    set_environment()
    rclpy.init()
    try:
        with TemporaryDirectory() as folder:
            process = start(options, Path(folder) / 'node.log')
            try:
                result = run(options, process)
            except (TimeoutError, ProcessLookupError) as error:
                print(f'benchmark_cameras: {error}; the node says:\n{process.output}')
                return 1
            finally:
                status = process.stop()
    finally:
        rclpy.shutdown()
    print(table(options, result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + '\n', encoding='utf-8')
    return status


def parse(arguments: Sequence[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('network', type=Path, help='TensorRT engine or ONNX network')
    parser.add_argument('--cameras', type=int, default=8)
    parser.add_argument('--rate', type=float, default=30.0, help='Hz of each camera')
    parser.add_argument('--seconds', type=float, default=20.0)
    parser.add_argument('--width', type=int, default=1280)
    parser.add_argument('--height', type=int, default=720)
    parser.add_argument('--source', type=Path, help='picture, video or folder; default: noise')
    parser.add_argument('--max-batch', type=int, default=8)
    parser.add_argument('--max-batch-wait', type=float, default=0.0, help='seconds')
    parser.add_argument('--gpu-wait', choices=('spin', 'block'), default='spin')
    parser.add_argument('--executor', choices=('single', 'events'), default='single')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    return parser.parse_args(arguments)


def names_of(options: Namespace) -> list[str]:
    """Return the cameras' names."""
    return [f'camera{index}' for index in range(options.cameras)]


def start(options: Namespace, log: Path) -> NodeProcess:
    """Start the detector."""
    kind = 'onnx_path' if options.network.suffix == '.onnx' else 'engine_path'
    parameters = {
        kind: options.network.resolve(),
        'cameras': f'[{", ".join(names_of(options))}]',
        'max_batch': options.max_batch,
        'max_batch_wait': options.max_batch_wait,
        'gpu_wait': options.gpu_wait,
        'executor': options.executor,
    }
    return NodeProcess('yolotrt_ros', 'node', namespace=NAMESPACE, log=log, **parameters)


def run(options: Namespace, process: NodeProcess) -> dict[str, Any]:
    """
    Send for some seconds.

    :returns: the figures of each camera, of all together, and of the machine.
    :raises TimeoutError: the detector does not answer.
    """
    wh = (options.width, options.height)
    picture = next(iter(Pictures(options.source, 1).of_size(wh)))
    load = Load(f'/{NAMESPACE}', names_of(options), SerialisedImage(*wh, picture))
    try:
        load.wait_until_ready()
        load.send(options.rate, WARM_UP_S, lambda: None)
        load.wait_until_settled()
        before = {name: camera.counts[-1] for name, camera in load.ledger.cameras.items()}
        first = {name: len(camera.answers) for name, camera in load.ledger.cameras.items()}
        node_s, own_s, begin_s = process.cpu_s(), time.process_time(), time.monotonic()
        with tqdm(total=int(options.seconds), unit='s', file=sys.stderr) as bar:
            load.send(options.rate, options.seconds, bar.update)
        elapsed_s = time.monotonic() - begin_s
        node_s, own_s = process.cpu_s() - node_s, time.process_time() - own_s
        gpu = dict(load.ledger.gpu)
        load.wait_until_settled()
    finally:
        load.close()
    ages = {name: camera.ages_ms()[first[name] :] for name, camera in load.ledger.cameras.items()}
    cameras = {
        name: {
            **{key: camera.counts[-1][key] - before[name][key] for key in COUNTS},
            **percentiles(ages[name]),
        }
        for name, camera in load.ledger.cameras.items()
    }
    return {
        'cameras': cameras,
        'all': {
            'sent': int(options.seconds * options.rate * options.cameras),
            **{key: sum(camera[key] for camera in cameras.values()) for key in COUNTS},
            **percentiles([age for of_camera in ages.values() for age in of_camera]),
        },
        'node_cores': node_s / elapsed_s,
        'cameras_cores': own_s / elapsed_s,
        'gpu': gpu,
    }


def percentiles(times_ms: Sequence[float]) -> dict[str, float | None]:
    """Return median and 99th percentile, None where there is nothing."""
    if not times_ms:
        return {'median_ms': None, 'p99_ms': None}
    return {
        'median_ms': float(np.percentile(times_ms, 50)),
        'p99_ms': float(np.percentile(times_ms, 99)),
    }


def table(options: Namespace, result: dict[str, Any]) -> str:
    """Format the figures for people."""
    lines = [
        f'\n{options.cameras} cameras at {options.width}x{options.height} bgr8 and '
        f'{options.rate:g} Hz for {options.seconds:g} s on {options.network.name}; latency from '
        'before publishing to the receipt of the detections\n',
        '| camera | received | processed | dropped | rejected | median ms | p99 ms |',
        '| --- | --- | --- | --- | --- | --- | --- |',
    ]
    for name, row in [*result['cameras'].items(), ('all', result['all'])]:
        counts = ' | '.join(str(row[key]) for key in COUNTS[:4])
        times = ' | '.join('-' if row[key] is None else f'{row[key]:.2f}' for key in TIMES)
        lines.append(f'| {name} | {counts} | {times} |')
    lines.append(
        f'\n{result["all"]["sent"]} images sent. Processor time: the detector '
        f'{result["node_cores"]:.2f} cores, all cameras together {result["cameras_cores"]:.2f}.'
    )
    if result['gpu']:
        lines.append('GPU: ' + ', '.join(f'{key} {value}' for key, value in result['gpu'].items()))
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
