# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stop watches and windows over the last times."""

import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core import timing
from yolotrt_ros.core.timing import Stopwatch, TimeWindow


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock by one that is moved by hand, in seconds."""
    now = [100.0]
    monkeypatch.setattr(timing, 'perf_counter', lambda: now[0])
    return now


def test_watch_without_a_stage_has_no_times():
    assert Stopwatch().stage_times == {}


def test_stages_are_timed_in_milliseconds_and_add_up(clock):
    watch = Stopwatch()
    for name, seconds in (('read', 0.25), ('run', 1.0), ('read', 0.5)):
        with watch.stage(name):
            clock[0] += seconds
        clock[0] += 10  # between the stages
    assert watch.stage_times == pytest.approx({'read': 750, 'run': 1000})
    assert list(watch.stage_times) == ['read', 'run']


def test_stage_that_fails_is_timed_too(clock):
    watch = Stopwatch()

    def read():
        with watch.stage('read'):
            clock[0] += 0.5
            raise ValueError('broken')

    with pytest.raises(ValueError, match='broken'):
        read()
    assert watch.stage_times == pytest.approx({'read': 500})


def test_empty_window_has_no_percentile():
    window = TimeWindow()
    assert len(window) == 0
    assert math.isnan(window.percentile_ms(50))


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(0, 100))
def test_percentile_is_numpys(times, percent):
    window = TimeWindow(length=20)
    for time_ms in times:
        window.add(time_ms)
    assert len(window) == min(len(times), 20)
    assert window.percentile_ms(percent) == np.percentile(times[-20:], percent)
