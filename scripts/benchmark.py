#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Measure where the milliseconds of a frame go, beside the bare network in the same run.

Each round times one frame through the detector's own code, stage by stage, and one call of ONNX
Runtime on the very tensor that this frame gave, so that both see the same machine.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from array import array
import os
from pathlib import Path
import platform
import sys

import cv2
import numpy as np
import onnxruntime
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.timing import Stopwatch, TimeWindow
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import find_media
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.ros.images import view_of
from yolotrt_ros.ros.messages import detection_array

DATA = Path(os.environ.get('YOLOTRT_TEST_DATA', Path(__file__).parents[2] / 'shared' / 'data'))


def main() -> int:
    """Measure and print the table."""
    options = parse()
    config = DetectorConfig(onnx_path=str(options.model), num_threads=options.threads)
    pipeline = build_pipeline(config)
    selection = config.selection(pipeline.info.class_names)
    messages = [serialize_message(image) for image in camera_images(options)]
    network = BareNetwork(options, pipeline.info.network_wh)
    windows: dict[str, TimeWindow] = {}
    num_objects = []
    for index in tqdm(range(options.warm_up + options.frames), unit='frame', file=sys.stderr):
        watch = Stopwatch()
        with watch.stage('deserialise image'):
            image = deserialize_message(messages[index % len(messages)], Image)
        with watch.stage('view'):
            view = view_of(image)
        detections = pipeline.detect([view], selection)[0]
        with watch.stage('make message'):
            answer = detection_array(detections, image.header, pipeline.info.class_names)
        with watch.stage('serialise detections'):
            serialize_message(answer)
        times = {**watch.stage_times, **pipeline.stage_times}
        times['end to end'] = sum(times.values())
        times['all but the network'] = times['end to end'] - times['inference']
        times['bare onnxruntime'] = network.time_ms(view)
        num_objects.append(len(detections))
        if index >= options.warm_up:
            for stage, time_ms in times.items():
                windows.setdefault(stage, TimeWindow(options.frames)).add(time_ms)
    print_table(options, pipeline.info.backend, windows, float(np.mean(num_objects)))
    return 0


def parse() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--model', type=Path, default=DATA / 'models' / 'yolov5n.onnx')
    parser.add_argument('--source', type=Path, default=DATA / 'video' / 'street_london_TestV4.mp4')
    parser.add_argument('--width', type=int, default=1280)
    parser.add_argument('--height', type=int, default=720)
    parser.add_argument('--encoding', default='bgr8')
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--warm-up', type=int, default=20)
    parser.add_argument('--threads', type=int, default=0, help='of ONNX Runtime; 0: its choice')
    options = parser.parse_args()
    for path in (options.model, options.source):
        if not path.exists():
            parser.error(f'{path} does not exist; give --model and --source')
    return options


def camera_images(options: Namespace, at_most: int = 30) -> list[Image]:
    """Make the messages that a camera would send."""
    images: list[Image] = []
    for picture in find_media(options.source)[0].pictures():
        size = (options.width, options.height)
        resized = cv2.resize(picture.image_bgr, size, interpolation=cv2.INTER_AREA)
        view = encode(np.asarray(resized, np.uint8), options.encoding)
        message = Image(
            width=view.width, height=view.height, step=view.step, encoding=view.encoding.name
        )
        message.data = array('B', view.data.tobytes())
        images.append(message)
        if len(images) == at_most:
            break
    return images


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

    def time_ms(self, view: ImageView) -> float:
        """Run once."""
        tensor, _ = self._preprocess([view])
        watch = Stopwatch()
        with watch.stage('run'):
            self._session.run(None, {self._input: tensor})
        return watch.stage_times['run']


def print_table(
    options: Namespace, backend: str, windows: dict[str, TimeWindow], num_objects: float
) -> None:
    """Print medians and 99th percentiles."""
    print(
        f'\n{options.model.name}, {options.width}x{options.height} {options.encoding}, '
        f'{options.frames} frames, {num_objects:.1f} objects a frame, {backend}, '
        f'{os.cpu_count()} x {platform.machine()}\n'
    )
    print('| stage | median ms | p99 ms |\n|---|---|---|')
    for stage, window in windows.items():
        print(f'| {stage} | {window.percentile_ms(50):.3f} | {window.percentile_ms(99):.3f} |')
    ratio = windows['end to end'].percentile_ms(50) / windows['bare onnxruntime'].percentile_ms(50)
    print(f'\nend to end / bare onnxruntime: {ratio:.3f}')


if __name__ == '__main__':
    sys.exit(main())
