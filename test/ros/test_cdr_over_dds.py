# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Serialised messages over DDS: what normal publishers send, and what normal subscribers get."""

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from test.ros.peer import Peer, RELIABLE
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_detections import DetectionArrayWriter
from yolotrt_ros.core.serialised_image import read_compressed_image, read_image
from yolotrt_ros.ros.messages import byte_array, detection_array

pytestmark = pytest.mark.ros

LABELS = ['person', 'car', 'Fußgänger']


@pytest.fixture
def receiver(ros):
    """A second node beside the peer."""
    receiver = Peer()
    yield receiver
    receiver.close()


def connect(peer, receiver, kind, *, raw):
    """Return a publisher of the peer and the list of what the receiver gets of it."""
    received = []
    publisher = peer.node.create_publisher(kind, 'cdr', RELIABLE)
    receiver.node.create_subscription(
        kind, publisher.topic_name, received.append, RELIABLE, raw=raw
    )
    peer.wait_for(lambda: publisher.get_subscription_count() > 0, 'the subscription')
    receiver.spin(0.2)
    return publisher, received


@pytest.mark.parametrize('size', [(1, 1), (7, 5), (640, 480)])
def test_a_raw_subscription_hands_out_readable_images(peer, receiver, rng, size):
    width, height = size
    pixels = rng.integers(0, 256, width * height * 3, np.uint8)
    message = Image(header=peer.header('caméra'), width=width, height=height, encoding='bgr8')
    message.step = 3 * width
    message.data = byte_array(pixels)
    publisher, received = connect(peer, receiver, Image, raw=True)
    publisher.publish(message)
    receiver.wait_for(lambda: bool(received), 'the image')
    image = read_image(received[0])
    assert image.header == (message.header.stamp.sec, 7, 'caméra')
    assert image[1:6] == (height, width, 'bgr8', False, 3 * width)
    assert np.array_equal(image.data, pixels)


def test_a_raw_subscription_hands_out_readable_compressed_images(peer, receiver, rng):
    data = rng.integers(0, 256, 1001, np.uint8)
    message = CompressedImage(header=peer.header(), format='jpeg', data=byte_array(data))
    publisher, received = connect(peer, receiver, CompressedImage, raw=True)
    publisher.publish(message)
    receiver.wait_for(lambda: bool(received), 'the image')
    image = read_compressed_image(received[0])
    assert (image.header.sec, image.format) == (message.header.stamp.sec, 'jpeg')
    assert np.array_equal(image.data, data)


def test_subscribers_get_the_written_detections(peer, receiver, rng):
    writer = DetectionArrayWriter(LABELS)
    publisher, received = connect(peer, receiver, Detection2DArray, raw=False)
    expected = []
    for index, count in enumerate([0, 1, 2, 10, 100, 300]):
        detections = Detections(
            rng.uniform(0, 1000, (count, 4)).astype(np.float32),
            rng.random(count, np.float32),
            rng.integers(0, len(LABELS), count).astype(np.int32),
        )
        frame_id = 'camera'[:index]
        header = Header(stamp=Time(sec=index, nanosec=5), frame_id=frame_id)
        expected.append(detection_array(detections, header, LABELS))
        publisher.publish(writer.write(detections, MessageHeader(index, 5, frame_id)))
        receiver.wait_for(lambda: len(received) == len(expected), f'message {index}')
    assert received == expected
