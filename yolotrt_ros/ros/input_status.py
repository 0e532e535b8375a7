# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The state of one camera's input."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from yolotrt_ros.core.frame_counts import FrameCounts
from yolotrt_ros.ros.status import ERROR, OK, status, WARN

# Beyond these the clocks of camera and detector tell different times.
MAX_AGE_S, MIN_AGE_S = 3600.0, -0.1


@dataclass(frozen=True)
class InputHealth:
    """
    What is known of one camera.

    :param topic: the full name of the topic.
    :param counts: what became of its images since the detector was configured.
    :param previous: the counts of the report before, which decide the level.
    :param is_active: whether images are expected.
    :param is_silent: whether none came for longer than allowed.
    :param silence_s: for how long none came.
    :param num_publishers: of the topic.
    :param rate_hz: images a second; None where it is not known yet.
    :param age_s: age of the newest stamp, by the clock of the node; None before the first.
    :param last_rejection: why the last rejected image was rejected; None before it.
    """

    topic: str
    counts: FrameCounts
    previous: FrameCounts
    is_active: bool
    is_silent: bool
    silence_s: float
    num_publishers: int
    rate_hz: float | None = None
    age_s: float | None = None
    last_rejection: str | None = None


def input_status(name: str, health: InputHealth, hardware_id: str) -> DiagnosticStatus:
    """Report on a camera: ERROR while it is silent, WARN where images were rejected."""
    counts = health.counts
    values: dict[str, object] = {
        'topic': health.topic,
        'publishers': health.num_publishers,
        'rate Hz': None if health.rate_hz is None else f'{health.rate_hz:.1f}',
        'newest stamp age s': None if health.age_s is None else f'{health.age_s:.3f}',
        'seconds without image': f'{health.silence_s:.1f}',
        'received': counts.received,
        'processed': counts.processed,
        'dropped': counts.dropped,
        'rejected': counts.rejected,
        'waiting': counts.waiting,
        **{f'dropped: {reason}': number for reason, number in counts.drops.items()},
        'last rejection': health.last_rejection,
    }
    level, message = _verdict(health)
    return status(name, level, message, values, hardware_id)


def _verdict(health: InputHealth) -> tuple[bytes, str]:
    counts, previous = health.counts, health.previous
    if counts.rejected > previous.rejected:
        return WARN, f'{counts.rejected - previous.rejected} images rejected'
    if not health.is_active:
        return OK, 'inactive'
    if health.is_silent:
        seconds, publishers = f'{health.silence_s:.0f} s', health.num_publishers
        return ERROR, f'no image for {seconds}; the topic has {publishers or "no"} publishers'
    if counts.received == previous.received:
        return OK, 'no new image'
    if counts.processed == previous.processed and (reason := _main_drop(counts, previous)):
        return OK, f'receiving, all dropped: {reason}'
    return OK, f'receiving{_clock_note(health.age_s)}'


def _main_drop(counts: FrameCounts, previous: FrameCounts) -> str:
    """Name the reason that most of the new frames were dropped for; '' where none was."""
    new = {reason: number - previous.drops[reason] for reason, number in counts.drops.items()}
    reason = max(new, key=new.__getitem__)
    return reason if new[reason] else ''


def _clock_note(age_s: float | None) -> str:
    if age_s is None or MIN_AGE_S <= age_s <= MAX_AGE_S:
        return ''
    if age_s < 0:
        return f', but stamps lie {-age_s:.3g} s ahead: are the clocks of the machines in step?'
    return f', but stamps are {age_s:.3g} s old: does use_sim_time fit the source?'
