# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The books of a camera: every frame has one outcome, and they add up."""

from dataclasses import fields
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from yolotrt_ros.core.frame_counts import DROP_REASONS, DropReason, FrameCounts

FIELDS = [item.name for item in fields(FrameCounts)]


def test_reasons_are_those_that_the_worker_and_the_slots_give():
    assert set(DROP_REASONS) == set(get_args(DropReason))
    assert FIELDS[:3] == ['received', 'processed', 'rejected']


def test_nothing_has_come_at_first():
    assert FrameCounts() == FrameCounts(*[0] * len(FIELDS))


@given(st.lists(st.integers(0, 1000), min_size=len(FIELDS), max_size=len(FIELDS)))
def test_outcomes_add_up_to_what_was_received(numbers):
    counts = FrameCounts(*numbers)
    assert counts.dropped == sum(numbers[3:]) == sum(counts.drops.values())
    outcomes = counts.processed + counts.rejected + counts.dropped
    assert counts.received == outcomes + counts.waiting


def test_reasons_are_told_apart():
    counts = FrameCounts(received=6, superseded=1, age=2)
    assert counts.drops == dict.fromkeys(DROP_REASONS, 0) | {'superseded': 1, 'age': 2}
    assert (counts.dropped, counts.waiting) == (3, 3)
