# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rates of counters."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.rate_meter import RateMeter


def test_first_reading_has_no_rate():
    assert RateMeter().rate_hz(5, 100.0) is None


def test_second_reading_at_the_same_moment_has_no_rate():
    meter = RateMeter()
    meter.rate_hz(5, 100.0)
    assert meter.rate_hz(6, 100.0) is None


@given(rate=st.integers(0, 200), period=st.sampled_from([0.25, 0.5, 1.0, 4.0, 16.0]))
def test_steady_rate_is_found_at_any_period_of_reading(rate, period):
    meter = RateMeter()
    for tick in range(1, 40):
        found = meter.rate_hz(int(tick * rate * period), tick * period)
    assert found == pytest.approx(rate, abs=1 / period)


def test_what_is_older_than_the_span_is_forgotten():
    meter = RateMeter(span_s=5.0)
    for second in range(100):
        meter.rate_hz(1000 * second, float(second))
    for second in range(100, 106):
        found = meter.rate_hz(99_000, float(second))
    assert found == pytest.approx(0, abs=200)
    assert meter.rate_hz(99_000, 106.0) == 0
