# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames that are too old or come too late, told apart and told in words."""

import pytest

from yolotrt_ros.core.turn_rules import TurnRules

SECOND = 10**9
NOW = 1_800_000_000 * SECOND


@pytest.fixture
def rules():
    return TurnRules(['front', 'rear'])


def refusal(rules, stamp_ns, now_ns=NOW, camera='front'):
    """Offer a frame; one that is not refused is processed."""
    refused = rules.refusal(camera, stamp_ns=stamp_ns, received_ns=now_ns, taken_ns=now_ns)
    if refused is None:
        rules.processed(camera, stamp_ns)
    return refused


def test_age_does_not_matter_by_default(rules):
    assert refusal(rules, NOW - 10**15) is None


def test_too_old_frame_is_refused_and_does_not_spoil_the_order(rules):
    rules.max_age_s = 0.5
    refused = refusal(rules, NOW - SECOND)
    assert refused.reason == 'age'
    assert '1.000 s old, but max_frame_age is 0.5 s' in refused.words
    assert 'use_sim_time' not in refused.words
    assert refusal(rules, NOW - SECOND // 2) is None


def test_stamp_of_another_clock_is_refused_with_the_cure(rules):
    rules.max_age_s = 0.5
    assert 'play a recording with --clock and set use_sim_time' in refusal(rules, SECOND).words


def test_age_counts_until_the_turn_and_not_until_the_arrival(rules):
    rules.max_age_s = 0.5
    times = {'stamp_ns': NOW, 'received_ns': NOW + SECOND // 10}
    assert rules.refusal('front', **times, taken_ns=NOW + SECOND).reason == 'age'


def test_clock_that_is_set_back_makes_nothing_old(rules):
    rules.max_age_s = 0.5
    assert refusal(rules, NOW) is None
    assert refusal(rules, NOW + SECOND // 10, NOW - 100 * SECOND) is None  # from before the jump
    assert refusal(rules, NOW - 100 * SECOND, NOW - 100 * SECOND + 1) is None


def test_frame_without_a_stamp_has_no_age(rules):
    rules.max_age_s = 0.5
    assert refusal(rules, 0) is None


def test_late_frame_is_refused_for_its_own_camera_only(rules):
    assert refusal(rules, NOW) is None
    refused = refusal(rules, NOW - 1)
    assert (refused.reason, refused.words) == (
        'late',
        'its stamp is not above that of the last one',
    )
    assert refusal(rules, NOW - 1, camera='rear') is None
