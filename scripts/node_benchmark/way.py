# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One kind of node and one number of detections, measured image by image."""

from __future__ import annotations

import time

from scripts.frame_benchmark.figures import Call
from scripts.node_benchmark.courier import Courier
from scripts.node_benchmark.process import NodeProcess


class RoundTrips:
    """
    Images to one node and back, at a steady rate.

    :param name: for the table.
    :param num_detections: how many each image asks for.
    :param rate_hz: images a second. Between them processor and node are idle, as with a camera.
    """

    def __init__(
        self,
        name: str,
        process: NodeProcess,
        courier: Courier,
        num_detections: int,
        rate_hz: float,
    ) -> None:
        self.name = name
        self.num_lost = 0
        self._process = process
        self._courier = courier
        self._num_detections = num_detections
        self._period_s = 1 / rate_hz

    def measure(self, count: int) -> list[Call]:
        """
        Send so many images.

        :returns: the round trips; their processor time is the mean of all of them, because it goes
            on behind the answer.
        """
        times_ms: list[float] = []
        cpu_before_s = self._process.cpu_s()
        next_s = time.monotonic()
        for _ in range(count):
            next_s += self._period_s
            time_ms = self._courier.round_trip_ms(self._num_detections)
            if time_ms is None:
                self.num_lost += 1
            else:
                times_ms.append(time_ms)
            time.sleep(max(0.0, next_s - time.monotonic()))
        cpu_ms = 1e3 * (self._process.cpu_s() - cpu_before_s) / count
        return [Call({self.name: time_ms}, cpu_ms) for time_ms in times_ms]
