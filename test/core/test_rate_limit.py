# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The highest rate: kept on the long run, whatever the rhythm, and not undercut by jitter."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.rate_limit import find_max_rates, RateLimit

MS = 1_000_000


def admitted(limit, times_ns):
    return [time_ns for time_ns in times_ns if limit.admits(time_ns)]


def test_zero_lets_everything_through():
    assert admitted(RateLimit(0.0), [5, 5, 4, 6]) == [5, 5, 4, 6]


@pytest.mark.parametrize('jitter_ms', [0.0, 2.0, 8.0])
def test_every_third_frame_of_thirty_a_second_passes_a_limit_of_ten(jitter_ms, rng):
    times_ms = 1e3 / 30 * np.arange(3000) + rng.uniform(-jitter_ms, jitter_ms, 3000)
    times_ns = (times_ms * MS).astype(np.int64) + 10**18
    passed = admitted(RateLimit(10.0), times_ns.tolist())
    assert 995 <= len(passed) <= 1000  # 100 seconds


@given(
    st.floats(0.5, 200),
    st.lists(st.integers(0, 300 * MS), min_size=1, max_size=80),
)
def test_rate_is_never_exceeded_by_more_than_one_frame(rate_hz, gaps_ns):
    times_ns = np.cumsum(gaps_ns).tolist()
    passed = admitted(RateLimit(rate_hz), times_ns)
    assert passed[0] == times_ns[0]
    for first, start_ns in enumerate(passed):
        for last in range(first, len(passed)):
            span_s = (passed[last] - start_ns) / 1e9
            # One for the begin of the span, one for a frame that was due before it.
            assert last - first + 1 <= span_s * rate_hz + 2 + 1e-6


def test_camera_slower_than_the_limit_loses_nothing():
    times_ns = list(range(0, 10**10, 150 * MS))
    assert admitted(RateLimit(10.0), times_ns) == times_ns


def test_pause_is_not_saved_up():
    limit = RateLimit(10.0)
    assert limit.admits(0)
    burst = [5_000 * MS + index * MS for index in range(50)]
    assert admitted(limit, burst) == burst[:1]


def test_frame_that_is_a_whole_period_late_leaves_nothing_for_the_next():
    assert admitted(RateLimit(10.0), [0, 200 * MS, 201 * MS, 300 * MS]) == [0, 200 * MS, 300 * MS]


def test_frames_of_the_same_moment_are_held_back():
    assert admitted(RateLimit(10.0), [5, 5, 5]) == [5]


def test_time_that_jumps_back_begins_anew():
    limit = RateLimit(1.0)
    assert admitted(limit, [10**12, 10**12 + 5, 3, 4, 10**9 + 3]) == [10**12, 3, 10**9 + 3]


@pytest.mark.parametrize(
    ('entries', 'expected'),
    [
        ((), {'front': 8.0, 'rear': 8.0}),
        (('rear=5',), {'front': 8.0, 'rear': 5.0}),
        (('rear=5', 'rear=0', 'front=0.5'), {'front': 0.5, 'rear': 0.0}),
        (('rear=1000',), {'front': 8.0, 'rear': 1000.0}),
    ],
)
def test_rates_of_cameras(entries, expected):
    assert find_max_rates(8.0, entries, ('front', 'rear')) == expected


@pytest.mark.parametrize(
    'entry', ['rear', 'rear=', '=5', 'rear=-1', 'rear=1000.1', 'rear=fast', 'rear=nan']
)
def test_entry_of_another_form_is_refused(entry):
    with pytest.raises(ConfigError, match='must be a camera, an equals sign and a rate'):
        find_max_rates(0.0, (entry,), ('rear',))


def test_unknown_camera_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="'top' is no camera; the cameras are front, rear"):
        find_max_rates(0.0, ('top=1',), ('front', 'rear'))
    with pytest.raises(ConfigError, match='set max_rate for the only camera'):
        find_max_rates(0.0, ('top=1',), ('',))
