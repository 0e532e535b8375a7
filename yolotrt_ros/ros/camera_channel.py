# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of the detector: the topic it reads and the topic it writes."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import (
    HistoryPolicy,
    QoSDurabilityPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.ros.detections_writer import Write
from yolotrt_ros.ros.qos_report import publisher_events, subscription_events
from yolotrt_ros.ros.subscribers import Subscribers

# REP-2003: consumers of sensor data ask for best effort, which any publisher satisfies. One
# message deep, because a second one would be old by the time it is taken.
IMAGE_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=QoSReliabilityPolicy.BEST_EFFORT,
    durability=QoSDurabilityPolicy.VOLATILE,
)
DETECTIONS_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=5,
    reliability=QoSReliabilityPolicy.RELIABLE,
    durability=QoSDurabilityPolicy.VOLATILE,
)


class CameraChannel:
    """
    The endpoints of one camera.

    :param node: the node they belong to.
    :param name: the camera's name; empty for the only camera, whose topics carry no prefix.
    :param compressed: whether it reads ``CompressedImage``.
    :param write: makes the messages.
    """

    def __init__(self, node: LifecycleNode, name: str, *, compressed: bool, write: Write) -> None:
        self.name = name
        self._write = write
        prefix = f'{name}/' if name else ''
        self._node = node
        self._compressed = compressed
        self._image_topic = f'{prefix}image' + ('/compressed' if compressed else '')
        topic = f'{prefix}detections'
        self._publisher = node.create_publisher(
            Detection2DArray,
            topic,
            DETECTIONS_QOS,
            event_callbacks=publisher_events(node, topic),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._subscribers = Subscribers(self._publisher)
        self._subscription: Subscription | None = None

    @property
    def image_topic(self) -> str:
        """The fully qualified name of the topic it reads, after remapping."""
        return str(self._node.resolve_topic_name(self._image_topic))

    @property
    def is_watched(self) -> bool:
        """Whether anybody subscribes to its detections."""
        return self._subscribers.is_any()

    def subscribe(self, on_image: Callable[[str, bytes], None]) -> None:
        """
        Call ``on_image`` with the camera's name and the serialised message, for each image.

        As an object the message would be copied and converted first, pixel bytes included.
        """
        self._subscription = self._node.create_subscription(
            CompressedImage if self._compressed else Image,
            self._image_topic,
            lambda serialised: on_image(self.name, serialised),
            IMAGE_QOS,
            event_callbacks=subscription_events(self._node, self._image_topic),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            raw=True,
        )

    def unsubscribe(self) -> None:
        """Stop the images."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def publish(self, detections: Detections, header: MessageHeader) -> None:
        """Publish what was found in one image, under its header."""
        self._publisher.publish(self._write(detections, header))

    def close(self) -> None:
        """Remove both endpoints."""
        self.unsubscribe()
        self._node.destroy_publisher(self._publisher)
