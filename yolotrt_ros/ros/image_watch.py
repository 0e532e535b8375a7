# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that fall silent, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from rclpy.node import Node

from yolotrt_ros.ros.silence import silence_reason

REPEAT_S = 30.0


@dataclass
class _Silence:
    """
    What is known of one camera.

    :ivar seconds: how long nothing came, at the last check.
    :ivar seen_at_s: when the last image since that check came; None where none did.
    :ivar warned_at_s: when the last warning of this silence was given; None before it.
    """

    seconds: float = 0.0
    seen_at_s: float | None = None
    warned_at_s: float | None = None


class ImageWatch:
    """
    Warns of cameras whose images stay away, and says why as far as the graph tells.

    A silence lasts as long as both the steady clock and the clock of the node say: a simulation
    that is paused, or slow, or a bag that begins anew, makes no camera silent. One warning comes
    for each silence and another every 30 s. It begins stopped.

    :param node: the subscriber.
    :param topics: the full name of the topic of each camera; the only camera is named ''.
    :param timeout_s: how long a camera may be silent; 0 for as long as it likes.
    :param now_s: steady time, seconds.
    """

    def __init__(
        self,
        node: Node,
        topics: Mapping[str, str],
        timeout_s: float,
        *,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self.timeout_s = timeout_s
        self._node = node
        self._topics = dict(topics)
        self._now_s = now_s
        self._is_running = False
        self._silences: dict[str, _Silence] = {}
        self._checked_at = (0.0, 0)

    @property
    def is_running(self) -> bool:
        """Whether images are expected."""
        return self._is_running

    def start(self) -> None:
        """Expect images from now on."""
        self._silences = {camera: _Silence() for camera in self._topics}
        self._checked_at = self._clocks()
        self._is_running = True

    def stop(self) -> None:
        """Expect none."""
        self._is_running = False

    def seen(self, camera: str) -> None:
        """Take note of an image."""
        silence = self._silences.get(camera)
        if silence is not None:
            silence.seen_at_s = self._now_s()

    def silence_s(self, camera: str) -> float:
        """Return how long the camera was silent at the last check; 0 where none is expected."""
        return self._silences[camera].seconds if self._is_running else 0.0

    def is_silent(self, camera: str) -> bool:
        """Whether the camera was silent for longer than it may be, at the last check."""
        return 0 < self.timeout_s <= self.silence_s(camera)

    def check(self) -> None:
        """Look at the clocks, and warn; to be called about once a second by a steady timer."""
        if not self._is_running:
            return
        before, self._checked_at = self._checked_at, self._clocks()
        steady_s = self._checked_at[0] - before[0]
        node_s = max(0, self._checked_at[1] - before[1]) / 1e9
        for camera in self._topics:
            self._update(camera, min(steady_s, node_s))

    def _update(self, camera: str, passed_s: float) -> None:
        silence = self._silences[camera]
        seen_at_s, silence.seen_at_s = silence.seen_at_s, None
        if seen_at_s is None:
            silence.seconds += passed_s
            self._warn(camera, silence)
            return
        if silence.warned_at_s is not None:
            self._node.get_logger().info(
                f'{_title(camera)}: images arrive on {self._topics[camera]} again, after '
                f'{silence.seconds:.0f} s'
            )
        silence.seconds = min(passed_s, max(0.0, self._checked_at[0] - seen_at_s))
        silence.warned_at_s = None

    def _warn(self, camera: str, silence: _Silence) -> None:
        now_s = self._checked_at[0]
        is_due = silence.warned_at_s is None or now_s - silence.warned_at_s >= REPEAT_S
        if not (self.is_silent(camera) and is_due):
            return
        silence.warned_at_s = now_s
        topic = self._topics[camera]
        self._node.get_logger().warning(
            f'{_title(camera)}: no image on {topic} for {silence.seconds:.0f} s: '
            f'{silence_reason(self._node, topic)}'
        )

    def _clocks(self) -> tuple[float, int]:
        return self._now_s(), int(self._node.get_clock().now().nanoseconds)


def _title(camera: str) -> str:
    return f'camera {camera}' if camera else 'camera'
