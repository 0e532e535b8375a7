# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sends an image to a node and waits for its answer, both as bytes."""

from __future__ import annotations

import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from scripts.node_benchmark.image import SerialisedImage
from yolotrt_ros.core.cdr import CdrReader
from yolotrt_ros.core.header_stamp import read_stamp_ns
from yolotrt_ros.core.message_header import MessageHeader

READY_TIMEOUT_S, ANSWER_TIMEOUT_S = 30.0, 1.0


class Courier:
    """
    The other side of one node.

    :param namespace: that of the node; ``image`` goes out and ``detections`` come back.
    :param answer_type: the type of the answer.
    """

    def __init__(
        self, namespace: str, answer_type: type[Header | Detection2DArray], image: SerialisedImage
    ) -> None:
        self._image = image
        self._counts_rows = answer_type is Detection2DArray
        self._node = rclpy.create_node('courier', namespace=namespace)
        # As a camera driver publishes: the node asks for best effort, and so gets it.
        self._publisher = self._node.create_publisher(Image, 'image', QoSProfile(depth=1))
        self._node.create_subscription(
            answer_type, 'detections', self._on_answer, QoSProfile(depth=1), raw=True
        )
        # An executor of its own: it does not pay for the endpoints of the others.
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._stamp_ns = 0
        self._answer, self._answered_ns = b'', 0

    def wait_until_ready(self) -> None:
        """
        Send images until one is answered.

        :raises TimeoutError: none is.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        while self.round_trip_ms(0) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f'{self._node.get_namespace()} answers no image')
        self.spin(ANSWER_TIMEOUT_S)

    def round_trip_ms(self, num_detections: int) -> float | None:
        """
        Send an image and wait for its answer.

        :returns: milliseconds from before publishing until the answer is here; None for none.
        :raises ValueError: the answer does not hold as many detections as were asked for.
        """
        self._stamp_ns = time.time_ns()
        message = self._image.with_stamp(self._stamp_ns, num_detections)
        self._answer = b''
        start_ns = time.perf_counter_ns()
        self._publisher.publish(message)
        deadline_ns = start_ns + int(1e9 * ANSWER_TIMEOUT_S)
        while not self._answer:
            self._executor.spin_once(timeout_sec=ANSWER_TIMEOUT_S)
            if time.perf_counter_ns() > deadline_ns:
                return None
        self._check(num_detections)
        return (self._answered_ns - start_ns) / 1e6

    def spin(self, seconds: float) -> None:
        """Wait, and take what still comes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._node.destroy_node()

    def _on_answer(self, answer: bytes) -> None:
        answered_ns = time.perf_counter_ns()
        # Late answers to images that were given up are no answers to this one.
        if read_stamp_ns(answer) == self._stamp_ns:
            self._answer, self._answered_ns = answer, answered_ns

    def _check(self, num_detections: int) -> None:
        if not self._counts_rows:
            return
        reader = CdrReader(self._answer, 'vision_msgs/Detection2DArray')
        MessageHeader.read(reader)
        found = reader.uint32('the number of detections')
        if found != num_detections:
            raise ValueError(f'asked for {num_detections} detections, but {found} came')
