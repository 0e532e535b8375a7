# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Both ways to make the messages give the same; another definition gets the ordinary one."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from rclpy.serialization import deserialize_message
from vision_msgs.msg import Detection2DArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_detections import DetectionArrayWriter
from yolotrt_ros.ros.detections_writer import detections_writer
from yolotrt_ros.ros.messages import detection_array, header_message

pytestmark = pytest.mark.ros
LABELS = ['person', 'traffic light', 'Ampel', '']


def random_detections(rng, count):
    return Detections(
        rng.uniform(0, 1000, (count, 4)).astype(np.float32),
        rng.uniform(0, 1, count).astype(np.float32),
        rng.integers(0, len(LABELS), count).astype(np.int32),
    )


@pytest.mark.parametrize('count', [0, 1, 7, 300])
def test_installed_messages_are_written_as_bytes(count, rng):
    write = detections_writer(LABELS)
    header = MessageHeader(5, 6, 'front')
    detections = random_detections(rng, count)
    written = write(detections, header)
    assert isinstance(written, bytes)
    message = deserialize_message(written, Detection2DArray)
    assert message == detection_array(detections, header_message(header), LABELS)


def test_network_without_classes_is_no_error():
    assert isinstance(detections_writer([])(Detections.empty(), MessageHeader(0, 0, '')), bytes)


@pytest.mark.parametrize('fault', [lambda data: data[:-8], lambda data: data[:4] + data[12:]])
def test_bytes_that_are_read_otherwise_are_not_sent(fault, monkeypatch, rng):
    whole = DetectionArrayWriter.write
    monkeypatch.setattr(DetectionArrayWriter, 'write', lambda *arguments: fault(whole(*arguments)))
    detections = random_detections(rng, 3)
    header = MessageHeader(3, 4, 'front')
    message = detections_writer(LABELS)(detections, header)
    assert message == detection_array(detections, header_message(header), LABELS)
