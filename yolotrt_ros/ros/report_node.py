# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Report what a detector makes of its images: counts, stamps and times, live and at the end."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from vision_msgs.msg import Detection2DArray

from yolotrt_ros.core.answer_record import AnswerRecord
from yolotrt_ros.core.answer_text import report_lines, status_line
from yolotrt_ros.core.errors import ConfigError, YolotrtError
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.header_stamp import read_stamp_ns
from yolotrt_ros.core.json_output import (
    add_json_option,
    check_output_path,
    text_beside,
    write_json,
)
from yolotrt_ros.ros.spin import explained, spin_until_stopped, start
from yolotrt_ros.tools.bag_recording import open_recording

DEPTH = 100
LEAST_PERIOD_S, MOST_PERIOD_S = 0.01, 1e6


class ReportNode(Node):
    """
    Subscribes to ``detections`` of each camera, ``/diagnostics`` and the detector's ``~/timing``.

    :param options: see ``parser``.
    :raises YolotrtError: the recording cannot be read.
    """

    def __init__(self, options: Namespace) -> None:
        super().__init__('report')
        self._cameras = options.cameras or ['']
        self._records = {
            camera: AnswerRecord(stamps) for camera, stamps in _recorded_stamps(options).items()
        }
        detector = self.resolve_topic_name(options.detector)
        self._input_names = {
            f'{detector.lstrip("/")}: input {camera}'.rstrip(): camera for camera in self._cameras
        }
        for camera in self._cameras:
            topic = f'{camera}/detections' if camera else 'detections'
            on_message = partial(self._on_detections, camera)
            self.create_subscription(Detection2DArray, topic, on_message, DEPTH, raw=True)
        self.create_subscription(DiagnosticStatus, f'{detector}/timing', self._on_timing, DEPTH)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, DEPTH)
        if options.every:
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(options.every, self._print_status, clock=steady)

    @property
    def has_problems(self) -> bool:
        """Whether something does not fit together."""
        return any(record.problems() for record in self._records.values())

    def print_report(self) -> None:
        """Print everything."""
        for camera, record in self._records.items():
            print('\n'.join([camera or 'camera', *report_lines(record)]), flush=True)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values by camera."""
        return {camera: record.as_dict() for camera, record in self._records.items()}

    def _print_status(self) -> None:
        for camera, record in self._records.items():
            print(f'{camera or "camera"}: {status_line(record)}', flush=True)

    def _on_detections(self, camera: str, data: bytes) -> None:
        stamp_ns = read_stamp_ns(data)
        if stamp_ns is not None:
            now_ns = self.get_clock().now().nanoseconds
            self._records[camera].add_message(stamp_ns, now_ns)

    def _on_timing(self, message: DiagnosticStatus) -> None:
        times, _ = FrameTimes.from_values({pair.key: pair.value for pair in message.values})
        if times.camera in self._records:
            self._records[times.camera].add_times(times)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name in self._input_names:
                values = {pair.key: pair.value for pair in status.values}
                self._records[self._input_names[status.name]].set_counts(values)


def _recorded_stamps(options: Namespace) -> dict[str, set[int] | None]:
    """Read the stamps of the images of each camera; None where no recording is given."""
    cameras = options.cameras or ['']
    if options.bag is None:
        return dict.fromkeys(cameras)
    if len(options.images) != len(cameras):
        reason = f'must name one topic of the recording for each of {len(cameras)} cameras'
        raise ConfigError('images', options.images, reason)
    with open_recording(options.bag) as recording:
        known = {topic.name for topic in recording.topics}
        if missing := set(options.images) - known:
            reason = f'{", ".join(sorted(missing))} is not in the recording, which holds '
            raise ConfigError('images', options.images, reason + ', '.join(sorted(known)))
        stamps: dict[str, set[int]] = {topic: set() for topic in options.images}
        for message in recording.messages(options.images):
            stamp_ns = read_stamp_ns(message.data)
            if stamp_ns is not None:
                stamps[message.topic].add(stamp_ns)
    return {camera: stamps[topic] for camera, topic in zip(cameras, options.images, strict=True)}


def parser() -> ArgumentParser:
    """Return the options of ``report``."""
    result = ArgumentParser('yolotrt_ros report', description=__doc__)
    result.add_argument('--detector', default='detector', metavar='NODE', help='(detector)')
    result.add_argument('--cameras', nargs='+', default=[], metavar='NAME', help='of the detector')
    result.add_argument('--bag', type=Path, help='the recording that is played, to match stamps')
    result.add_argument(
        '--images', nargs='+', default=[], metavar='TOPIC', help='its image topics by camera'
    )
    result.add_argument('--every', type=float, default=5.0, metavar='S', help='a line each S (5)')
    add_json_option(result)
    return result


def check(options: Namespace) -> None:
    """
    Check what would else be noticed when the report is made.

    :raises ConfigError: an option cannot be used.
    """
    if options.every and not LEAST_PERIOD_S <= options.every <= MOST_PERIOD_S:
        reason = f'must be 0, or between {LEAST_PERIOD_S:g} and {MOST_PERIOD_S:g} s'
        raise ConfigError('every', options.every, reason)
    check_output_path('json', options.json)


def main(args: list[str] | None = None) -> int:
    """
    Listen until a signal, then print the report.

    :returns: the exit status: 0; 1 where something does not fit together or cannot be read.
    """
    options, stop = start(parser(), args)
    with explained('report', 1):
        check(options)
        node = ReportNode(options)
    try:
        with text_beside(options.json):
            spin_until_stopped(node, stop)
    finally:
        with text_beside(options.json):
            node.print_report()
        has_problems = node.has_problems
        figures = node.as_dict()
        node.destroy_node()
        rclpy.shutdown()
    try:
        write_json(options.json, figures)
    except YolotrtError as error:
        print(f'report: {error}', file=sys.stderr)
        return 1
    return int(has_problems)


if __name__ == '__main__':
    sys.exit(main())
