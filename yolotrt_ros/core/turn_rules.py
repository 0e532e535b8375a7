# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a frame must fulfil when its turn has come: not too old, and newer than the last one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from yolotrt_ros.core.frame_counts import DropReason
from yolotrt_ros.core.stamp_order import StampOrder

# Behind this age a stamp is taken for that of a recording, or of a clock that was never set.
_FOREIGN_CLOCK_S = 60.0


class Refusal(NamedTuple):
    """
    Why a frame is dropped.

    :param reason: as it is counted.
    :param words: the same for people.
    """

    reason: DropReason
    words: str


class TurnRules:
    """
    Decides for each frame whether it is detected in.

    Frames whose stamp is zero have neither age nor order, and all pass.

    :param cameras: the names of the cameras.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        # Highest age in seconds, 0 for none; may be changed at any time.
        self.max_age_s = 0.0
        self._orders = {camera: StampOrder() for camera in cameras}

    def refusal(
        self, camera: str, *, stamp_ns: int, received_ns: int, taken_ns: int
    ) -> Refusal | None:
        """
        Say why a frame is to be dropped, or None.

        All times are nanoseconds of the node's clock. A clock that is set back makes waiting
        frames younger than they are, even younger than nothing; they pass.
        """
        age_s = (taken_ns - stamp_ns) / 1e9
        max_age_s = self.max_age_s
        if max_age_s and stamp_ns and age_s > max_age_s:
            return Refusal('age', _age_words(age_s, max_age_s))
        if not self._orders[camera].admits(stamp_ns, received_ns):
            return Refusal('late', 'its stamp is not above that of the last one')
        return None

    def processed(self, camera: str, stamp_ns: int) -> None:
        """Take note of a frame whose detections were published: the next one must be newer."""
        self._orders[camera].processed(stamp_ns)


def _age_words(age_s: float, max_age_s: float) -> str:
    words = f'its stamp is {age_s:.3f} s old, but max_frame_age is {max_age_s:g} s'
    if age_s > _FOREIGN_CLOCK_S:
        words += (
            '; the camera and this node use different clocks: synchronise them, or play a '
            'recording with --clock and set use_sim_time'
        )
    return words
