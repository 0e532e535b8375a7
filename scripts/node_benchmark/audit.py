# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a detector kept its promises while more came than it could process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scripts.node_benchmark.ledger import CameraLedger, Ledger

MIN_OVERLOAD = 2.5
MIN_SHARE = 0.7
# In work, and in the slot: a frame is taken out of the slot when its call begins.
MAX_WAITING = 2
# The newest image waits for the call in work, then for its own. A queue of one more image would
# add a whole call, and one without bounds ever more.
MAX_CALLS = 1.75
MAX_GROWTH_BYTES = 4 << 20


@dataclass(frozen=True)
class Finding:
    """
    One promise.

    :param promise: what was promised.
    :param is_kept: whether it was kept.
    :param facts: the figures.
    """

    promise: str
    is_kept: bool
    facts: str


def audit(ledger: Ledger, call_s: float) -> list[Finding]:
    """
    Check every promise.

    :param ledger: of a run that has ended; the last counts must be from behind its end.
    :param call_s: how long the pipeline takes for a call.
    """
    promises: list[Callable[[CameraLedger], str | None]] = [
        every_image_is_accounted_for,
        drops_have_reasons,
        processed_is_what_was_published,
        stamps_rise_and_were_sent,
    ]
    findings = [overload(ledger), *(by_camera(ledger, promise) for promise in promises)]
    return [*findings, fairness(ledger), newest_wins(ledger, call_s), flat_memory(ledger)]


def by_camera(ledger: Ledger, complaint: Callable[[CameraLedger], str | None]) -> Finding:
    """Ask for the first complaint of each camera."""
    found = {name: complaint(camera) for name, camera in ledger.cameras.items()}
    complaints = [f'{name}: {text}' for name, text in found.items() if text]
    promise = complaint.__name__.replace('_', ' ')
    return Finding(promise, not complaints, '; '.join(complaints) or 'each camera')


def every_image_is_accounted_for(camera: CameraLedger) -> str | None:
    """Complain where the counts of a diagnostic message do not add up."""
    if not camera.counts:
        return 'no diagnostics came'
    for counts in camera.counts:
        settled = counts['processed'] + counts['dropped'] + counts['rejected']
        if counts['received'] != settled + counts['waiting']:
            return f'{counts} do not add up'
        if not 0 <= counts['waiting'] <= MAX_WAITING:
            return f'{counts["waiting"]} images waited'
    last = camera.counts[-1]
    if last['waiting'] or last['received'] > len(camera.sent):
        return f'{len(camera.sent)} were sent, and the end is {last}'
    return None


def drops_have_reasons(camera: CameraLedger) -> str | None:
    """Complain where the dropped images by reason are not all of them."""
    for counts, drops in zip(camera.counts, camera.drops, strict=True):
        if sum(drops.values()) != counts['dropped']:
            return f'{counts["dropped"]} dropped, by reason {drops}'
    return None


def processed_is_what_was_published(camera: CameraLedger) -> str | None:
    """Complain where another number of answers came than were counted as processed."""
    processed = camera.counts[-1]['processed'] if camera.counts else 0
    if processed != len(camera.answers):
        return f'{processed} processed, {len(camera.answers)} answers'
    return None


def stamps_rise_and_were_sent(camera: CameraLedger) -> str | None:
    """Complain of a stamp that comes twice, too late, or from nowhere."""
    stamps = [stamp for stamp, _ in camera.answers]
    if any(later <= earlier for earlier, later in pairwise(stamps)):
        return 'the stamps of the answers do not rise'
    strangers = len(set(stamps) - set(camera.sent))
    return f'{strangers} answers to images that were never sent' if strangers else None


def overload(ledger: Ledger) -> Finding:
    """Check that there was more than could be done, or nothing is shown."""
    ratio = ledger.num_sent / max(1, ledger.num_answers)
    facts = f'{ledger.num_sent} sent, {ledger.num_answers} answered, {ratio:.2f} to 1'
    return Finding('more was sent than could be done', ratio >= MIN_OVERLOAD, facts)


def fairness(ledger: Ledger) -> Finding:
    """Compare the cameras, all of which sent at one rate."""
    numbers = {name: len(camera.answers) for name, camera in ledger.cameras.items()}
    is_kept = min(numbers.values()) >= max(1, MIN_SHARE * max(numbers.values()))
    facts = ', '.join(f'{name} {number}' for name, number in numbers.items())
    return Finding('cameras take turns', is_kept, facts)


def newest_wins(ledger: Ledger, call_s: float) -> Finding:
    """Compare the age of the answers with the time of a call."""
    ages_ms = [age for camera in ledger.cameras.values() for age in camera.ages_ms()]
    if not ages_ms:
        return Finding('newest wins', False, 'no answer came')
    median, p99 = np.percentile(ages_ms, (50, 99))
    facts = f'age of the answers {median:.1f} ms, p99 {p99:.1f}; a call takes {1e3 * call_s:.1f}'
    return Finding('newest wins', bool(median <= 1e3 * MAX_CALLS * call_s), facts)


def flat_memory(ledger: Ledger) -> Finding:
    """Compare the memory of the last quarter with that of the second, behind all warming up."""
    used = np.array(ledger.resident_bytes, np.float64)
    if len(used) < 4:
        return Finding('memory is flat', False, f'{len(used)} samples are too few')
    quarter = len(used) // 4
    before, after = np.median(used[quarter : 2 * quarter]), np.median(used[-quarter:])
    facts = f'{before / 2**20:.1f} MiB, at the end {after / 2**20:.1f}'
    return Finding('memory is flat', bool(after - before <= MAX_GROWTH_BYTES), facts)
