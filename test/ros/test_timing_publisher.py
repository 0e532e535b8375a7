# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``~/timing`` over DDS."""

from diagnostic_msgs.msg import DiagnosticStatus
import pytest

from test.ros.pair import Pair
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.ros import timing_publisher
from yolotrt_ros.ros.timing_publisher import TimingPublisher

pytestmark = pytest.mark.ros

TIMES = FrameTimes(
    'front', 1_000_000_000, 1_004_000_000, 1_005_000_000, 1_025_000_000, 1_026_000_000,
    stage_times={'preprocess': 0.5, 'inference': 18.25},
)  # fmt: skip


@pytest.fixture
def pair(ros):
    pair = Pair('timing')
    yield pair
    pair.close()


def test_times_of_a_frame_arrive_and_can_be_read_back(pair):
    publisher = TimingPublisher(pair.node, ['front', 'rear'])
    messages = []
    pair.other.create_subscription(
        DiagnosticStatus, '/timing/detector/timing', messages.append, 10
    )

    def is_received():
        publisher.publish(TIMES, num_detections=7)
        return messages

    pair.wait_for(is_received, 'a message')
    message = messages[0]
    assert message.level == DiagnosticStatus.OK
    assert message.name == 'timing/detector: timing front'
    assert message.message == '26.0 ms from stamp to publishing'
    values = {pair.key: pair.value for pair in message.values}
    assert FrameTimes.from_values(values) == (TIMES, 7)
    publisher.close()
    pair.wait_for(lambda: not pair.other.count_publishers('/timing/detector/timing'), 'the end')


def test_no_message_is_made_while_nobody_listens(pair, monkeypatch):
    def refuse(**fields):
        raise AssertionError('a message was made')

    publisher = TimingPublisher(pair.node, ['front'])
    monkeypatch.setattr(timing_publisher, 'DiagnosticStatus', refuse)
    publisher.publish(TIMES, 0)
    assert not publisher.is_watched()


def test_last_ten_are_kept(pair):
    publisher = TimingPublisher(pair.node, ['front'])
    [info] = pair.wait_for(
        lambda: pair.node.get_publishers_info_by_topic('/timing/detector/timing'), 'the topic'
    )
    assert info.qos_profile.reliability.name == 'RELIABLE'
    depth = 'qos_overrides./timing/detector/timing.publisher.depth'
    assert pair.node.get_parameter(depth).value == 10
    publisher.close()
