# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting for cameras that are about to deliver, and for no other."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.batch_wait import BatchWait


def wait_with(max_wait_s, rear_times_s):
    wait = BatchWait(max_wait_s)
    for time_s in rear_times_s:
        wait.note('rear', time_s)
    return wait


def test_off_by_zero():
    assert wait_with(0.0, [0.0, 0.1]).remaining_s({'front'}, 0.2, 0.2) == 0


def test_waits_until_the_deadline_of_the_first_frame():
    wait = wait_with(0.02, [0.0, 0.1])
    assert wait.remaining_s({'front'}, 0.2, 0.2) == pytest.approx(0.02)
    assert wait.remaining_s({'front'}, 0.2, 0.215) == pytest.approx(0.005)
    assert wait.remaining_s({'front'}, 0.2, 0.22) == 0
    assert wait.remaining_s({'front'}, 0.2, 0.25) == 0
    assert wait.remaining_s({'front'}, 0.2, 9.0) == 0


def test_waits_for_nobody_where_all_are_there():
    assert wait_with(0.02, [0.0, 0.1]).remaining_s({'front', 'rear'}, 0.2, 0.2) == 0


@pytest.mark.parametrize('times_s', [[], [0.15]], ids=['never seen', 'seen once'])
def test_camera_without_a_rhythm_is_not_waited_for(times_s):
    assert wait_with(0.02, times_s).remaining_s({'front'}, 0.2, 0.2) == 0


def test_camera_that_fell_silent_is_given_up_after_two_intervals():
    wait = wait_with(0.05, [0.0, 0.1])
    assert wait.remaining_s({'front'}, 0.28, 0.28) == pytest.approx(0.02)
    assert wait.remaining_s({'front'}, 0.31, 0.31) == 0


def test_slow_camera_that_has_just_delivered_is_not_waited_for():
    wait = wait_with(0.02, [0.0, 0.2])
    assert wait.remaining_s({'front'}, 0.21, 0.21) == 0
    assert wait.remaining_s({'front'}, 0.39, 0.39) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ('first_s', 'remaining_s'), [(0.75, 0.125), (0.625, 0.125), (0.5, 0.125), (0.4375, 0)]
)
def test_next_frame_is_near_from_half_an_interval_on(first_s, remaining_s):
    # Sums of powers of two: due at 1.125, and near from 0.625 on.
    wait = wait_with(0.125, [-0.875, 0.125])
    assert wait.remaining_s({'front'}, first_s, first_s) == remaining_s


def test_the_last_of_several_cameras_is_waited_for():
    wait = wait_with(0.05, [0.0, 0.1])
    wait.note('side', 0.0)
    wait.note('side', 0.2)
    assert wait.remaining_s({'front'}, 0.28, 0.28) == pytest.approx(0.05)  # rear: 0.02


def test_camera_that_comes_back_is_waited_for_from_its_second_frame_on():
    wait = wait_with(0.02, [0.0, 0.1, 60.0])
    assert wait.remaining_s({'front'}, 60.1, 60.1) == 0
    wait.note('rear', 60.1)
    assert wait.remaining_s({'front'}, 60.2, 60.2) == pytest.approx(0.02)


@given(
    st.lists(st.floats(0, 10), max_size=8).map(sorted),
    st.floats(0, 1),
    st.floats(0, 20),
    st.floats(0, 5),
)
def test_wait_is_never_longer_than_allowed(times_s, max_wait_s, first_s, waited_s):
    wait = wait_with(max_wait_s, times_s)
    remaining_s = wait.remaining_s({'front'}, first_s, first_s + waited_s)
    assert 0 <= remaining_s <= max(0, max_wait_s - waited_s) + 1e-9
