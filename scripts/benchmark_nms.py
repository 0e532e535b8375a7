#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure the suppression kernel, from an empty image to one that is full of candidates."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
import sys

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from test.gpu.candidate_sets import clustered, half_precision, same_rows, same_scores, spread
from test.gpu.nms_runners import Batch, block_of, OnGpu
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.candidates import CandidateArrays
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.events import CudaEvent
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.session import CudaSession

KINDS = (clustered, spread, half_precision, same_scores, same_rows)
COUNTS = (0, 30, 100, 300, 500, 1000, 4000, 25200)
LAUNCHES, ROUNDS = 20, 7


def main() -> int:
    """Print microseconds a launch, by kind and number of candidates above the threshold."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--device', default='auto')
    parser.add_argument('--max-detections', type=int, default=300)
    options = parser.parse_args()
    rules = Selection(0.0, 0.45, options.max_detections)
    try:
        device = find_device(options.device)
    except YolotrtError as error:
        print(f'benchmark_nms: {error}', file=sys.stderr)
        return 1
    print(f'{device}; median microseconds of one launch, {options.max_detections} rows at most\n')
    print('| candidates | ' + ' | '.join(map(str, COUNTS)) + ' |')
    print('|---' * (len(COUNTS) + 1) + '|')
    random = np.random.default_rng(0)
    with CudaSession(device) as session:
        for kind in KINDS:
            times = [microseconds(session, kind(random, count), rules) for count in COUNTS]
            print(f'| {kind.__name__} | ' + ' | '.join(f'{time:.1f}' for time in times) + ' |')
    return 0


def microseconds(session: CudaSession, image: Detections, rules: Selection) -> float:
    """Time many launches in one graph, so that what is measured is the kernel."""
    batch, gpu = Batch.of([image]), OnGpu(session)
    kernel = gpu.kernel(batch, rules.max_detections)
    inputs = gpu.upload(*batch.arrays, block_of(rules))
    result = DeviceBuffer(kernel.result_bytes)
    arrays = CandidateArrays(*(buffer.address for buffer in inputs[:4]))

    def record() -> None:
        for _ in range(LAUNCHES):
            kernel.launch(arrays, inputs[4].address, result.address, session.stream, batch=1)

    record()
    graph = CudaGraph(session, record)
    start, stop, times = CudaEvent(), CudaEvent(), []
    for _ in range(ROUNDS):
        start.record(session.stream)
        graph.launch()
        stop.record(session.stream)
        session.synchronize()
        times.append(1e3 * stop.elapsed_ms(start) / LAUNCHES)
    return float(np.median(times))


if __name__ == '__main__':
    sys.exit(main())
