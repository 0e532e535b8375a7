# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording, replayed through the detector by the launch file."""

import json

import pytest

# Not launch: where it is not installed, this project's folder of that name passes for it.
pytest.importorskip(
    'launch_ros', reason='launch_ros is not installed: it comes with a ROS 2 installation'
)
pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2')
pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from rclpy.serialization import deserialize_message
from vision_msgs.msg import Detection2DArray

from test.ros.bags import read_bag, START_NS, write_bag
from test.ros.test_replay import image_at

pytestmark = pytest.mark.ros

FILE = 'replay.launch.py'
FRONT, REAR = '/front/image_raw', '/rear/image_raw'
NUM_IMAGES = 10


@pytest.fixture
def bag(tmp_path, picture):
    """A recording of two cameras, each at 10 Hz."""
    messages = [
        (number / 10 + offset_s, topic, image_at(number / 10 + offset_s, picture))
        for number in range(NUM_IMAGES)
        for topic, offset_s in ((FRONT, 0.0), (REAR, 0.03))
    ]
    return write_bag(tmp_path / 'bag', messages)


def stamps_of(path, topic: str) -> list[int]:
    stamps = [
        deserialize_message(data, Detection2DArray).header.stamp
        for name, _, data in read_bag(path)
        if name == topic
    ]
    return [stamp.sec * 10**9 + stamp.nanosec for stamp in stamps]


def test_one_camera(launch, network, bag, reliable_file, tmp_path):
    process = launch(
        FILE,
        bag=bag,
        onnx=network,
        image=REAR,
        output_bag=tmp_path / 'found',
        report=tmp_path / 'report.json',
        params_file=reliable_file(REAR),
    )
    assert process.wait() == 0, process.output
    report = json.loads((tmp_path / 'report.json').read_text())['']
    assert report['problems'] == []
    assert report['recorded'] == NUM_IMAGES
    assert report['messages'] == report['counts']['processed'] == NUM_IMAGES, process.output
    expected = [START_NS + round((number / 10 + 0.03) * 1e9) for number in range(NUM_IMAGES)]
    assert stamps_of(tmp_path / 'found', '/detections') == expected
    times = [time for topic, time, _ in read_bag(tmp_path / 'found') if topic == '/detections']
    assert all(0 <= time - stamp < 1e9 for time, stamp in zip(times, expected, strict=True))
    assert {'/label_info', '/diagnostics'} < {item[0] for item in read_bag(tmp_path / 'found')}


def test_two_cameras_in_a_namespace(launch, network, bag, reliable_file, tmp_path):
    process = launch(
        FILE,
        bag=bag,
        onnx=network,
        cameras='front,rear',
        image='/{camera}/image_raw',
        namespace='car',
        report=tmp_path / 'report.json',
        params_file=reliable_file(FRONT, REAR),
    )
    assert process.wait() == 0, process.output
    report = json.loads((tmp_path / 'report.json').read_text())
    assert sorted(report) == ['front', 'rear']
    for camera in report.values():
        assert camera['problems'] == []
        assert camera['answered'] == camera['counts']['processed'] > 0


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ({}, f'must say which of the recorded topics to read: {FRONT}, {REAR}'),
        ({'image': '/left'}, '/left was not recorded'),
        ({'image': REAR, 'record': '/tf'}, 'needs output_bag'),
        ({'image': REAR, 'output_bag': '/'}, 'exists; remove it'),
        ({'bag': '/absent'}, 'cannot be opened as a rosbag2 recording'),
    ],
)
def test_arguments_that_do_not_fit_the_recording(launch, bag, arguments, reason):
    process = launch(FILE, **({'bag': bag} | arguments))
    assert process.wait() == 1
    assert reason in process.output
    assert 'process started' not in process.output


def test_a_detector_that_does_not_start_ends_it(launch, bag):
    process = launch(FILE, bag=bag, image=REAR, wait_timeout='1.0')
    assert process.wait() == 1
    assert 'names no network' in process.output
    assert f'nobody subscribed to {REAR}' in process.output
    assert 'the player ended with status 1' in process.output
