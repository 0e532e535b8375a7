# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings for tests of nodes, and the commands that play and record them."""

from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import Reader

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
