#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Measure where the milliseconds of a frame go, beside the bare network in the same run.

Blocks of frames through the detector take turns with blocks of bare calls of ONNX Runtime
on the tensor of such a frame, so that both see the same machine. They do not alternate frame by
frame: the threads of a session spin for a while after each run and would slow the other one down.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import defaultdict
from itertools import islice
import os
from pathlib import Path
import platform
import sys

import numpy as np
import onnxruntime
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.timing import StageTimes, Stopwatch, TimeWindow
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.demo import DECODED_MODEL, DEMO_SEED
from yolotrt_ros.ros.camera_source import open_source
from yolotrt_ros.ros.detections_writer import detections_writer
from yolotrt_ros.ros.images import ReceivedImage
from yolotrt_ros.ros.messages import image_message

BLOCK, WARM_UP, NUM_IMAGES = 25, 10, 30


def main() -> int:
    """Measure and print the table."""
    options = parse()
    config = DetectorConfig(onnx_path=str(options.model), num_threads=options.threads)
    detector = Detector(build_pipeline(config), config)
    network = BareNetwork(options, detector.pipeline.info.network_wh)
    images = camera_images(options)
    messages = [serialize_message(image) for image in images]
    view = ReceivedImage(messages[0], compressed=False).view()
    windows: dict[str, TimeWindow] = defaultdict(lambda: TimeWindow(options.frames))
    blocks = range(0, options.frames, BLOCK)
    for start in tqdm(blocks, unit='block', file=sys.stderr):
        detector.settle(messages[0])
        for index in range(start, start + BLOCK):
            for stage, time_ms in detector.times(messages[index % len(messages)]).items():
                windows[stage].add(time_ms)
        network.settle(view)
        for _ in range(BLOCK):
            windows['bare onnxruntime'].add(network.time_ms(view))
    print_table(options, view.source_wh, detector, windows)
    return 0


class Detector:
    """What the node does with a message, stage by stage."""

    def __init__(self, pipeline: Pipeline, config: DetectorConfig) -> None:
        self.pipeline = pipeline
        self.objects = TimeWindow()
        self._selection = config.selection(pipeline.info)
        self._write = detections_writer(pipeline.info.class_names)

    def times(self, serialised: bytes) -> StageTimes:
        """Process one message; returns milliseconds."""
        watch = Stopwatch()
        with watch.stage('read'):
            image = ReceivedImage(serialised, compressed=False)
            view = image.view()
        detections = self.pipeline.detect([view], self._selection)[0]
        with watch.stage('write'):
            self._write(detections, image.header)
        self.objects.add(len(detections))
        times = {**watch.stage_times, **self.pipeline.stage_times}
        total = sum(times.values())
        return {**times, 'all but the network': total - times['inference'], 'end to end': total}

    def settle(self, serialised: bytes) -> None:
        """Let the threads of the other party go to sleep and those of this one wake up."""
        for _ in range(WARM_UP):
            self.times(serialised)


def parse() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--model', type=Path, default=DECODED_MODEL)
    parser.add_argument('--source', default='scenes', help='picture, video, folder, or scenes')
    parser.add_argument('--width', type=int, default=0, help="0: the source's")
    parser.add_argument('--height', type=int, default=0)
    parser.add_argument('--encoding', default='bgr8')
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--threads', type=int, default=0, help='of ONNX Runtime; 0: its choice')
    return parser.parse_args()


def camera_images(options: Namespace) -> list[Image]:
    """Make the messages that a camera would send."""
    shots, _ = open_source(
        options.source,
        width=options.width,
        height=options.height,
        rate=30.0,
        loop=True,
        seed=DEMO_SEED,
    )
    return [
        image_message(encode(shot.image_bgr, options.encoding), Header())
        for shot in islice(shots, NUM_IMAGES)
    ]


class BareNetwork:
    """ONNX Runtime alone, on a tensor made before the clock starts."""

    def __init__(self, options: Namespace, network_wh: tuple[int, int]) -> None:
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = options.threads
        self._session = onnxruntime.InferenceSession(
            str(options.model), session, providers=['CPUExecutionProvider']
        )
        self._input = self._session.get_inputs()[0].name
        is_half = self._session.get_inputs()[0].type == 'tensor(float16)'
        dtype = np.dtype(np.float16 if is_half else np.float32)
        self._preprocess = Preprocessor(network_wh, 1, dtype)

    def settle(self, view: ImageView) -> None:
        """As of the detector."""
        for _ in range(WARM_UP):
            self.time_ms(view)

    def time_ms(self, view: ImageView) -> float:
        """Run once."""
        tensor, _ = self._preprocess([view])
        watch = Stopwatch()
        with watch.stage('run'):
            self._session.run(None, {self._input: tensor})
        return watch.stage_times['run']


def print_table(
    options: Namespace,
    size: tuple[int, int],
    detector: Detector,
    windows: dict[str, TimeWindow],
) -> None:
    """Print medians and 99th percentiles."""
    print(
        f'\n{options.model.name}, {options.source} at {size[0]}x{size[1]} {options.encoding}, '
        f'{options.frames} frames, {detector.objects.percentile_ms(50):.0f} objects a frame, '
        f'{detector.pipeline.info.backend}, {os.cpu_count()} x {platform.machine()}\n'
    )
    print('| stage | median ms | p99 ms |\n|---|---|---|')
    for stage, window in windows.items():
        print(f'| {stage} | {window.percentile_ms(50):.3f} | {window.percentile_ms(99):.3f} |')
    ratio = windows['end to end'].percentile_ms(50) / windows['bare onnxruntime'].percentile_ms(50)
    print(f'\nend to end / bare onnxruntime: {ratio:.3f}')


if __name__ == '__main__':
    sys.exit(main())
