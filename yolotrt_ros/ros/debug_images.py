# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images with the detections drawn in, for people who watch."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Condition, Thread
from typing import NamedTuple

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.cpu.color import to_bgr
from yolotrt_ros.cpu.draw import draw_detections
from yolotrt_ros.ros.messages import header_message, image_message
from yolotrt_ros.ros.qos_report import publisher_events
from yolotrt_ros.ros.subscribers import Subscribers

LOG_PERIOD_S = 5.0


class _Finding(NamedTuple):
    header: MessageHeader
    view: ImageView
    detections: Detections


class DebugImages:
    """
    Publishes ``~/debug_image``, or ``~/<camera>/debug_image`` for several cameras.

    Images are bgr8 under the header of the image that they show. They are drawn in a thread of
    their own, newest first, so that drawing never keeps the next frame waiting; while it is busy
    a newer finding of the same camera takes the place of the older one.

    :param node: the publisher.
    :param cameras: their names; the only camera is named ''.
    :param class_names: what labels say for each class id.
    """

    def __init__(self, node: Node, cameras: Sequence[str], class_names: Sequence[str]) -> None:
        self._node = node
        self._class_names = class_names
        self._publishers = {camera: self._create_publisher(camera) for camera in cameras}
        self._subscribers = {
            camera: Subscribers(publisher) for camera, publisher in self._publishers.items()
        }
        self._waiting: dict[str, _Finding] = {}
        self._changed = Condition()
        self._is_open = True
        self._thread = Thread(target=self._run, name='debug_images')
        self._thread.start()

    def is_watched(self, camera: str) -> bool:
        """Whether anybody looks at the debug images of a camera."""
        return self._subscribers[camera].is_any()

    def publish(
        self, camera: str, header: MessageHeader, view: ImageView, detections: Detections
    ) -> None:
        """
        Have an image drawn and published, if anybody looks; returns at once.

        :param header: the image's own.
        :param view: the image; its bytes must not change any more.
        :param detections: boxes in pixels of the image.
        """
        if not self.is_watched(camera):
            return
        with self._changed:
            self._waiting[camera] = _Finding(header, view, detections)
            self._changed.notify()

    def close(self) -> None:
        """End the thread and remove the topics; calling it twice does no harm."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
        self._thread.join()
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers = {}

    def _create_publisher(self, camera: str) -> Publisher:
        topic = f'~/{camera}/debug_image' if camera else '~/debug_image'
        return self._node.create_publisher(
            Image,
            topic,
            QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT),
            event_callbacks=publisher_events(self._node, topic),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            camera, finding = taken
            try:
                self._publishers[camera].publish(self._drawn(finding))
            except Exception as error:
                # Left to itself it would end this thread, and nobody would see images any more.
                self._node.get_logger().warning(
                    f'no debug image{f" of camera {camera}" if camera else ""}: '
                    f'{type(error).__name__}: {error}',
                    throttle_duration_sec=LOG_PERIOD_S,
                )

    def _take(self) -> tuple[str, _Finding] | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or not self._is_open)
            if not self._is_open:
                return None
            camera = next(iter(self._waiting))
            return camera, self._waiting.pop(camera)

    def _drawn(self, finding: _Finding) -> Image:
        picture = to_bgr(finding.view)
        draw_detections(picture, finding.detections, self._class_names)
        return image_message(ImageView.from_array(picture), header_message(finding.header))
