# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether anybody listens."""

import pytest

from yolotrt_ros.ros.subscribers import Subscribers

pytestmark = pytest.mark.ros


class Counted:
    """A publisher whose subscribers are set by hand, and that counts the questions."""

    def __init__(self):
        self.number, self.questions = 0, 0

    def get_subscription_count(self):
        self.questions += 1
        return self.number


def test_middleware_is_asked_ten_times_a_second_at_most():
    publisher, now_s = Counted(), [50.0]
    subscribers = Subscribers(publisher, now_s=lambda: now_s[0])
    for _ in range(1000):
        assert not subscribers.is_any()
        now_s[0] += 0.001
    assert publisher.questions == pytest.approx(10, abs=1)


def test_answer_follows_within_a_tenth_of_a_second():
    publisher, now_s = Counted(), [50.0]
    subscribers = Subscribers(publisher, now_s=lambda: now_s[0])
    for publisher.number in (0, 1, 2, 0, 3):
        now_s[0] += 0.1001
        assert subscribers.is_any() == (publisher.number > 0)
