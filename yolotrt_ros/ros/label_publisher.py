# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics that tell which network runs and which classes it has."""

from __future__ import annotations

from pathlib import Path

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo, VisionInfo

from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.ros.messages import label_info
from yolotrt_ros.ros.qos_report import no_events

LATCHED_QOS = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)


class LabelPublisher:
    """
    Publishes ``label_info`` and ``vision_info``, also to those who come later.

    :param node: the publisher.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._class_names: tuple[str, ...] | None = None
        self._version = 0
        self._labels = self._latched(LabelInfo, 'label_info')
        self._vision = self._latched(VisionInfo, 'vision_info')

    def publish(self, info: NetworkInfo, score_threshold: float) -> None:
        """
        Relate class ids to names, and tell the lowest score kept and what runs.

        The version in ``vision_info`` counts up when the classes change.
        """
        if info.class_names != self._class_names:
            self._class_names = info.class_names
            self._version += 1
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._labels.publish(label_info(info.class_names, score_threshold, header))
        self._vision.publish(
            VisionInfo(
                header=header,
                method=f'{Path(info.model_path).name} on {info.backend}',
                database_location=self._labels.topic_name,
                database_version=self._version,
            )
        )

    def _latched(self, kind: type[LabelInfo] | type[VisionInfo], topic: str) -> Publisher:
        return self._node.create_publisher(
            kind,
            topic,
            LATCHED_QOS,
            event_callbacks=no_events(),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
