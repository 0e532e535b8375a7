# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections as a publisher takes them: serialised by us where vision_msgs is the one we know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rclpy.serialization import deserialize_message
from vision_msgs.msg import Detection2DArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_detections import DetectionArrayWriter
from yolotrt_ros.ros.messages import detection_array, header_message

Write = Callable[[Detections, MessageHeader], 'bytes | Detection2DArray']


def detections_writer(labels: Sequence[str]) -> Write:
    """
    Return the fastest way to make the messages of a network.

    Serialising by ourselves saves the objects, but rests on the definition of the messages. So the
    installed vision_msgs must read a sample as what it is; another one gets ordinary messages.

    :param labels: what ``class_id`` holds for each class.
    """
    writer = DetectionArrayWriter(labels)

    def as_message(detections: Detections, header: MessageHeader) -> Detection2DArray:
        return detection_array(detections, header_message(header), labels)

    return writer.write if _agree(writer.write, as_message, len(labels)) else as_message


def _agree(serialised: Write, as_message: Write, num_classes: int) -> bool:
    count = 2 if num_classes else 0
    boxes_xyxy = np.array([[1, 2, 4, 7], [0.25, 0.5, 640, 480]], np.float32)[:count]
    sample = Detections(
        boxes_xyxy,
        np.array([0.75, 0.5], np.float32)[:count],
        np.array([num_classes - 1, 0], np.int32)[:count],
    )
    header = MessageHeader(3, 7, 'camera')
    try:
        read = deserialize_message(serialised(sample, header), Detection2DArray)
    except Exception:  # of another definition anything may come
        return False
    return bool(read == as_message(sample, header))
