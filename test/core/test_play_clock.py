# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
from math import inf

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.play_clock import PlayClock

START_NS = 1_700_000_000_000_000_000
seconds = st.floats(0, 1e4)
rates = st.floats(0.01, 100)


class Steady:
    """A steady clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.ns = 5

    def __call__(self) -> int:
        return self.ns

    def advance(self, duration_s: float) -> None:
        self.ns += round(duration_s * 1e9)


@given(elapsed_s=seconds, rate=rates)
def test_it_runs_at_its_rate(elapsed_s, rate):
    steady = Steady()
    clock = PlayClock(rate, now_ns=steady)
    clock.start(START_NS)
    steady.advance(elapsed_s)
    assert clock.recorded_ns == pytest.approx(START_NS + elapsed_s * rate * 1e9, abs=512)


@given(offset_s=seconds, elapsed_s=seconds, rate=rates)
def test_after_the_time_that_it_tells_the_moment_has_come(offset_s, elapsed_s, rate):
    steady = Steady()
    clock = PlayClock(rate, now_ns=steady)
    clock.start(START_NS)
    steady.advance(elapsed_s)
    due_ns = START_NS + round(offset_s * 1e9)
    steady.advance(max(0.0, clock.seconds_until(due_ns)))
    # Each clock counts whole nanoseconds: two roundings of the recording's, one of the other.
    left_ns = 1.5 + rate
    assert due_ns - clock.recorded_ns <= left_ns
    assert clock.seconds_until(due_ns) <= left_ns / rate * 1e-9


@given(durations=st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=8))
def test_only_the_time_that_is_not_paused_counts(durations):
    steady = Steady()
    clock = PlayClock(now_ns=steady)
    clock.start(START_NS)
    for paused, duration_s in durations:
        clock.paused = paused
        assert clock.paused is paused
        steady.advance(duration_s)
    played_s = sum(duration_s for paused, duration_s in durations if not paused)
    assert clock.recorded_ns == pytest.approx(START_NS + played_s * 1e9, abs=512)


def test_before_the_start_nothing_is_due():
    clock = PlayClock()
    assert clock.recorded_ns is None
    assert clock.seconds_until(START_NS) == inf


def test_while_paused_what_is_due_stays_due_and_the_rest_waits():
    clock = PlayClock(paused=True, now_ns=Steady())
    clock.start(START_NS)
    assert clock.seconds_until(START_NS) == 0
    assert clock.seconds_until(START_NS - 10**9) == -1
    assert clock.seconds_until(START_NS + 1) == inf


def test_it_starts_again_at_the_beginning():
    steady = Steady()
    clock = PlayClock(now_ns=steady)
    clock.start(START_NS)
    steady.advance(7)
    clock.start(START_NS)
    assert clock.recorded_ns == START_NS
