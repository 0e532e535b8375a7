# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record topics to a rosbag2 recording."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
import sys

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.ros.bag_file import BagFile
from yolotrt_ros.ros.bag_qos import recording_qos
from yolotrt_ros.ros.message_types import message_class
from yolotrt_ros.ros.spin import explained, spin_until_stopped, start
from yolotrt_ros.tools.bag_writer import STORAGES

DISCOVERY_PERIOD_S = 0.1


class BagRecorder(Node):
    """
    Writes the messages of some topics down, byte by byte, with the time of their arrival.

    A topic is recorded from the moment on at which it has a publisher. With simulated time, what
    comes before the first ``/clock`` gets the time of that.

    :param options: ``topics``, ``output`` and ``storage``.
    :raises YolotrtError: the recording cannot be made.
    """

    def __init__(self, options: Namespace) -> None:
        super().__init__('recorder')
        # Before the folder is made, because a name that is none ends it here.
        self._missing = {self.resolve_topic_name(topic) for topic in options.topics}
        self._bag = BagFile(options.output, options.storage)
        self._output = options.output
        self._early: list[tuple[str, bytes]] = []
        # Steady time, because that of a simulation may not have begun.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(DISCOVERY_PERIOD_S, self._discover, clock=steady)
        self._discover()
        if self._missing:
            names = ', '.join(sorted(self._missing))
            self.get_logger().info(f'waiting for {names} to be published')

    def close(self) -> None:
        """Complete the recording and tell what is in it."""
        self._write_early(self.get_clock().now().nanoseconds)
        self._bag.close()
        for topic, number in sorted(self._bag.num_messages.items()):
            self.get_logger().info(f'{topic}: {number} messages recorded to {self._output}')
        if self._missing:
            names = ', '.join(sorted(self._missing))
            self.get_logger().warning(f'nobody published {names}: nothing recorded of it')
        self.destroy_node()

    def _discover(self) -> None:
        kinds = dict(self.get_topic_names_and_types())
        for topic in sorted(self._missing):
            offered = [item.qos_profile for item in self.get_publishers_info_by_topic(topic)]
            if offered and topic in kinds:
                kind = kinds[topic][0]
                self._bag.add_topic(topic, kind, offered)
                self.create_subscription(
                    message_class(kind),
                    topic,
                    partial(self._record, topic),
                    recording_qos(offered),
                    raw=True,
                )
                self._missing.remove(topic)
                self.get_logger().info(f'recording {topic} ({kind})')

    def _record(self, topic: str, data: bytes) -> None:
        now_ns = self.get_clock().now().nanoseconds
        if not now_ns:
            self._early.append((topic, data))
            return
        self._write_early(now_ns)
        self._bag.write(topic, now_ns, data)

    def _write_early(self, now_ns: int) -> None:
        for topic, data in self._early:
            self._bag.write(topic, now_ns, data)
        self._early = []


def parser() -> ArgumentParser:
    """Return the options of ``record``."""
    result = ArgumentParser('yolotrt_ros record', description=__doc__)
    result.add_argument('topics', nargs='+', metavar='TOPIC', help='what to record')
    result.add_argument(
        '-o', '--output', type=Path, required=True, metavar='DIR', help='folder to be made'
    )
    result.add_argument('--storage', choices=STORAGES, default=STORAGES[0], help='(mcap)')
    return result


def main(args: list[str] | None = None) -> int:
    """
    Record until a signal comes.

    :returns: the exit status: 0; 1 where the recording cannot be made.
    """
    options, stop = start(parser(), args)
    with explained('record', 1):
        node = BagRecorder(options)
    try:
        spin_until_stopped(node, stop)
    except YolotrtError as error:
        print(f'record: {error}', file=sys.stderr)
        return 1
    finally:
        node.close()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
