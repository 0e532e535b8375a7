# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that owns the pipeline: newest frames in, detections out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import TypeAlias

from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.latest_frames import LatestFrames
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import TimeWindow
from yolotrt_ros.ros.images import view_of

LOG_PERIOD_S = 5.0

ImageMessage: TypeAlias = Image | CompressedImage
Publish: TypeAlias = Callable[[str, ImageMessage, Detections], None]


@dataclass(frozen=True)
class Checked:
    """A frame whose bytes were found to be an image."""

    camera: str
    message: ImageMessage
    view: ImageView


class DetectionWorker:
    """
    Takes the newest frames, detects, publishes, and accounts for each of them.

    :param pipeline: used by this thread only while the worker runs.
    :param frames: where the frames come from; opened by ``start`` and closed by ``stop``.
    :param publish: called in this thread with camera, message and its detections.
    :param clock: the node's, for the age of a frame at publishing.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        frames: LatestFrames[ImageMessage],
        publish: Publish,
        selection: Selection,
        *,
        clock: Clock,
        logger: RcutilsLogger,
    ) -> None:
        self.selection = selection
        self.last_rejection: dict[str, str] = {}
        self.stage_windows: dict[str, TimeWindow] = {}
        self.latency_window = TimeWindow()
        self.events: Counter[str] = Counter()
        self._pipeline = pipeline
        self._frames = frames
        self._publish = publish
        self._clock = clock
        self._logger = logger
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._frames.open()
        self._thread = Thread(target=self._run, name='detection_worker')
        self._thread.start()

    def stop(self) -> None:
        """End the thread once its present batch is published."""
        self._frames.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while taken := self._frames.take(self._pipeline.info.max_batch):
            batch = self._check(taken)
            if batch:
                self._process(batch)

    def _check(self, taken: Sequence[tuple[str, ImageMessage]]) -> list[Checked]:
        checked = []
        for camera, message in taken:
            try:
                checked.append(Checked(camera, message, view_of(message)))
            except ImageFormatError as error:
                self._reject(camera, error)
        return checked

    def _process(self, batch: Sequence[Checked]) -> None:
        try:
            found = self._pipeline.detect([frame.view for frame in batch], self.selection)
        except Exception as error:
            # Whatever one frame does to the runtime, the node goes on with the next.
            for frame in batch:
                self._reject(frame.camera, error)
            return
        for frame, detections in zip(batch, found, strict=True):
            self._hand_out(frame, detections)
        for stage, time_ms in self._pipeline.stage_times.items():
            self.stage_windows.setdefault(stage, TimeWindow()).add(time_ms)

    def _hand_out(self, frame: Checked, detections: Detections) -> None:
        try:
            self._publish(frame.camera, frame.message, detections)
        except Exception as error:
            # Left to itself it would end this thread, and the node would fall silent.
            self._reject(frame.camera, error)
            return
        self._frames.count(frame.camera, processed=1)
        self._record(frame, detections)

    def _record(self, frame: Checked, detections: Detections) -> None:
        stamp = Time.from_msg(frame.message.header.stamp, clock_type=self._clock.clock_type)
        self.latency_window.add((self._clock.now() - stamp).nanoseconds / 1e6)
        if detections.num_nonfinite:
            self.events['nonfinite_candidates'] += detections.num_nonfinite
            self._logger.warning(
                f'the network put out {detections.num_nonfinite} candidates that are not numbers; '
                'they were left out; check its precision and its training',
                throttle_duration_sec=LOG_PERIOD_S,
            )

    def _reject(self, camera: str, error: Exception) -> None:
        explained = isinstance(error, ImageFormatError)
        reason = str(error) if explained else f'{type(error).__name__}: {error}'
        self._frames.count(camera, rejected=1)
        self.last_rejection[camera] = reason
        self._logger.warning(
            f'rejected an image{f" of camera {camera}" if camera else ""}: {reason}',
            throttle_duration_sec=LOG_PERIOD_S,
        )
