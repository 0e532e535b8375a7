# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of the frames of one camera."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

DropReason = Literal['superseded', 'rate', 'age', 'late', 'disabled', 'unwatched', 'inactive']
Outcome = DropReason | Literal['processed', 'rejected']


@dataclass(frozen=True)
class FrameCounts:
    """
    Every frame that came, by its outcome.

    ``received = processed + rejected + dropped + waiting`` at every moment.

    :param received: frames that arrived.
    :param processed: frames whose detections were published.
    :param rejected: frames that could not be used.
    :param superseded: dropped, because a newer frame came before their turn.
    :param rate: dropped, because they came sooner than the camera's highest rate allows.
    :param age: dropped, because their stamp was too old when their turn came.
    :param late: dropped, because a frame with a newer stamp was processed before.
    :param disabled: dropped, because the detector was paused.
    :param unwatched: dropped, because nobody subscribed to what would have come of them.
    :param inactive: dropped, because the detector was stopped before their turn.
    """

    received: int = 0
    processed: int = 0
    rejected: int = 0
    superseded: int = 0
    rate: int = 0
    age: int = 0
    late: int = 0
    disabled: int = 0
    unwatched: int = 0
    inactive: int = 0

    @property
    def drops(self) -> dict[str, int]:
        """The dropped frames by reason, in the order of the fields."""
        return {name: getattr(self, name) for name in DROP_REASONS}

    @property
    def dropped(self) -> int:
        """All frames that were dropped, for whatever reason."""
        return sum(self.drops.values())

    @property
    def waiting(self) -> int:
        """Frames in the slot or in work: none, one or two."""
        return self.received - self.processed - self.rejected - self.dropped


DROP_REASONS: tuple[str, ...] = tuple(item.name for item in fields(FrameCounts))[3:]
