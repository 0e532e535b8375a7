#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure reading and writing of serialised messages beside rclpy's, turn by turn in one run."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
import platform
from statistics import median
import sys
from time import perf_counter_ns

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_detections import DetectionArrayWriter
from yolotrt_ros.core.serialised_image import read_image
from yolotrt_ros.ros.messages import byte_array, detection_array

SIZES_WH = [(640, 480), (1280, 720), (1920, 1080)]
COUNTS = [0, 10, 100]
LABELS = ['person', 'bicycle', 'car', 'traffic light']
FRAME_ID = 'camera_front'


def main() -> int:
    """Measure and print the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--repetitions', type=int, default=300)
    repetitions = parser.parse_args().repetitions
    print(f'medians of {repetitions}, {platform.machine()}\n')
    print('| message | rclpy us | bytes us | ratio |\n|---|---|---|---|')
    for width, height in SIZES_WH:
        print_row(f'read {width}x{height} bgr8', repetitions, *image_readers(width, height))
    for count in COUNTS:
        print_row(f'write {count} detections', repetitions, *detection_writers(count))
    return 0


def image_readers(width: int, height: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return rclpy's reading of an image, and ours."""
    message = Image(header=Header(frame_id=FRAME_ID), width=width, height=height, step=3 * width)
    message.encoding = 'bgr8'
    message.data = byte_array(np.zeros(3 * width * height, np.uint8))
    serialised = serialize_message(message)
    return lambda: deserialize_message(serialised, Image), lambda: read_image(serialised)


def detection_writers(count: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return rclpy's making and serialising of detections, and ours."""
    rng = np.random.default_rng(0)
    detections = Detections(
        rng.uniform(0, 1000, (count, 4)).astype(np.float32),
        rng.random(count, np.float32),
        rng.integers(0, len(LABELS), count).astype(np.int32),
    )
    message_header, header = Header(frame_id=FRAME_ID), MessageHeader(0, 0, FRAME_ID)
    writer = DetectionArrayWriter(LABELS)
    return (
        lambda: serialize_message(detection_array(detections, message_header, LABELS)),
        lambda: writer.write(detections, header),
    )


def print_row(
    title: str, repetitions: int, theirs: Callable[[], object], ours: Callable[[], object]
) -> None:
    """Measure both in turns, so that they see the same machine."""
    times = [(time_us(theirs), time_us(ours)) for _ in range(repetitions)]
    rclpy_us, ours_us = (median(column) for column in zip(*times, strict=True))
    print(f'| {title} | {rclpy_us:.1f} | {ours_us:.1f} | {rclpy_us / ours_us:.0f} |')


def time_us(call: Callable[[], object]) -> float:
    """Run once."""
    start = perf_counter_ns()
    call()
    return (perf_counter_ns() - start) / 1000


if __name__ == '__main__':
    sys.exit(main())
