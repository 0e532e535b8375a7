# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording, played to a detector and held against its report, as processes over DDS."""

from itertools import pairwise
import json

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2 or run scripts/setup.sh')

from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from test.ros.bags import START_NS, write_bag
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

TOPIC = '/image'
NUM_IMAGES = 20
RELIABLE = {
    'qos_overrides./image.subscription.reliability': 'reliable',
    'qos_overrides./image.subscription.depth': 50,
}


def image_at(seconds: float, picture: np.ndarray) -> Image:
    """Return an image with the stamp of a moment of the recording."""
    sec, nanosec = divmod(START_NS + round(seconds * 1e9), 10**9)
    header = Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id='camera')
    return image_message(encode(picture, 'bgr8'), header)


@pytest.fixture
def bag(tmp_path, rng):
    """A recording of one camera at 20 Hz."""
    picture = rng.integers(60, 200, (48, 80, 3), np.uint8)
    messages = [(n / 20, TOPIC, image_at(n / 20, picture)) for n in range(NUM_IMAGES)]
    return write_bag(tmp_path / 'bag', messages)


def test_every_recorded_image_is_accounted_for(peer, start, run_module, network, bag, tmp_path):
    figures = tmp_path / 'report.json'
    reporting = run_module(
        'report_node', '--bag', bag, '--images', TOPIC, '--json', figures, '--every', '0.2'
    )
    detector = start('node', onnx_path=network, use_sim_time=True, **RELIABLE)
    playing = run_module(
        'bag_player', bag, '--clock', '--wait-for', TOPIC, '/detections', '--start-delay', '2'
    )
    peer.wait_for(lambda: not playing.is_running, 'the end of the recording')
    assert playing.wait() == 0, playing.output
    peer.spin(2.5)  # until the last counts are published
    assert reporting.stop() == 0, reporting.output
    assert detector.stop() == 0, detector.output
    report = json.loads(figures.read_text())['']
    counts = report['counts']
    assert counts['received'] == report['recorded'] == NUM_IMAGES
    assert counts['processed'] == report['messages'] == report['answered'] > 0
    assert counts['dropped'] == counts['received'] - counts['processed']
    assert report['laps'] == 1
    assert 0 <= report['times_ms']['age_ms']['median'] < 1000
    assert 'received' in reporting.output.splitlines()[0]
    assert 'all images accounted for' in reporting.output


def test_loop_with_simulated_time_is_answered_in_each_lap(peer, start, run_module, network, bag):
    reporting = run_module(
        'report_node', '--bag', bag, '--images', TOPIC, '--every', '0',
        '--ros-args', '-p', 'use_sim_time:=true',
    )  # fmt: skip
    start('node', onnx_path=network, use_sim_time=True, **RELIABLE)
    stamps: list[int] = []
    peer.node.create_subscription(
        Detection2DArray,
        '/detections',
        lambda message: stamps.append(message.header.stamp.nanosec),
        100,
    )
    playing = run_module(
        'bag_player', bag, '--clock', '--loop', '--wait-for', TOPIC, '/detections:2',
        '--start-delay', '2',
    )  # fmt: skip
    peer.wait_for(lambda: sum(b < a for a, b in pairwise(stamps)) >= 2, 'the third lap')
    assert playing.stop() == 0
    peer.spin(2.5)
    assert reporting.stop() == 0, reporting.output


def test_strange_stamps_are_reported(peer, start, run_module, network, bag, tmp_path):
    other = write_bag(tmp_path / 'other', [(0.0, TOPIC, image_at(5.0, np.zeros((8, 8, 3), 'u1')))])
    reporting = run_module('report_node', '--bag', other, '--images', TOPIC)
    start('node', onnx_path=network, use_sim_time=True, **RELIABLE)
    playing = run_module(
        'bag_player', bag, '--clock', '--wait-for', TOPIC, '/detections', '--start-delay', '2'
    )
    peer.wait_for(lambda: not playing.is_running, 'the end of the recording')
    peer.spin(2.5)
    assert reporting.stop() == 1
    assert 'stamps are of no image in the recording' in reporting.output


@pytest.mark.parametrize(
    ('args', 'reason'),
    [
        (['--images', '/absent'], '/absent is not in the recording, which holds /image'),
        (['--cameras', 'a', 'b', '--images', TOPIC], 'one topic of the recording for each of 2'),
    ],
)
def test_report_refuses_topics_that_do_not_fit(run_module, bag, args, reason):
    process = run_module('report_node', '--bag', bag, *args)
    assert process.wait() == 1
    assert reason in process.output


@pytest.mark.parametrize(
    ('args', 'reason'),
    [
        (['--every', 'nan'], "parameter 'every' is nan: must be 0, or between 0.01 and 1e+06 s"),
        (['--every', '-1'], "parameter 'every' is -1.0: must be 0, or between 0.01 and 1e+06 s"),
        (['--json', '/absent/a.json'], "parameter 'json' is '/absent/a.json': cannot be written"),
    ],
    ids=['nan', 'negative', 'json'],
)
def test_report_refuses_what_it_could_not_do_at_the_end(run_module, args, reason):
    process = run_module('report_node', *args)
    assert process.wait() == 1
    assert reason in process.output
    assert 'Traceback' not in process.output


def test_report_without_a_detector_fails(run_module):
    process = run_module('report_node', '--every', '0.1')
    process.wait_for_output('received -')
    assert process.stop() == 1
    assert 'published no counts' in process.output
