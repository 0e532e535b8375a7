# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a camera in the order of their stamps, also where time begins anew."""

from __future__ import annotations

# A frame that is more than this behind comes from a source that began again: a network or a
# driver that mixes up the order of frames holds none of them back for so long.
RESTART_NS = 1_000_000_000


class StampOrder:
    """
    Decides whether a frame comes too late, because a newer one was processed before.

    Planners and trackers expect stamps that rise, so a frame whose stamp is not above the last
    processed one is refused. Time may begin anew, though, and the frames behind must not be
    refused for ever. That is so where the clock of the node was set back (a bag that is looped
    with ``/clock``), where a stamp lies more than ``RESTART_NS`` behind (a bag that is looped
    without it, another bag), and where only older frames came for ``RESTART_NS`` (the same, for
    a bag shorter than that). A stamp that is repeated exactly is refused in each case but the
    first: the frame was seen. A stamp of zero says that the driver sets none; such frames have
    no order and all pass.
    """

    def __init__(self) -> None:
        self._newest_ns: int | None = None
        self._last_received_ns = 0
        self._late_since_ns: int | None = None  # when the first of the frames behind came

    def admits(self, stamp_ns: int, received_ns: int) -> bool:
        """
        Decide on the next frame; it counts only once it was processed.

        :param stamp_ns: its stamp.
        :param received_ns: when it came, by the clock of the node.
        """
        if stamp_ns == 0:
            return True
        if received_ns < self._last_received_ns:  # the clock was set back
            self._newest_ns = self._late_since_ns = None
        self._last_received_ns = received_ns
        return not self._is_late(stamp_ns, received_ns)

    def processed(self, stamp_ns: int) -> None:
        """Take note of a frame whose detections were published."""
        if stamp_ns:
            self._newest_ns, self._late_since_ns = stamp_ns, None

    def _is_late(self, stamp_ns: int, received_ns: int) -> bool:
        if self._newest_ns is None or stamp_ns > self._newest_ns:
            return False
        if stamp_ns == self._newest_ns:
            return True
        if self._late_since_ns is None:
            self._late_since_ns = received_ns
        behind_ns = self._newest_ns - stamp_ns
        return max(behind_ns, received_ns - self._late_since_ns) <= RESTART_NS
