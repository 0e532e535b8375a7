# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder as a process, and what it wrote."""

from functools import partial
import json
from pathlib import Path
import sys

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2 or run scripts/setup.sh')

from builtin_interfaces.msg import Time
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String
from vision_msgs.msg import Detection2D, Detection2DArray, LabelInfo

from test.ros.bags import read_bag

pytestmark = pytest.mark.ros

KINDS = {'/detections': Detection2DArray, '/label_info': LabelInfo, '/text': String}
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def record(run_module):
    """Return a function that starts the recorder."""
    return partial(run_module, 'bag_recorder')


def messages_of(path: Path, topic: str) -> list[object]:
    return [
        deserialize_message(data, KINDS[topic])
        for name, _, data in read_bag(path)
        if name == topic
    ]


def detections(number: int) -> Detection2DArray:
    message = Detection2DArray()
    message.header.stamp = Time(sec=number)
    message.detections = [Detection2D(header=message.header)] * number
    return message


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_messages_are_kept_with_their_quality_of_service(peer, record, tmp_path, storage):
    path = tmp_path / 'bag'
    info = LabelInfo(threshold=0.5)
    labels = peer.node.create_publisher(LabelInfo, 'label_info', LATCHED)
    labels.publish(info)
    process = record('detections', '/label_info', '-o', path, '--storage', storage)
    process.wait_for_output('recording /label_info (vision_msgs/msg/LabelInfo)')
    # A publisher that comes later.
    lossy = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = peer.node.create_publisher(Detection2DArray, 'detections', lossy)
    process.wait_for_output('recording /detections')
    peer.wait_for(lambda: publisher.get_subscription_count() == 1, 'the recorder')
    peer.spin(0.3)
    before_ns = peer.node.get_clock().now().nanoseconds
    for number in range(5):
        publisher.publish(detections(number))
        peer.spin(0.05)
    assert process.stop() == 0, process.output
    assert messages_of(path, '/label_info') == [info]
    assert messages_of(path, '/detections') == [detections(number) for number in range(5)]
    times = [time_ns for topic, time_ns, _ in read_bag(path) if topic == '/detections']
    assert times == sorted(times)
    assert before_ns < times[0] < before_ns + 5e9
    assert offers_of(path) == {
        '/label_info': ('RELIABLE', 'TRANSIENT_LOCAL'),
        '/detections': ('BEST_EFFORT', 'VOLATILE'),
    }
    assert '/detections: 5 messages recorded' in process.output


def offers_of(path: Path) -> dict[str, tuple[str, str]]:
    from rosbags.rosbag2 import Reader

    with Reader(path) as reader:
        profiles = {item.topic: item.ext.offered_qos_profiles for item in reader.connections}
    return {
        topic: (profile.reliability.name, profile.durability.name)
        for topic, (profile,) in profiles.items()
    }


def test_definitions_are_those_that_are_installed(peer, record, tmp_path):
    from rosbags.highlevel import AnyReader

    path = tmp_path / 'bag'
    publisher = peer.node.create_publisher(Detection2DArray, 'detections', LATCHED)
    publisher.publish(detections(2))
    process = record('detections', '-o', path)
    process.wait_for_output('recording /detections')
    peer.spin(0.5)
    assert process.stop() == 0
    with AnyReader([path]) as reader:  # which has nothing but the recording to go by
        [connection] = reader.connections
        [(_, _, data)] = reader.messages()
        assert len(reader.deserialize(data, connection.msgtype).detections) == 2
    installed = Path(sys.prefix, 'share', 'vision_msgs', 'msg', 'Detection2DArray.json')
    if not installed.exists():
        pytest.skip('vision_msgs is installed without the hashes of its types')
    hashes = json.loads(installed.read_text())['type_hashes']
    expected = {item['type_name']: item['hash_string'] for item in hashes}
    assert connection.digest == expected['vision_msgs/msg/Detection2DArray']


def test_what_comes_before_simulated_time_gets_its_beginning(peer, record, tmp_path):
    path = tmp_path / 'bag'
    publisher = peer.node.create_publisher(String, 'text', LATCHED)
    publisher.publish(String(data='early'))
    process = record('text', '-o', path, '--ros-args', '-p', 'use_sim_time:=true')
    process.wait_for_output('recording /text')
    peer.spin(0.3)
    clock = peer.node.create_publisher(Clock, '/clock', 10)
    peer.wait_for(lambda: clock.get_subscription_count() == 1, 'the recorder')
    peer.spin(0.3)
    clock.publish(Clock(clock=Time(sec=70)))
    peer.spin(0.3)
    publisher.publish(String(data='late'))
    peer.spin(0.3)
    assert process.stop() == 0
    assert [time_ns for _, time_ns, _ in read_bag(path)] == [70 * 10**9] * 2
    assert [message.data for message in messages_of(path, '/text')] == ['early', 'late']


def test_topic_that_nobody_publishes_is_named_and_the_recording_is_readable(record, tmp_path):
    path = tmp_path / 'bag'
    process = record('nothing', '-o', path, '--ros-args', '-r', '__node:=tape')
    process.wait_for_output('waiting for /nothing')
    assert process.stop() == 0
    assert 'nobody published /nothing' in process.output
    assert read_bag(path) == []


def test_folder_that_exists_is_refused_and_stays(record, tmp_path):
    path = tmp_path / 'bag'
    path.mkdir()
    (path / 'precious').touch()
    process = record('text', '-o', path)
    assert process.wait() == 1
    assert 'exists already; remove it, or name another folder' in process.output
    assert [file.name for file in path.iterdir()] == ['precious']
