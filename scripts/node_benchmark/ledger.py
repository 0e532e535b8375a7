# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What was sent to a detector, what came back, and what it said of itself meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

COUNTS = ('received', 'processed', 'dropped', 'rejected', 'waiting')
REASON_PREFIX = 'dropped: '


@dataclass
class CameraLedger:
    """
    The images of one camera.

    :param sent: when each image was sent, by its stamp; all times are nanoseconds.
    :param answers: stamp and time of receipt of each answer, as they came.
    :param counts: the counts of each diagnostic message, as they came.
    :param drops: in the same messages, the dropped images by reason.
    """

    sent: dict[int, int] = field(default_factory=dict)
    answers: list[tuple[int, int]] = field(default_factory=list)
    counts: list[dict[str, int]] = field(default_factory=list)
    drops: list[dict[str, int]] = field(default_factory=list)

    def add_counts(self, values: Mapping[str, str]) -> None:
        """Add the counts of a diagnostic message."""
        self.counts.append({name: int(values[name]) for name in COUNTS})
        self.drops.append(
            {
                name.removeprefix(REASON_PREFIX): int(value)
                for name, value in values.items()
                if name.startswith(REASON_PREFIX)
            }
        )

    def ages_ms(self) -> list[float]:
        """Return how old each answer was on receipt, counted from its sending."""
        known = ((stamp, time) for stamp, time in self.answers if stamp in self.sent)
        return [(time - self.sent[stamp]) / 1e6 for stamp, time in known]


@dataclass
class Ledger:
    """
    The whole run.

    :param cameras: by name.
    :param resident_bytes: the memory of the node at steady intervals.
    :param gpu: what the node last said of its GPU.
    """

    cameras: dict[str, CameraLedger]
    resident_bytes: list[int] = field(default_factory=list)
    gpu: dict[str, str] = field(default_factory=dict)

    @property
    def num_sent(self) -> int:
        """Images sent by all cameras."""
        return sum(len(camera.sent) for camera in self.cameras.values())

    @property
    def num_answers(self) -> int:
        """Answers of all cameras."""
        return sum(len(camera.answers) for camera in self.cameras.values())
