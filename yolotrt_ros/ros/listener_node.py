# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A subscriber that reports what arrives: latency, classes, accuracy, and a contact sheet."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
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
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.even_sample import EvenSample
from yolotrt_ros.core.matching import match
from yolotrt_ros.core.score import Score, Verdict
from yolotrt_ros.core.timing import TimeWindow
from yolotrt_ros.cpu.color import to_bgr
from yolotrt_ros.cpu.contact_sheet import contact_sheet, Panel
from yolotrt_ros.cpu.media import write_picture
from yolotrt_ros.demo import is_ignored
from yolotrt_ros.ros.images import view_of
from yolotrt_ros.ros.messages import read_detection_array
from yolotrt_ros.ros.spin import explained, spin_until_stopped, start

STATUS_PERIOD_S = 0.25
# Images and truths that wait for their detections; more than a detector keeps in flight.
MAX_WAITING = 30
MAX_PANELS = 12
COUNTS = ('received', 'processed', 'dropped', 'rejected', 'waiting')


class ListenerNode(Node):
    """
    Subscribes to ``detections``, ``label_info``, ``/diagnostics``, images and truth.

    It prints its state as one JSON object a line: four times a second, and once when it ends.

    :param options: ``image_transport``; ``truth``: whether there is a ``ground_truth``;
        ``sheet``: where to save the contact sheet, or None.
    """

    def __init__(self, options: Namespace) -> None:
        super().__init__('listener')
        self._sheet: Path | None = options.sheet
        self._has_truth = bool(options.truth)
        self._latency = TimeWindow(length=100_000)
        self._num_messages = 0
        self._objects: Counter[str] = Counter()
        self._class_names: dict[int, str] = {}
        self._class_ids: dict[str, int] = {}  # by name and by index in decimal digits
        self._counts: dict[str, int] = {}
        self._score = Score()
        self._images: OrderedDict[int, Image | CompressedImage] = OrderedDict()
        self._truths: OrderedDict[int, Detection2DArray] = OrderedDict()
        self._unmatched: OrderedDict[int, Detection2DArray] = OrderedDict()
        self._panels = EvenSample[tuple[Image | CompressedImage, Verdict]](MAX_PANELS)
        compressed = options.image_transport == 'compressed'
        latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(Detection2DArray, 'detections', self._on_detections, 100)
        self.create_subscription(LabelInfo, 'label_info', self._on_labels, latched)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        if self._has_truth:
            self.create_subscription(Detection2DArray, 'ground_truth', self._on_truth, 100)
        if self._sheet is not None:
            self.create_subscription(
                CompressedImage if compressed else Image,
                'image/compressed' if compressed else 'image',
                lambda message: _remember(self._images, message),
                qos_profile_sensor_data,
            )
        self.create_timer(STATUS_PERIOD_S, self.report)

    def report(self) -> None:
        """Print the state."""
        print(json.dumps(self._state()), flush=True)

    def save_sheet(self) -> None:
        """Write pictures from the whole time, with detections and truth drawn in."""
        samples = self._panels.chosen()
        if self._sheet is None or not samples:
            return
        panels = [Panel(to_bgr(view_of(image)), verdict) for image, verdict in samples]
        title = f'yolotrt_ros   {self._num_messages} images'
        if self._has_truth:
            title += f'   precision {self._score.precision:.3f}   recall {self._score.recall:.3f}'
        names = [self._class_names[index] for index in sorted(self._class_names)]
        sheet = contact_sheet(panels, names, title)
        write_picture(self._sheet, sheet)

    def _state(self) -> dict[str, Any]:
        median_ms, p99_ms = (self._latency.percentile_ms(percent) for percent in (50, 99))
        return {
            'ready': bool(self._class_ids) and self.count_publishers('detections') > 0,
            'messages': self._num_messages,
            'objects': dict(self._objects.most_common()),
            'latency_median_ms': median_ms if len(self._latency) else None,
            'latency_p99_ms': p99_ms if len(self._latency) else None,
            'counts': self._counts,
            'score': self._score.as_dict() if self._has_truth else None,
        }

    def _on_detections(self, message: Detection2DArray) -> None:
        stamp = _nanoseconds(message.header.stamp)
        self._latency.add((self.get_clock().now().nanoseconds - stamp) / 1e6)
        self._num_messages += 1
        self._objects.update(item.results[0].hypothesis.class_id for item in message.detections)
        if not self._has_truth:
            if (detections := self._read(message)) is not None:
                self._keep(stamp, Verdict(detections))
            return
        _remember(self._unmatched, message)
        self._judge(stamp)

    def _on_truth(self, message: Detection2DArray) -> None:
        _remember(self._truths, message)
        self._judge(_nanoseconds(message.header.stamp))

    def _judge(self, stamp: int) -> None:
        """Compare detections and truth of one stamp, once both are here."""
        if stamp not in self._unmatched or stamp not in self._truths or not self._class_ids:
            return
        detections = self._read(self._unmatched.pop(stamp))
        truth = self._read(self._truths.pop(stamp))
        if detections is None or truth is None:
            return
        ignored = is_ignored(truth.boxes_xyxy, truth.scores)
        matches = match(detections, truth, ignored=ignored)
        self._score.add(matches)
        self._keep(stamp, Verdict(detections, truth, matches))

    def _read(self, message: Detection2DArray) -> Detections | None:
        """Read the boxes; None where the classes are not, or not yet, those of label_info."""
        try:
            return read_detection_array(message, self._class_ids)
        except KeyError as error:
            self.get_logger().warning(
                f'class_id {error} is not in label_info, which holds '
                f'{", ".join(self._class_names.values()) or "nothing yet"}; its message is not '
                'compared or drawn',
                throttle_duration_sec=5.0,
            )
            return None

    def _keep(self, stamp: int, verdict: Verdict) -> None:
        image = self._images.pop(stamp, None)
        if image is not None:
            self._panels.add((image, verdict))

    def _on_labels(self, message: LabelInfo) -> None:
        self._class_names = {item.class_id: item.class_name for item in message.class_map}
        by_index = {str(index): index for index in self._class_names}
        self._class_ids = by_index | {name: index for index, name in self._class_names.items()}
        for stamp in list(self._unmatched):
            self._judge(stamp)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if ': input' in status.name:
                values = {pair.key: pair.value for pair in status.values}
                self._counts = {key: int(values[key]) for key in COUNTS if key in values}


def _remember(waiting: OrderedDict[int, Any], message: Any) -> None:  # noqa: ANN401
    waiting[_nanoseconds(message.header.stamp)] = message
    if len(waiting) > MAX_WAITING:
        waiting.popitem(last=False)


def _nanoseconds(stamp: TimeMessage) -> int:
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


def main(args: list[str] | None = None) -> int:
    """
    Listen until a signal.

    :returns: the exit status: 0; 1 where the sheet cannot be made or an option cannot be used.
    """
    parser = ArgumentParser('yolotrt_ros listen', description=__doc__)
    parser.add_argument('--image-transport', choices=('raw', 'compressed'), default='raw')
    parser.add_argument('--truth', action='store_true', help='compare with ground_truth')
    parser.add_argument('--sheet', type=Path, metavar='FILE', help='save a contact sheet')
    options, stop = start(parser, args)
    with explained('listener', 1):
        node = ListenerNode(options)
    try:
        spin_until_stopped(node, stop)
        node.report()
        node.save_sheet()
    except ImageFormatError as error:
        print(f'listener: {error}', file=sys.stderr)
        return 1
    finally:
        node.destroy_node()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
