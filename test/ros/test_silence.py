# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why no image arrives."""

import pytest
import rclpy
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from test.ros.pair import Pair
from yolotrt_ros.ros.endpoints import Endpoint
from yolotrt_ros.ros.silence import explain_silence, silence_reason

pytestmark = pytest.mark.ros

RELIABLE = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
IMAGE = 'sensor_msgs/msg/Image'
OURS = Endpoint('/detector', IMAGE, BEST_EFFORT)


def test_topic_that_nobody_publishes_leads_to_one_that_somebody_does():
    topics = {'/camera/image_raw': [IMAGE], '/odom': ['nav_msgs/msg/Odometry'], '/image': [IMAGE]}
    assert explain_silence('/image', OURS, [], topics) == (
        'nobody publishes it; there is /camera/image_raw: remap with '
        '`-r /image:=/camera/image_raw`'
    )


def test_only_some_of_many_topics_are_named():
    topics = {f'/camera_{index}/image': [IMAGE] for index in range(9)}
    reason = explain_silence('/image', OURS, [], topics)
    assert 'there is /camera_0/image, /camera_1/image, ' in reason
    assert '/camera_4/image, ...: remap' in reason


def test_graph_without_images_leads_to_the_driver():
    reason = explain_silence('/image', OURS, [], {'/odom': ['nav_msgs/msg/Odometry']})
    assert reason == (
        'nobody publishes it; there is no topic of sensor_msgs/msg/Image at all: is the camera '
        'driver running?'
    )


def test_other_type_leads_to_the_transport():
    driver = Endpoint('/driver', 'sensor_msgs/msg/CompressedImage', RELIABLE)
    reason = explain_silence('/image', OURS, [driver], {})
    assert reason.startswith('/driver publishes sensor_msgs/msg/CompressedImage on it, but')
    assert reason.endswith('the parameter image_transport')


def test_mismatch_alone_is_the_reason():
    ours = OURS._replace(qos=RELIABLE)
    driver = Endpoint('/driver', IMAGE, BEST_EFFORT)
    reason = explain_silence('/image', ours, [driver], {})
    assert reason.startswith('nothing of /driver arrives on /image: it offers reliability')


def test_publisher_that_can_be_heard_is_named_with_its_qos():
    driver = Endpoint('/driver', IMAGE, RELIABLE)
    reason = explain_silence('/image', OURS, [driver], {})
    assert reason.startswith(
        '1 publisher can be heard: /driver (reliable, volatile); this node asks for best_effort, '
        'volatile; is the camera running'
    )
    assert '`ros2 topic hz /image`' in reason


def test_node_that_does_not_subscribe_says_so():
    assert explain_silence('/image', None, [], {}) == 'this node does not subscribe to /image'


@pytest.fixture
def pair(ros):
    pair = Pair('silence')
    pair.node.create_subscription(Image, 'image', lambda _: None, BEST_EFFORT)
    yield pair
    pair.close()


def test_graph_is_asked(pair):
    def reason():
        return silence_reason(pair.node, '/silence/image')

    pair.wait_for(lambda: reason().startswith('nobody publishes it; there is no topic'), reason)
    remote = pair.other.create_publisher(Image, 'camera', RELIABLE)
    pair.wait_for(lambda: '-r /silence/image:=/silence/camera' in reason(), 'the other topic')
    pair.other.destroy_publisher(remote)
    pair.other.create_publisher(Image, 'image', RELIABLE)
    pair.wait_for(lambda: '/silence/other (reliable, volatile)' in reason(), 'the publisher')


def test_what_the_node_publishes_itself_is_no_source(pair):
    pair.node.create_publisher(Image, '~/debug_image', RELIABLE)
    topic = '/silence/detector/debug_image'
    pair.wait_for(lambda: pair.node.count_publishers(topic), 'the debug image')
    reason = silence_reason(pair.node, '/silence/image')
    assert reason.startswith('nobody publishes it; there is no topic of sensor_msgs/msg/Image')


def test_what_the_node_reads_already_is_no_source(pair):
    pair.node.create_subscription(Image, 'other_camera', lambda _: None, BEST_EFFORT)
    pair.other.create_publisher(Image, 'other_camera', RELIABLE)
    topic = '/silence/other_camera'
    pair.wait_for(lambda: pair.node.count_publishers(topic), 'the other camera')
    reason = silence_reason(pair.node, '/silence/image')
    assert reason.startswith('nobody publishes it; there is no topic of sensor_msgs/msg/Image')


def test_type_is_asked_of_the_graph(pair):
    # One participant of Fast DDS knows a topic by one type only, so this one is another.
    context = rclpy.Context()
    rclpy.init(context=context)
    stranger = rclpy.create_node('stranger', namespace='silence', context=context)
    try:
        stranger.create_publisher(CompressedImage, 'image', RELIABLE)
        pair.wait_for(
            lambda: (
                '/silence/stranger publishes sensor_msgs/msg/CompressedImage'
                in silence_reason(pair.node, '/silence/image')
            ),
            'the type',
        )
    finally:
        stranger.destroy_node()
        context.shutdown()
