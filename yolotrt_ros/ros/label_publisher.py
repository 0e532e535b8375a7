# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topic that tells which classes there are."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo

from yolotrt_ros.ros.messages import label_info

LATCHED_QOS = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)


class LabelPublisher:
    """
    Publishes ``label_info``, also to those who come later.

    :param node: the publisher.
    """

    def __init__(self, node: Node) -> None:
        self._clock = node.get_clock()
        self._publisher = node.create_publisher(
            LabelInfo,
            'label_info',
            LATCHED_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def publish(self, class_names: Sequence[str], score_threshold: float) -> None:
        """Relate class ids to names, and tell the lowest score kept."""
        header = Header(stamp=self._clock.now().to_msg())
        self._publisher.publish(label_info(class_names, score_threshold, header))
