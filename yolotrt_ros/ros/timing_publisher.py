# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of each frame went, on ``~/timing``."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions

from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.ros.qos_report import publisher_events
from yolotrt_ros.ros.subscribers import Subscribers

TOPIC = '~/timing'


class TimingPublisher:
    """
    Publishes a ``DiagnosticStatus`` for each frame, as long as somebody listens.

    Its ``name`` is "<node>: timing <camera>", its ``message`` the age of the detections in words.
    Its values are those of ``FrameTimes.as_values``: ``camera`` and ``num_detections``; the
    moments ``stamp_ns``, ``received_ns``, ``taken_ns``, ``detected_ns`` and ``published_ns``, in
    nanoseconds of the node's clock; the spans ``transport_ms``, ``waiting_ms``, ``detection_ms``,
    ``publishing_ms`` and ``age_ms``; and ``stage.<name>_ms`` for the stages of the pipeline.

    :param node: the publisher.
    :param cameras: their names; the only camera is named ''.
    """

    def __init__(self, node: Node, cameras: Sequence[str]) -> None:
        self._node = node
        name = node.get_fully_qualified_name().lstrip('/')
        self._names = {camera: f'{name}: timing {camera}'.rstrip() for camera in cameras}
        self._publisher = node.create_publisher(
            DiagnosticStatus,
            TOPIC,
            QoSProfile(depth=10),
            event_callbacks=publisher_events(node, TOPIC),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._subscribers = Subscribers(self._publisher)

    def is_watched(self) -> bool:
        """Whether anybody listens."""
        return self._subscribers.is_any()

    def publish(self, times: FrameTimes, num_detections: int) -> None:
        """Publish the times of a frame, if anybody listens."""
        if not self.is_watched():
            return
        values = times.as_values(num_detections)
        self._publisher.publish(
            DiagnosticStatus(
                level=DiagnosticStatus.OK,
                name=self._names[times.camera],
                message=f'{times.age_ms:.1f} ms from stamp to publishing',
                hardware_id=times.camera,
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )
        )

    def close(self) -> None:
        """Remove the topic."""
        self._node.destroy_publisher(self._publisher)
