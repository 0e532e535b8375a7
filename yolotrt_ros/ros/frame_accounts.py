# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The outcome of every frame that was taken, counted once and told to people."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rclpy.impl.rcutils_logger import RcutilsLogger

from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.frame_counts import Outcome
from yolotrt_ros.core.latest_frames import LatestFrames
from yolotrt_ros.core.turn_rules import Refusal
from yolotrt_ros.ros.frame_turn import ReceivedFrame

LOG_PERIOD_S = 5.0


class FrameAccounts:
    """
    Follows the frames of one batch, of which each camera has one at most.

    It belongs to one thread.

    :param frames: where they came from; it counts them.
    :param on_rejection: told the camera and the reason.
    """

    def __init__(
        self,
        frames: LatestFrames[ReceivedFrame],
        logger: RcutilsLogger,
        on_rejection: Callable[[str, str], None],
    ) -> None:
        self._frames = frames
        self._on_rejection = on_rejection
        self._logger = logger
        self._open: set[str] = set()

    def begin(self, cameras: Iterable[str]) -> None:
        """Follow the frames that were just taken of these cameras."""
        self._open = set(cameras)

    def finish(self, camera: str, outcome: Outcome) -> None:
        """Count what became of a camera's frame."""
        self._open.discard(camera)
        self._frames.finish(camera, outcome)

    def drop(self, camera: str, refusal: Refusal) -> None:
        """Count a frame that a rule turns away."""
        self.finish(camera, refusal.reason)
        self._logger.warning(
            f'dropped an image{_of(camera)}: {refusal.words}', throttle_duration_sec=LOG_PERIOD_S
        )

    def reject(self, camera: str, error: Exception) -> None:
        """Count a frame that cannot be used, and say why."""
        explained = isinstance(error, YolotrtError)
        reason = str(error) if explained else f'{type(error).__name__}: {error}'
        self.finish(camera, 'rejected')
        self._on_rejection(camera, reason)
        self._logger.warning(
            f'rejected an image{_of(camera)}: {reason}', throttle_duration_sec=LOG_PERIOD_S
        )

    def reject_open(self, error: Exception) -> None:
        """Reject the frames of the batch that have no outcome yet."""
        for camera in sorted(self._open):
            self.reject(camera, error)


def _of(camera: str) -> str:
    return f' of camera {camera}' if camera else ''
