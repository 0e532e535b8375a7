# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a detector answered to the images of one camera, held against what it says of itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from yolotrt_ros.core.frame_counts import DROP_REASONS
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.stamp_order import RESTART_NS
from yolotrt_ros.core.timing import TimeWindow

SPANS = ('transport_ms', 'waiting_ms', 'detection_ms', 'publishing_ms', 'age_ms')
OUTCOMES = ('processed', 'dropped', 'rejected', 'waiting')
# By the keys that the detector publishes them under.
COUNTS = {
    **{name: name for name in ('received', *OUTCOMES)},
    **{f'dropped: {reason}': reason for reason in DROP_REASONS},
}
# Messages that may be on their way while counts are.
IN_FLIGHT = 3
MAX_TIMES = 100_000


class AnswerRecord:
    """
    Collects the stamps, the counts and the times of one camera.

    :param recorded_stamps_ns: those of the images that were sent, where that is known.
    """

    def __init__(self, recorded_stamps_ns: Collection[int] | None = None) -> None:
        self.num_messages = 0
        self.counts: dict[str, int] = {}
        self.times: dict[str, TimeWindow] = {}
        self._recorded = None if recorded_stamps_ns is None else set(recorded_stamps_ns)
        self._restart_ns = RESTART_NS
        if self._recorded:
            # In a short recording no stamp lies further behind. The clock tells of the new lap
            # too, but may come later than the first detections of it.
            span_ns = max(self._recorded) - min(self._recorded)
            self._restart_ns = min(RESTART_NS, span_ns // 2)
        self._answered: set[int] = set()
        self._last_stamp_ns: int | None = None
        self._last_received_ns = 0
        self._num_laps = 1
        self._num_disordered = 0
        self._num_strange = 0
        self._num_missed: int | None = None  # processed before the first message
        self._has_restarted = False

    def add_message(self, stamp_ns: int, received_ns: int = 0) -> None:
        """
        Take note of the detections of one image.

        :param received_ns: when they came, by a clock that goes back where a recording begins
            again; 0 where there is none.
        """
        self.num_messages += 1
        self._answered.add(stamp_ns)
        self._num_strange += self._recorded is not None and stamp_ns not in self._recorded
        is_set_back = received_ns < self._last_received_ns
        last_ns, self._last_stamp_ns = self._last_stamp_ns, stamp_ns
        self._last_received_ns = received_ns
        if last_ns is None or stamp_ns > last_ns:
            return
        if is_set_back or last_ns - stamp_ns > self._restart_ns:
            self._num_laps += 1
        else:
            self._num_disordered += 1

    def set_counts(self, values: Mapping[str, str]) -> None:
        """Take over the counts that the detector published; other values are passed over."""
        counts = {name: int(values[key]) for key, name in COUNTS.items() if key in values}
        if counts.get('received', 0) < self.counts.get('received', 0):
            self._has_restarted = True
        self.counts = counts
        if self._num_missed is None:
            early = counts.get('processed', 0) - self.num_messages
            self._num_missed = early if early > IN_FLIGHT else 0

    def add_times(self, times: FrameTimes) -> None:
        """Take note of the times of one frame."""
        spans = {name: getattr(times, name) for name in SPANS}
        stages = {f'{stage} (stage)': value for stage, value in times.stage_times.items()}
        for name, value in (spans | stages).items():
            self.times.setdefault(name, TimeWindow(MAX_TIMES)).add(value)

    def problems(self) -> list[str]:
        """List what does not fit together, once nothing is in work any more."""
        if not self.counts:
            return ['the detector published no counts on /diagnostics']
        found = []
        if self._recorded and not self.counts['received']:
            found.append(f'none of {len(self._recorded)} recorded images reached the detector')
        outcomes = sum(self.counts.get(name, 0) for name in OUTCOMES)
        if outcomes != self.counts['received']:
            found.append(f'received {self.counts["received"]}, but the outcomes add to {outcomes}')
        processed = self.counts['processed'] - (self._num_missed or 0)
        if not self._has_restarted and processed != self.num_messages:
            found.append(
                f'{processed} images were processed, but {self.num_messages} messages came'
            )
        if self._num_disordered:
            found.append(f'{self._num_disordered} stamps do not rise')
        if self._num_strange:
            found.append(f'{self._num_strange} stamps are of no image in the recording')
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            'recorded': None if self._recorded is None else len(self._recorded),
            'answered': len(self._answered),
            'messages': self.num_messages,
            'laps': self._num_laps,
            'processed_before': self._num_missed or 0,
            'has_restarted': self._has_restarted,
            'counts': self.counts,
            'times_ms': {name: _percentiles(window) for name, window in self.times.items()},
            'problems': self.problems(),
        }


def _percentiles(window: TimeWindow) -> dict[str, float]:
    points = {'median': 50, 'p90': 90, 'p99': 99, 'max': 100}
    return {name: round(window.percentile_ms(percent), 3) for name, percent in points.items()}
