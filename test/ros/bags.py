# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings for tests of nodes, and the commands that play and record them."""

from pathlib import Path
import subprocess
import sys
import time

import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import Reader

from test.ros.processes import TIMEOUT_S
from yolotrt_ros.ros.bag_file import BagFile

START_NS = 1_700_000_000_000_000_000
DEFAULT_QOS = QoSProfile(depth=10)


def write_bag(
    path: Path,
    messages: list[tuple[float, str, object]],
    *,
    qos: dict[str, QoSProfile] | None = None,
    storage: str = 'mcap',
) -> Path:
    """Write a recording of (seconds since its start, topic, message)."""
    bag = BagFile(path, storage)
    topics = {}
    for seconds, topic, message in messages:
        kind = type(message)
        if topic not in topics:
            topics[topic] = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'
            bag.add_topic(topic, topics[topic], [(qos or {}).get(topic, DEFAULT_QOS)])
        bag.write(topic, START_NS + round(seconds * 1e9), serialize_message(message))
    bag.close()
    return path


def read_bag(path: Path) -> list[tuple[str, int, bytes]]:
    """Return topic, time and bytes of each message."""
    with Reader(path) as reader:
        return [(item.topic, time_ns, bytes(data)) for item, time_ns, data in reader.messages()]


class ModuleProcess:
    """``python -m yolotrt_ros.ros.NAME ARGS``, such as ``bag_player``."""

    def __init__(self, log: Path, name: str, *args: object) -> None:
        self._log = log
        with log.open('w') as file:
            self._process = subprocess.Popen(
                [sys.executable, '-m', f'yolotrt_ros.ros.{name}', *map(str, args)],
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_for_output(self, text: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.output:
            assert self.is_running, f'ended without {text!r}:\n{self.output}'
            assert time.monotonic() < deadline, f'no {text!r} in:\n{self.output}'
            time.sleep(0.02)

    def wait(self) -> int:
        return self._process.wait(timeout=TIMEOUT_S)

    def stop(self) -> int:
        """Interrupt it and return its exit status."""
        if self.is_running:
            self._process.send_signal(2)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
