# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps rise, unless time begins anew."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yolotrt_ros.core.stamp_order import RESTART_NS, StampOrder

MS = 1_000_000
HOUR_NS = 3600 * 10**9


def passed(stamps_ms, period_ms=33, received_ms=None):
    """Return the stamps that pass; frames arrive one period after the other."""
    order = StampOrder()
    if received_ms is None:
        received_ms = [HOUR_NS // MS + index * period_ms for index in range(len(stamps_ms))]
    found = []
    for stamp, received in zip(stamps_ms, received_ms, strict=True):
        if order.admits(stamp * MS, received * MS):
            order.processed(stamp * MS)
            found.append(stamp)
    return found


def test_rising_stamps_pass():
    assert passed([5, 6, 1000, 1001]) == [5, 6, 1000, 1001]


def test_frame_that_comes_behind_a_newer_one_is_refused():
    assert passed([100, 166, 133, 200]) == [100, 166, 200]
    assert passed([100, 400, 200, 300, 500]) == [100, 400, 500]


def test_repeated_frame_is_refused():
    assert passed([100, 100, 133, 133, 100]) == [100, 133]
    assert passed([100] * 200) == [100]


def test_loop_of_a_bag_without_a_clock_begins_anew_at_once():
    lap = list(range(10_000, 15_000, 33))
    assert passed(lap * 3) == lap * 3


def test_loop_of_a_bag_shorter_than_the_limit_begins_anew_after_it():
    lap = list(range(10_000, 10_300, 33))
    found = passed(lap * 30)
    assert found[: len(lap)] == lap
    restarts = sum(later <= earlier for earlier, later in pairwise(found))
    assert 5 <= restarts <= 10  # about once a second


def test_clock_that_is_set_back_begins_anew_at_once():
    stamps = [5000, 5100, 4800, 4900, 5000]
    assert passed(stamps, received_ms=[5001, 5101, 4801, 4901, 5001]) == stamps
    # also where the stamp is the same: the world was set back to that moment
    assert passed([5000, 5000], received_ms=[5001, 5000]) == [5000, 5000]


def test_the_limit_itself_is_no_restart():
    order = StampOrder()
    order.processed(HOUR_NS)
    assert not order.admits(HOUR_NS - RESTART_NS, HOUR_NS)
    assert not order.admits(HOUR_NS - 1, HOUR_NS + RESTART_NS)
    assert order.admits(HOUR_NS - 1, HOUR_NS + RESTART_NS + 1)


def test_stamp_just_beyond_the_limit_is_a_restart():
    order = StampOrder()
    order.processed(HOUR_NS)
    assert order.admits(HOUR_NS - RESTART_NS - 1, HOUR_NS)


def test_two_cameras_on_one_topic_keep_the_newer_stamps():
    ahead = range(1000, 60_000, 100)
    stamps = [stamp for pair in ((each, each - 250) for each in ahead) for stamp in pair]
    assert passed(stamps, period_ms=50) == list(ahead)


def test_camera_slower_than_the_limit_is_kept_in_order_too():
    assert passed([5000, 10_000, 9900, 15_000], period_ms=5000) == [5000, 10_000, 15_000]


def test_frames_without_a_stamp_all_pass_and_change_nothing():
    assert passed([0, 0, 100, 0, 90, 0]) == [0, 0, 100, 0, 0]


def test_frame_that_could_not_be_processed_makes_no_other_late():
    order = StampOrder()
    order.processed(100 * MS)
    assert order.admits(400 * MS, HOUR_NS)  # a damaged image: nothing was published for it
    assert order.admits(200 * MS, HOUR_NS + 1)
    assert not order.admits(90 * MS, HOUR_NS + 2)


def test_clock_set_back_is_remembered_where_the_first_frame_behind_it_fails():
    order = StampOrder()
    assert order.admits(5000 * MS, 5001 * MS)
    order.processed(5000 * MS)
    assert order.admits(4800 * MS, 4801 * MS)
    assert order.admits(4900 * MS, 4901 * MS)


@given(st.lists(st.integers(1, 3000), max_size=60))
def test_stamps_go_back_by_much_or_after_a_second_or_not_at_all(stamps_ms):
    order = StampOrder()
    newest_ns, passed_at_ns = 0, 0
    for index, stamp_ms in enumerate(stamps_ms):
        received_ns = HOUR_NS + index * 100 * MS
        stamp_ns = stamp_ms * MS
        if not order.admits(stamp_ns, received_ns):
            continue
        order.processed(stamp_ns)
        is_far = newest_ns - stamp_ns > RESTART_NS
        assert stamp_ns > newest_ns or is_far or received_ns - passed_at_ns > RESTART_NS
        newest_ns, passed_at_ns = stamp_ns, received_ns
