# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A subscriber that reports what arrives: rate, latency, classes, and one annotated picture."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter, OrderedDict
import json
from pathlib import Path
import sys
from typing import Any

from builtin_interfaces.msg import Time as TimeMessage
from diagnostic_msgs.msg import DiagnosticArray
import rclpy
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data, QoSDurabilityPolicy, QoSProfile
from rclpy.time import Time
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.timing import TimeWindow
from yolotrt_ros.cpu.color import to_bgr
from yolotrt_ros.cpu.draw import draw_detections
from yolotrt_ros.cpu.media import write_picture
from yolotrt_ros.ros.images import view_of
from yolotrt_ros.ros.messages import read_detection_array
from yolotrt_ros.ros.spin import init, spin_until_stopped

STATUS_PERIOD_S = 0.5
# Images that wait for their detections; more than a detector keeps in flight.
MAX_WAITING_IMAGES = 30
COUNTS = ('received', 'processed', 'dropped', 'rejected', 'waiting')


class ListenerNode(Node):
    """
    Subscribes to ``detections``, ``label_info``, ``/diagnostics`` and the images.

    It prints its state as one JSON object a line: twice a second, and once more when closed.

    :param image_transport: ``raw`` or ``compressed``.
    :param picture: where to save the image with the most detections, or None.
    """

    def __init__(self, image_transport: str, picture: Path | None) -> None:
        super().__init__('listener')
        self._picture = picture
        self._latency = TimeWindow(length=100_000)
        self._num_messages = 0
        self._objects: Counter[str] = Counter()
        self._class_ids: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._images: OrderedDict[int, Image | CompressedImage] = OrderedDict()
        self._best: tuple[Image | CompressedImage, Detection2DArray] | None = None
        compressed = image_transport == 'compressed'
        latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(Detection2DArray, 'detections', self._on_detections, 100)
        self.create_subscription(LabelInfo, 'label_info', self._on_labels, latched)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        if picture is not None:
            self.create_subscription(
                CompressedImage if compressed else Image,
                'image/compressed' if compressed else 'image',
                self._on_image,
                qos_profile_sensor_data,
            )
        self.create_timer(STATUS_PERIOD_S, self.report)

    def report(self) -> None:
        """Print the state."""
        print(json.dumps(self._state()), flush=True)

    def save_picture(self) -> None:
        """Write the image with the most detections, drawn in."""
        if self._picture is None or self._best is None:
            return
        image, message = self._best
        canvas = to_bgr(view_of(image))
        names = {index: name for name, index in self._class_ids.items()}
        detections = read_detection_array(message, self._class_ids)
        draw_detections(canvas, detections, [names[i] for i in range(len(names))])
        write_picture(self._picture, canvas)

    def _state(self) -> dict[str, Any]:
        median_ms, p99_ms = (self._latency.percentile_ms(percent) for percent in (50, 99))
        return {
            'ready': bool(self._class_ids) and self.count_publishers('detections') > 0,
            'messages': self._num_messages,
            'objects': dict(self._objects.most_common()),
            'latency_median_ms': median_ms if len(self._latency) else None,
            'latency_p99_ms': p99_ms if len(self._latency) else None,
            'counts': self._counts,
        }

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._images[_nanoseconds(message.header.stamp)] = message
        if len(self._images) > MAX_WAITING_IMAGES:
            self._images.popitem(last=False)

    def _on_detections(self, message: Detection2DArray) -> None:
        age = self.get_clock().now() - Time.from_msg(message.header.stamp)
        self._latency.add(age.nanoseconds / 1e6)
        self._num_messages += 1
        self._objects.update(item.results[0].hypothesis.class_id for item in message.detections)
        image = self._images.pop(_nanoseconds(message.header.stamp), None)
        most = len(self._best[1].detections) if self._best else -1
        if image is not None and len(message.detections) > most:
            self._best = image, message

    def _on_labels(self, message: LabelInfo) -> None:
        self._class_ids = {item.class_name: item.class_id for item in message.class_map}

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if ': input' in status.name:
                values = {pair.key: pair.value for pair in status.values}
                self._counts = {key: int(values[key]) for key in COUNTS if key in values}


def _nanoseconds(stamp: TimeMessage) -> int:
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


def main(args: list[str] | None = None) -> int:
    """Listen until a signal; returns 0."""
    parser = ArgumentParser('yolotrt_ros listen', description=__doc__)
    parser.add_argument('--image-transport', choices=('raw', 'compressed'), default='raw')
    parser.add_argument('--picture', type=Path, metavar='FILE', help='save an annotated picture')
    args = sys.argv[1:] if args is None else args
    options = parser.parse_args(remove_ros_args(args))
    stop = init(args)
    node = ListenerNode(options.image_transport, options.picture)
    try:
        spin_until_stopped(node, stop)
        node.report()
        node.save_picture()
    except ImageFormatError as error:
        print(f'listener: {error}', file=sys.stderr)
        return 1
    finally:
        node.destroy_node()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
