# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The definitions of the messages that a recording of detections holds.

They are those of vision_msgs 4, without which no viewer can read the messages; rosbags does not
know them.
"""

from __future__ import annotations

from typing import Any

DETECTIONS = 'vision_msgs/msg/Detection2DArray'
LABEL_INFO = 'vision_msgs/msg/LabelInfo'

_VISION_MSGS = {
    'Detection2DArray': 'std_msgs/Header header\nvision_msgs/Detection2D[] detections',
    'Detection2D': (
        'std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n'
        'vision_msgs/BoundingBox2D bbox\nstring id'
    ),
    'ObjectHypothesisWithPose': (
        'vision_msgs/ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose'
    ),
    'ObjectHypothesis': 'string class_id\nfloat64 score',
    'BoundingBox2D': 'vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y',
    'Pose2D': 'vision_msgs/Point2D position\nfloat64 theta',
    'Point2D': 'float64 x\nfloat64 y',
    'LabelInfo': 'std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold',
    'VisionClass': 'uint16 class_id\nstring class_name',
}


def detection_types() -> Any:  # noqa: ANN401 - rosbags may be absent
    """Return a type store of rosbags that knows the standard messages and those of vision_msgs."""
    from rosbags.typesys import get_types_from_msg, get_typestore, Stores

    types = get_typestore(Stores.LATEST)
    for name, text in _VISION_MSGS.items():
        types.register(get_types_from_msg(text, f'vision_msgs/msg/{name}'))
    return types


def output_qos(*, depth: int, is_latched: bool) -> Any:  # noqa: ANN401 - as above
    """
    Return the profile of a reliable publisher, as the node has it.

    :param is_latched: whether those who subscribe late get the last messages.
    """
    from rosbags.interfaces import (
        Qos,
        QosDurability,
        QosHistory,
        QosLiveliness,
        QosReliability,
        QosTime,
    )

    unset = QosTime(0, 0)
    return Qos(
        QosHistory.KEEP_LAST,
        depth,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL if is_latched else QosDurability.VOLATILE,
        unset,
        unset,
        QosLiveliness.AUTOMATIC,
        unset,
        avoid_ros_namespace_conventions=False,
    )
