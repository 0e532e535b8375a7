# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of the nodes, made and read."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from builtin_interfaces.msg import Time
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesisWithPose,
    VisionClass,
)

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader


def detection_array(
    detections: Detections, header: Header, labels: Sequence[str]
) -> Detection2DArray:
    """
    Make the message of one image.

    :param detections: boxes in pixels of that image.
    :param header: the image's own, used as it is for the array and for every detection.
    :param labels: what ``class_id`` holds for each class.
    """
    rows = zip(
        detections.boxes_xyxy.tolist(),
        detections.scores.tolist(),
        detections.class_ids.tolist(),
        strict=True,
    )
    return Detection2DArray(
        header=header,
        detections=[_detection(header, box, score, labels[index]) for box, score, index in rows],
    )


def read_detection_array(message: Detection2DArray, class_ids: Mapping[str, int]) -> Detections:
    """
    Read the boxes of a message, the inverse of ``detection_array``.

    :param class_ids: the id that each ``class_id`` of the message stands for.
    """
    boxes = []
    for detection in message.detections:
        box = detection.bbox
        x, y = box.center.position.x, box.center.position.y
        half_width, half_height = box.size_x / 2, box.size_y / 2
        boxes.append([x - half_width, y - half_height, x + half_width, y + half_height])
    hypotheses = [detection.results[0].hypothesis for detection in message.detections]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([hypothesis.score for hypothesis in hypotheses], np.float32),
        np.array([class_ids[hypothesis.class_id] for hypothesis in hypotheses], np.int32),
    )


def image_message(view: ImageView, header: Header) -> Image:
    """Make the message of an image, padding included."""
    message = Image(
        header=header,
        width=view.width,
        height=view.height,
        step=view.step,
        encoding=view.encoding.name,
        is_bigendian=int(view.is_bigendian),
    )
    message.data = byte_array(view.data)
    return message


def byte_array(data: NDArray[np.uint8]) -> array[int]:
    """Copy bytes into the one type that rclpy takes without looking at each of them."""
    result = array('B')
    result.frombytes(data.data)
    return result


def header_message(header: MessageHeader) -> Header:
    """Make the message of a header that was read from bytes."""
    stamp = Time(sec=header.sec, nanosec=header.nanosec)
    return Header(stamp=stamp, frame_id=header.frame_id)


def label_info(class_names: Sequence[str], score_threshold: float, header: Header) -> LabelInfo:
    """Make the message that relates class ids to names."""
    classes = [VisionClass(class_id=i, class_name=name) for i, name in enumerate(class_names)]
    return LabelInfo(header=header, class_map=classes, threshold=score_threshold)


def _detection(header: Header, box_xyxy: Sequence[float], score: float, label: str) -> Detection2D:
    x1, y1, x2, y2 = box_xyxy
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id = label
    result.hypothesis.score = score
    detection = Detection2D(header=header, results=[result])
    detection.bbox.center.position.x = (x1 + x2) / 2
    detection.bbox.center.position.y = (y1 + y2) / 2
    detection.bbox.size_x = x2 - x1
    detection.bbox.size_y = y2 - y1
    return detection
