# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The listener as a process, and a peer that publishes detections."""

import json

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray, LabelInfo

from test.ros.peer import LATCHED, RELIABLE
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.ros.messages import detection_array, label_info

pytestmark = pytest.mark.ros

NAMES = ('red', 'green')


def found(sec: int, labels: tuple[str, ...] = NAMES) -> Detection2DArray:
    """Return a message with one object of the second class."""
    boxes = np.array([[1, 2, 11, 22]], np.float32)
    detections = Detections(boxes, np.ones(1, np.float32), np.ones(1, np.int32))
    return detection_array(detections, Header(stamp=Time(sec=sec)), labels)


def last_state(process) -> dict:
    assert process.stop() == 0, process.output
    lines = [line for line in process.output.splitlines() if line.startswith('{')]
    return json.loads(lines[-1])


@pytest.fixture
def publish(peer):
    """Return a function that publishes a message to the listener once it is there."""

    def publish(topic: str, message: Detection2DArray | LabelInfo) -> None:
        kind = type(message)
        qos = LATCHED if kind is LabelInfo else RELIABLE
        publisher = peer.node.create_publisher(kind, topic, qos)
        peer.wait_for(lambda: publisher.get_subscription_count() > 0, f'a listener to {topic}')
        peer.spin(0.2)  # until the other end has met it, too
        publisher.publish(message)

    return publish


def test_class_ids_may_be_indices(start, publish):
    process = start('listen', '--truth')
    publish('label_info', label_info(NAMES, 0.5, Header()))
    publish('ground_truth', found(5))
    publish('detections', found(5, labels=('0', '1')))
    process.wait_for_output('"right": 1')
    assert last_state(process)['objects'] == {'1': 1}


def test_detections_that_come_before_their_labels_are_compared_later(start, publish):
    process = start('listen', '--truth')
    publish('ground_truth', found(5))
    publish('detections', found(5))
    process.wait_for_output('"messages": 1')
    publish('label_info', label_info(NAMES, 0.5, Header()))
    process.wait_for_output('"right": 1')
    assert last_state(process)['messages'] == 1


def test_classes_that_label_info_does_not_hold_are_named(start, publish):
    process = start('listen')
    publish('label_info', label_info(NAMES, 0.5, Header()))
    publish('detections', found(5, labels=('cat', 'dog')))
    process.wait_for_output("class_id 'dog' is not in label_info, which holds red, green")
    assert last_state(process)['objects'] == {'dog': 1}


def test_stamps_before_the_epoch_are_counted(start, publish):
    process = start('listen')
    publish('label_info', label_info(NAMES, 0.5, Header()))
    publish('detections', found(-5))
    process.wait_for_output('"messages": 1')
    assert last_state(process)['objects'] == {'green': 1}
