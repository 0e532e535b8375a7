# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Play a rosbag2 recording: publish its messages as they are, at their own pace."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from itertools import chain, count
import sys
from threading import Event, Lock, Thread

from builtin_interfaces.msg import Time
import rclpy
from rclpy.clock import Clock as RosClock
from rclpy.clock import ClockType
from rclpy.node import Node
from rclpy.publisher import Publisher
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool

from yolotrt_ros.core.play_clock import PlayClock
from yolotrt_ros.ros.bag_publishers import BagPublishers
from yolotrt_ros.ros.play_options import check, parser
from yolotrt_ros.ros.spin import explained, spin_until_stopped, start
from yolotrt_ros.ros.subscriber_wait import SubscriberWait
from yolotrt_ros.tools.bag_recording import open_recording, RecordedMessage, RecordedTopic

IMAGE_TYPES = frozenset({'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'})
NOTABLE_DELAY_S = 0.01
# How soon a pause or the end is noticed between two messages.
LONGEST_SLEEP_S = 0.05


class BagPlayer(Node):
    """
    Publishes the messages of a recording, and ``/clock`` if asked.

    ``~/set_paused`` (std_srvs/SetBool) stops it between two messages and lets it go on.

    :param options: see ``play_options``.
    :param topics: of the recording.
    :raises YolotrtError: a topic is not in the recording, or its type is not installed.
    """

    def __init__(self, options: Namespace, topics: Iterable[RecordedTopic]) -> None:
        super().__init__('player')
        self._options = options
        self._publishers_of_bag = BagPublishers(
            self, topics, wanted=options.topics, restamp=options.restamp
        )
        self.problems: list[str] = []
        self._num_late = 0
        self._clock_of_bag = PlayClock(options.rate, paused=options.paused)
        self._clock_lock = Lock()
        self._wait = SubscriberWait(
            self._publishers_of_bag.count_subscribers,
            self.get_logger(),
            options.wait_for,
            timeout_s=options.wait_timeout,
            delay_s=options.start_delay,
        )
        self.create_service(SetBool, '~/set_paused', self._set_paused)
        self._clock_publisher: Publisher | None = None
        if options.clock:
            self._clock_publisher = self.create_publisher(Clock, '/clock', 10)
            steady = RosClock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(1 / options.clock, self._publish_clock, clock=steady)

    def play(self, stop: Event) -> None:
        """Play until the end of the recording, or in a loop, until ``stop`` is set."""
        try:
            if self._wait.until_met(stop):
                for _ in count() if self._options.loop else range(1):
                    if not self._play_once(stop):
                        return
        except Exception as error:  # the disk fails, the recording is taken away
            self.problems.append(f'playing ended: {error}')

    def finish(self) -> None:
        """Let subscribers take the last messages, and log what was played."""
        self._publishers_of_bag.wait_for_delivery(seconds=1.0)
        for topic, number in self._publishers_of_bag.played.items():
            self.get_logger().info(f'{topic}: {number} messages played')
        if self._num_late:
            self.get_logger().warning(
                f'{self._num_late} of them more than {NOTABLE_DELAY_S * 1e3:.0f} ms late; if that '
                'is many, the machine is too slow for this pace: choose a lower --rate'
            )
        for problem in self.problems:
            self.get_logger().error(problem)

    def _play_once(self, stop: Event) -> bool:
        """Play the recording once; returns whether there may be another time."""
        with open_recording(self._options.bag) as recording:
            messages = recording.messages(self._publishers_of_bag.names)
            first = next(messages, None)
            if first is None:
                self.problems.append(f'{self._options.bag} holds no message of these topics')
                return False
            begin_ns = first.recorded_ns + round(self._options.start_offset * 1e9)
            self._clock_of_bag.start(begin_ns)
            num_before = self._publishers_of_bag.num_played
            for message in chain([first], messages):
                if stop.is_set():
                    return False
                if message.recorded_ns >= begin_ns:
                    if not self._reach(message.recorded_ns, stop):
                        return False
                    self._publish(message)
            if self._publishers_of_bag.num_played == num_before:
                self.problems.append(
                    f'nothing was recorded {self._options.start_offset:g} s behind the first '
                    'message or later; choose a lower --start-offset'
                )
            self.problems += recording.problems
        return not self.problems

    def _reach(self, recorded_ns: int, stop: Event) -> bool:
        """Wait for a moment of the recording; returns False where the end comes first."""
        while (seconds := self._clock_of_bag.seconds_until(recorded_ns)) > 0:
            if stop.wait(min(seconds, LONGEST_SLEEP_S)):
                return False
        self._num_late += -seconds > NOTABLE_DELAY_S
        return not stop.is_set()

    def _publish(self, message: RecordedMessage) -> None:
        if message.kind in IMAGE_TYPES:
            self._publish_clock()  # so that no image comes from the future
        self._publishers_of_bag.publish(message)

    def _publish_clock(self) -> None:
        if self._clock_publisher is None:
            return
        with self._clock_lock:  # of two threads none may turn time back
            now_ns = self._clock_of_bag.recorded_ns
            if now_ns is not None:
                stamp = Time(sec=now_ns // 10**9, nanosec=now_ns % 10**9)
                self._clock_publisher.publish(Clock(clock=stamp))

    def _set_paused(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        self._clock_of_bag.paused = request.data
        response.success = True
        response.message = 'paused' if request.data else 'playing'
        return response


def main(args: list[str] | None = None) -> int:
    """
    Play until the recording ends or a signal comes.

    :returns: the exit status: 0; 1 where the recording is damaged or an option cannot be used.
    """
    options, stop = start(parser(), args)
    with explained('play', 1):
        check(options)
        with open_recording(options.bag) as recording:
            topics = recording.topics
        node = BagPlayer(options, topics)
    thread = Thread(target=_play, args=(node, stop), name='player')
    thread.start()
    try:
        spin_until_stopped(node, stop)
    finally:
        stop.set()
        thread.join()
        node.finish()
        node.destroy_node()
        rclpy.shutdown()
    return 1 if node.problems else 0


def _play(node: BagPlayer, stop: Event) -> None:
    node.play(stop)
    stop.set()


if __name__ == '__main__':
    sys.exit(main())
