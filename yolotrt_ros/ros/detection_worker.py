# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that owns the pipeline: newest frames in, detections out."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
import traceback
from typing import Protocol

from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.latest_frames import LatestFrames
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes, Stopwatch
from yolotrt_ros.ros.frame_accounts import FrameAccounts, LOG_PERIOD_S
from yolotrt_ros.ros.frame_reader import FrameReader
from yolotrt_ros.ros.frame_turn import ReceivedFrame, ViewedTurn


class Outputs(Protocol):
    """Where the results go; called in the worker's thread."""

    def publish(self, camera: str, header: MessageHeader, detections: Detections) -> None:
        """Publish what was found in an image."""

    def report(self, frame: ViewedTurn, detections: Detections, times: FrameTimes) -> None:
        """Do what else is to be done with a frame, now that nobody waits for it any more."""

    def fail(self, error: Exception) -> None:
        """Take note of a call of the network that failed."""


class DetectionWorker:
    """
    Takes the newest frames, detects, publishes, and accounts for each of them.

    :param pipeline: used by this thread only while the worker runs.
    :param frames: where the frames come from; opened by ``start`` and closed by ``stop``.
    :param reader: reads them.
    :param accounts: told of the outcome of each.
    :param clock: the node's.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        frames: LatestFrames[ReceivedFrame],
        reader: FrameReader,
        accounts: FrameAccounts,
        outputs: Outputs,
        selection: Selection,
        *,
        clock: Clock,
        logger: RcutilsLogger,
    ) -> None:
        # The rules for the next batch; may be replaced at any time.
        self.selection = selection
        self._pipeline = pipeline
        self._frames = frames
        self._reader = reader
        self._accounts = accounts
        self._outputs = outputs
        self._clock = clock
        self._logger = logger
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._frames.open()
        self._thread = Thread(target=self._run, name='detection_worker')
        self._thread.start()

    def stop(self) -> None:
        """End the thread once its present batch is published; calling it twice does no harm."""
        self._frames.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while taken := self._frames.take(self._pipeline.info.max_batch):
            self._accounts.begin(camera for camera, _ in taken)
            try:
                self._serve(taken)
            except Exception as error:
                # Left to itself it would end this thread, and the node would fall silent.
                self._explain(error)
                self._accounts.reject_open(error)

    def _serve(self, taken: Sequence[tuple[str, ReceivedFrame]]) -> None:
        taken_ns = self._now_ns()
        if self._reader.is_quick:
            self._pipeline.expect_frames()
        watch = Stopwatch()
        with watch.stage('read'):
            frames = self._reader.view(self._reader.read(taken, taken_ns))
        if not frames:
            return
        found = self._detect([frame.view for frame in frames])
        detected_ns = self._now_ns()
        stage_times = watch.stage_times | self._pipeline.stage_times
        for frame, detections in zip(frames, found, strict=True):
            self._hand_out(frame, detections, detected_ns, stage_times)

    def _detect(self, views: Sequence[ImageView]) -> list[Detections]:
        try:
            return self._pipeline.detect(views, self.selection)
        except Exception as error:
            self._outputs.fail(error)
            raise

    def _hand_out(
        self,
        frame: ViewedTurn,
        detections: Detections,
        detected_ns: int,
        stage_times: StageTimes,
    ) -> None:
        turn = frame.turn
        try:
            self._outputs.publish(turn.camera, turn.header, detections)
        except Exception as error:  # the other frames of the batch can be published still
            self._accounts.reject(turn.camera, error)
            return
        self._reader.processed(turn)
        times = FrameTimes(
            turn.camera,
            turn.header.stamp_ns,
            turn.received_ns,
            turn.taken_ns,
            detected_ns,
            self._now_ns(),
            stage_times,
        )
        self._accounts.finish(turn.camera, 'processed')
        self._outputs.report(frame, detections, times)

    def _explain(self, error: Exception) -> None:
        """Log an error; one that nobody foresaw comes with the place where it happened."""
        if not isinstance(error, YolotrtError):
            self._logger.error(
                f'detection failed:\n{"".join(traceback.format_exception(error))}',
                throttle_duration_sec=LOG_PERIOD_S,
            )

    def _now_ns(self) -> int:
        return int(self._clock.now().nanoseconds)
