# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``~/debug_image`` over DDS."""

import threading
from time import perf_counter

import numpy as np
import pytest
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from test.ros.pair import Pair
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.cpu.draw import class_color, draw_detections
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros import debug_images
from yolotrt_ros.ros.debug_images import DebugImages

pytestmark = pytest.mark.ros

HEADER = MessageHeader(12, 345, 'front_optical')
NAMES = ('person', 'car')
FOUND = Detections(
    np.array([[40, 40, 120, 100]], np.float32),
    np.array([0.75], np.float32),
    np.array([1], np.int32),
)


@pytest.fixture
def pair(ros):
    pair = Pair('debug')
    yield pair
    pair.close()


@pytest.fixture
def images(pair):
    images = DebugImages(pair.node, ['front', 'rear'], NAMES)
    yield images
    images.close()


def watch(pair, topic):
    messages = []
    pair.other.create_subscription(Image, topic, messages.append, qos_profile_sensor_data)
    return messages


def picture_of(message):
    return np.asarray(message.data).reshape(message.height, message.width, 3)


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8', 'mono8', 'nv12', 'bayer_rggb8'])
def test_image_comes_with_its_header_and_the_boxes_drawn_in(pair, images, encoding):
    messages = watch(pair, '/debug/detector/front/debug_image')
    grey = encode(np.full((120, 160, 3), 128, np.uint8), encoding, row_padding=4)
    before = grey.data.copy()

    def is_received():
        images.publish('front', HEADER, grey, FOUND)
        return messages

    pair.wait_for(is_received, 'an image')
    header = messages[0].header
    stamp = header.stamp
    assert MessageHeader(stamp.sec, stamp.nanosec, header.frame_id) == HEADER
    assert (messages[0].encoding, messages[0].step) == ('bgr8', 480)
    picture = picture_of(messages[0])
    assert np.abs(picture[60:100, 40].astype(int) - class_color(1)).max() < 50
    assert np.abs(picture[110:].astype(int) - 128).max() <= 3
    np.testing.assert_array_equal(grey.data, before)


def test_one_camera_has_no_prefix(pair):
    images = DebugImages(pair.node, [''], NAMES)
    messages = watch(pair, '/debug/detector/debug_image')
    view = ImageView.from_array(np.zeros((120, 160, 3), np.uint8))

    def is_received():
        images.publish('', HEADER, view, FOUND)
        return messages

    try:
        pair.wait_for(is_received, 'an image')
        expected = np.zeros((120, 160, 3), np.uint8)
        draw_detections(expected, FOUND, NAMES)
        np.testing.assert_array_equal(picture_of(messages[0]), expected)
    finally:
        images.close()


def test_nothing_is_drawn_while_nobody_looks(pair, images, monkeypatch):
    drawn = []
    monkeypatch.setattr(debug_images, 'draw_detections', lambda *_: drawn.append(1))
    front = watch(pair, '/debug/detector/front/debug_image')
    view = ImageView.from_array(np.zeros((120, 160, 3), np.uint8))
    pair.wait_for(lambda: images.is_watched('front'), 'the viewer')
    assert not images.is_watched('rear')
    images.publish('rear', HEADER, view, FOUND)
    pair.spin(0.2)
    assert drawn == []

    def is_received():
        images.publish('front', HEADER, view, FOUND)
        return front

    pair.wait_for(is_received, 'an image')
    assert drawn


def test_newest_finding_is_drawn_and_drawing_keeps_nobody_waiting(pair, images, monkeypatch):
    may_draw, drawn = threading.Event(), []

    def slow_draw(picture, detections, names):
        may_draw.wait(10)
        drawn.append(picture.max())

    monkeypatch.setattr(debug_images, 'draw_detections', slow_draw)
    watch(pair, '/debug/detector/front/debug_image')
    pair.wait_for(lambda: images.is_watched('front'), 'the viewer')
    start = perf_counter()
    for brightness in range(1, 51):
        view = ImageView.from_array(np.full((120, 160, 3), brightness, np.uint8))
        images.publish('front', HEADER, view, FOUND)
    assert perf_counter() - start < 5
    may_draw.set()
    pair.wait_for(lambda: 50 in drawn, 'the newest')
    assert len(drawn) <= 3


def test_finding_that_cannot_be_drawn_is_reported_and_the_next_one_drawn(pair, images, capfd):
    messages = watch(pair, '/debug/detector/front/debug_image')
    pair.wait_for(lambda: images.is_watched('front'), 'the viewer')
    view = ImageView.from_array(np.zeros((120, 160, 3), np.uint8))
    unnamed = Detections(FOUND.boxes_xyxy, FOUND.scores, np.array([9], np.int32))
    images.publish('front', HEADER, view, unnamed)
    said = []

    def is_said():
        said.append(capfd.readouterr().err)
        return 'no debug image of camera front: IndexError' in ''.join(said)

    pair.wait_for(is_said, 'the warning')

    def is_received():
        images.publish('front', HEADER, view, FOUND)
        return messages

    pair.wait_for(is_received, 'an image')


def test_end_waits_for_no_viewer_and_leaves_no_thread(pair):
    images = DebugImages(pair.node, [''], NAMES)
    images.close()
    images.close()
    assert 'debug_images' not in {thread.name for thread in threading.enumerate()}
    pair.wait_for(
        lambda: not pair.other.count_publishers('/debug/detector/debug_image'), 'the end'
    )


def test_viewer_that_asks_for_too_much_is_told_the_cure(pair, images, capfd):
    pair.other.create_subscription(Image, '/debug/detector/front/debug_image', lambda _: None, 10)
    said = []

    def is_said():
        said.append(capfd.readouterr().err)
        return 'publisher.reliability:=reliable' in ''.join(said)

    pair.wait_for(is_said, 'the warning')
