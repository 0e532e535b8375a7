# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that leaves the detector for a frame: detections, debug image, times, health."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.impl.rcutils_logger import RcutilsLogger

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.ros.camera_channel import CameraChannel
from yolotrt_ros.ros.debug_images import DebugImages
from yolotrt_ros.ros.frame_accounts import LOG_PERIOD_S
from yolotrt_ros.ros.frame_turn import ViewedTurn
from yolotrt_ros.ros.health import Health
from yolotrt_ros.ros.timing_publisher import TimingPublisher


class DetectorOutputs:
    """
    Hands results on: to planners first, to people afterwards.

    :param channels: of each camera.
    """

    def __init__(
        self,
        channels: Mapping[str, CameraChannel],
        debug_images: DebugImages,
        timing: TimingPublisher,
        health: Health,
        logger: RcutilsLogger,
    ) -> None:
        self._channels = channels
        self._debug_images = debug_images
        self._timing = timing
        self._health = health
        self._logger = logger

    def is_watched(self, camera: str) -> bool:
        """Whether anybody subscribes to what comes of the images of a camera."""
        return (
            self._channels[camera].is_watched
            or self._debug_images.is_watched(camera)
            or self._timing.is_watched()
        )

    def publish(self, camera: str, header: MessageHeader, detections: Detections) -> None:
        """Publish what was found in an image, under its header."""
        self._channels[camera].publish(detections, header)

    def report(self, frame: ViewedTurn, detections: Detections, times: FrameTimes) -> None:
        """Show and record a frame whose detections were published."""
        self._health.published(times, detections)
        self._timing.publish(times, len(detections))
        self._debug_images.publish(times.camera, frame.turn.header, frame.view, detections)
        if detections.num_nonfinite:
            self._logger.warning(
                f'the network put out {detections.num_nonfinite} candidates that are not numbers; '
                'they were left out; check its precision and its training',
                throttle_duration_sec=LOG_PERIOD_S,
            )

    def fail(self, error: Exception) -> None:
        """Record a call of the network that failed."""
        self._health.failed(str(error))
