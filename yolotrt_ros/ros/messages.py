# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages that the detector publishes."""

from __future__ import annotations

from collections.abc import Sequence

from std_msgs.msg import Header
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesisWithPose,
    VisionClass,
)

from yolotrt_ros.core.detections import Detections


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
