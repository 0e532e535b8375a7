# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that send at a steady rate whatever becomes of their images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread
import time

from diagnostic_msgs.msg import DiagnosticArray
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from scripts.node_benchmark.image import SerialisedImage
from scripts.node_benchmark.ledger import CameraLedger, Ledger
from yolotrt_ros.core.header_stamp import read_stamp_ns

READY_TIMEOUT_S = 30.0
# Answers come faster than they are written down for a moment at most.
ANSWERS_QOS = QoSProfile(depth=1000)


class Load:
    """
    The cameras and subscribers of one detector; what happens is written into ``ledger``.

    :param namespace: that of the detector, which must be named ``detector``.
    :param cameras: their names.
    """

    def __init__(self, namespace: str, cameras: Sequence[str], image: SerialisedImage) -> None:
        self.ledger = Ledger({name: CameraLedger() for name in cameras})
        self._image = image
        self._node = rclpy.create_node('load', namespace=namespace)
        self._publishers = {
            name: self._node.create_publisher(Image, f'{name}/image', QoSProfile(depth=1))
            for name in cameras
        }
        for name in cameras:
            self._node.create_subscription(
                Detection2DArray, f'{name}/detections', self._noter(name), ANSWERS_QOS, raw=True
            )
        self._node.create_subscription(DiagnosticArray, '/diagnostics', self._note_counts, 10)
        self._prefix = f'{namespace}/detector: input '.lstrip('/')
        self._gpu = f'{namespace}/detector: gpu'.lstrip('/')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = Thread(target=self._spin, name='answers')
        self._thread.start()

    def send(self, rate_hz: float, seconds: float, each_s: Callable[[], object]) -> None:
        """
        Send on all cameras, evenly in turns.

        :param rate_hz: images a second of each camera. What is late is sent at once.
        :param each_s: called once a second.
        """
        names = list(self._publishers)
        interval_s = 1 / (rate_hz * len(names))
        start_s = time.monotonic()
        next_call_s = start_s
        for index in range(int(seconds / interval_s)):
            time.sleep(max(0.0, start_s + index * interval_s - time.monotonic()))
            self.send_one(names[index % len(names)])
            if time.monotonic() >= next_call_s:
                next_call_s += 1
                each_s()

    def send_one(self, name: str) -> None:
        """Send one image of one camera."""
        stamp_ns = time.time_ns()
        self.ledger.cameras[name].sent[stamp_ns] = time.perf_counter_ns()
        self._publishers[name].publish(self._image.with_stamp(stamp_ns, 3))

    def wait_until_ready(self) -> None:
        """
        Send images until each camera is answered.

        :raises TimeoutError: one is not.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        for name, camera in self.ledger.cameras.items():
            while not camera.answers:
                if time.monotonic() > deadline:
                    raise TimeoutError(f'no image of camera {name} was answered')
                self.send_one(name)
                time.sleep(0.1)

    def wait_until_settled(self) -> None:
        """
        Wait for counts that say the same twice, with nothing waiting.

        :raises TimeoutError: they never do.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        before = {name: len(camera.counts) for name, camera in self.ledger.cameras.items()}
        while not all(
            _is_settled(camera.counts[before[name] :])
            for name, camera in self.ledger.cameras.items()
        ):
            if time.monotonic() > deadline:
                raise TimeoutError('the counts of /diagnostics never came to rest')
            time.sleep(0.1)

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._thread.join()
        self._node.destroy_node()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def _noter(self, name: str) -> Callable[[bytes], None]:
        answers = self.ledger.cameras[name].answers
        return lambda answer: answers.append((read_stamp_ns(answer), time.perf_counter_ns()))

    def _note_counts(self, message: DiagnosticArray) -> None:
        for status in message.status:
            camera = self.ledger.cameras.get(status.name.removeprefix(self._prefix))
            if camera is not None:
                camera.add_counts({pair.key: pair.value for pair in status.values})
            elif status.name == self._gpu:
                self.ledger.gpu = {pair.key: pair.value for pair in status.values}


def _is_settled(counts: Sequence[dict[str, int]]) -> bool:
    return len(counts) >= 3 and counts[-1] == counts[-2] and counts[-1]['waiting'] == 0
