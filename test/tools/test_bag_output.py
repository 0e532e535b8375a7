# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recordings that we write: definitions that viewers know, bytes that ROS reads."""

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from test.scripts.test_vision_msgs import TYPE_HASHES
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.tools.bag_definitions import detection_types, DETECTIONS, LABEL_INFO
from yolotrt_ros.tools.bag_output import open_output
from yolotrt_ros.tools.bag_recording import open_recording
from yolotrt_ros.tools.replay_topics import detection_topics, label_topic


@pytest.mark.parametrize('name', ['Detection2DArray', 'LabelInfo'])
def test_definitions_are_those_of_vision_msgs(name):
    hashed = detection_types().hash_rihs01(f'vision_msgs/msg/{name}')
    assert hashed == f'RIHS01_{TYPE_HASHES[name]}'


@pytest.fixture
def detections(rng):
    boxes = np.sort(rng.uniform(0, 600, (7, 2, 2)), axis=1).reshape(7, 4)
    return Detections(
        boxes.astype(np.float32),
        rng.uniform(0, 1, 7).astype(np.float32),
        rng.integers(0, 2, 7).astype(np.int32),
    )


@pytest.fixture(params=['mcap', 'sqlite3'])
def bag(request, tmp_path, detections):
    path = tmp_path / 'out'
    with open_output(path, request.param, ['person', 'traffic light']) as output:
        output.add_detections(['/detections'], '/label_info')
        output.write_labels('/label_info', 5, ['person', 'traffic light'], 0.25)
        output.write_detections('/detections', 7, detections, MessageHeader(1, 2, 'camera'))
    return path


def test_definitions_lie_in_the_recording_itself(bag):
    with open_recording(bag) as recording:
        topics = {topic.kind: topic for topic in recording.topics}
    assert set(topics) == {DETECTIONS, LABEL_INFO}
    text = topics[DETECTIONS].definition
    assert 'vision_msgs/Detection2D[] detections' in text
    assert 'MSG: geometry_msgs/PoseWithCovariance' in text
    for name in ('Detection2DArray', 'LabelInfo'):
        assert topics[f'vision_msgs/msg/{name}'].definition_hash == f'RIHS01_{TYPE_HASHES[name]}'


def test_ros_reads_what_was_written(bag, detections):
    pytest.importorskip('rclpy', reason='needs ROS 2')
    from rclpy.serialization import deserialize_message
    from std_msgs.msg import Header
    from vision_msgs.msg import Detection2DArray, LabelInfo

    from yolotrt_ros.ros.messages import detection_array

    with open_recording(bag) as recording:
        found = {
            kind: data for _, kind, _, data in recording.messages({'/detections', '/label_info'})
        }
    header = Header(frame_id='camera')
    header.stamp.sec, header.stamp.nanosec = 1, 2
    expected = detection_array(detections, header, ['person', 'traffic light'])
    assert deserialize_message(found[DETECTIONS], Detection2DArray) == expected
    labels = deserialize_message(found[LABEL_INFO], LabelInfo)
    assert [entry.class_name for entry in labels.class_map] == ['person', 'traffic light']
    assert (labels.threshold, labels.header.stamp.nanosec) == (0.25, 5)


@pytest.mark.parametrize(
    ('images', 'detections', 'labels'),
    [
        (['/image'], ['/detections'], '/label_info'),
        (['/camera/image_raw'], ['/camera/detections'], '/camera/label_info'),
        (['/camera/image_raw/compressed'], ['/camera/detections'], '/camera/label_info'),
        (
            ['/front/image', '/rear/image'],
            ['/front/detections', '/rear/detections'],
            '/label_info',
        ),
        (
            ['/robot/front/image', '/robot/rear/image'],
            ['/robot/front/detections', '/robot/rear/detections'],
            '/robot/label_info',
        ),
        (
            ['/camera/image_raw', '/camera/image_raw/compressed', '/side/image'],
            [
                '/camera/image_raw/detections',
                '/camera/image_raw/compressed/detections',
                '/side/detections',
            ],
            '/label_info',
        ),
    ],
)
def test_topics_lie_beside_their_images(images, detections, labels):
    assert list(detection_topics(images).values()) == detections
    assert label_topic(detections) == labels
