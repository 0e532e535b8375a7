#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Compare three endings of one YOLOv5 network on one GPU, each down to suppressed boxes.

Our decode plugin, the decoding as exported, and NVIDIA's EfficientNMS_TRT are built in the same
precision with the same thresholds, and take turns in rounds so that all see the same machine. All
times are the GPU's own, of CUDA graphs.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import asdict
import json
from pathlib import Path
import sys

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.endings.engines import make_endings, make_plans, say
from scripts.endings.figures import Figures, measure, ROUNDS, table
from scripts.endings.meter import EndingMeter
from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.tools import build_arguments
from yolotrt_ros.tools.argument_types import checked, count, names, probability
from yolotrt_ros.tools.interruptible import AbandonedError, leave
from yolotrt_ros.trt.build_options import choose_sizes, parse_sizes
from yolotrt_ros.trt.compat import describe, import_tensorrt

MAX_DETECTIONS, MIN_LAUNCHES, SEED = 300, 500, 1
EXIT_INTERRUPTED = 130


def main() -> int:
    """Build, measure, print the table, write what was asked for."""
    options = parse()
    try:
        conditions, rows = compare(options)
        print(f'\n{conditions}\n\n{table(rows)}')
        if options.json:
            content = {'conditions': conditions, 'rows': [asdict(row) for row in rows]}
            options.json.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')
    except AbandonedError:
        leave(EXIT_INTERRUPTED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except (YolotrtError, OSError) as error:
        print(f'benchmark_endings: {error}', file=sys.stderr)
        return 1
    return 0


def parse(arguments: Sequence[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('model', type=Path, metavar='MODEL.onnx', help='YOLOv5 with its decoding')
    parser.add_argument('--precision', choices=('fp16', 'fp32'), default='fp16')
    parser.add_argument('--score-threshold', type=probability, default=0.25, metavar='SCORE')
    parser.add_argument('--iou-threshold', type=probability, default=0.45, metavar='IOU')
    parser.add_argument(
        '--size', type=checked(parse_sizes), metavar='HxW', help='where it is open'
    )
    parser.add_argument('--picture', type=Path, metavar='FILE', help='input; default: noise')
    parser.add_argument(
        '--launches', type=launch_count, default=1000, metavar='N', help='%(default)s'
    )
    parser.add_argument('--optimization-level', type=int, choices=range(6), metavar='0-5')
    parser.add_argument('--tactic-sources', type=names, metavar='NAME,NAME')
    parser.add_argument('--device', default='auto', metavar='auto|N')
    parser.add_argument('--engines', type=Path, metavar='DIR', help='keep and reuse engines there')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    options = parser.parse_args(arguments)
    if options.json and not options.json.parent.is_dir():
        parser.error(f'--json: there is no folder {options.json.parent}')
    return options


def launch_count(text: str) -> int:
    """Take a number of launches whose 99th percentile means something."""
    if (launches := count(text)) < MIN_LAUNCHES:
        raise ArgumentTypeError(f'{text!r} must be {MIN_LAUNCHES} or more')
    return launches


def compare(options: Namespace) -> tuple[str, list[Figures]]:
    """Build and measure; returns what it was measured with, and a row for each ending."""
    trt = import_tensorrt()
    device = find_device(options.device)
    say(f'machine   TensorRT {describe(trt)}, GPU {device}')
    build = build_options(options)
    selection = Selection(options.score_threshold, options.iou_threshold, MAX_DETECTIONS)
    endings = make_endings(build, selection)
    network = endings[0].network
    wh = choose_sizes(network.static_wh, build.size, 1)[1]
    tensor = picture(options.picture, wh, network.static_shape[0] or 1)
    plans = make_plans(trt, device, endings, build, options.engines)
    with CudaSession(device) as session:
        meters = [
            EndingMeter(session, plan, tensor, ending.layout, selection)
            for ending, plan in zip(endings, plans, strict=True)
        ]
        try:
            rows = measure(endings, plans, meters, options.launches, options.score_threshold)
        finally:
            for meter in meters:
                meter.close()
    if not any(row.candidates for row in rows):
        say('warning: the network finds nothing in this input; give --picture')
    return (
        f'{options.model.name}, {options.precision}, input {list(tensor.shape)} of '
        f'{options.picture.name if options.picture else f"noise with seed {SEED}"}, score at '
        f'least {options.score_threshold:g}, NMS at {options.iou_threshold:g}, {MAX_DETECTIONS} '
        f'boxes at most, {options.launches} launches in {ROUNDS} rounds, '
        f'TensorRT {describe(trt)}, {device.name}'
    ), rows


def build_options(options: Namespace) -> Namespace:
    """Return the options of ``build_engine`` that make such engines."""
    build = build_arguments.parse(['--precision', options.precision, '--', str(options.model)])
    for name in ('size', 'score_threshold', 'optimization_level', 'tactic_sources'):
        setattr(build, name, getattr(options, name))
    if build.size is not None:
        build.size = (build.size[1],) * 3
    return build


def picture(path: Path | None, network_wh: tuple[int, int], batch: int) -> NDArray[np.floating]:
    """Return ``(B, 3, H, W)``: a picture, prepared as the detector does, or noise."""
    if path is None:
        shape = (batch, 3, network_wh[1], network_wh[0])
        return np.random.default_rng(SEED).random(shape, np.float32)
    view = ImageView.from_array(read_picture(path))
    tensor, _ = Preprocessor(network_wh, batch, np.dtype(np.float32))([view] * batch)
    return tensor


if __name__ == '__main__':
    sys.exit(main())
