# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few items of a stream, evenly spread."""

from weakref import WeakSet

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.even_sample import even_indices, EvenSample


def sample(length: int, size: int) -> list[int]:
    chosen = EvenSample[int](size)
    for item in range(length):
        chosen.add(item)
    return chosen.chosen()


def test_an_empty_stream_gives_nothing():
    assert sample(0, 5) == []


@given(st.integers(1, 2000), st.integers(1, 20))
def test_is_as_many_as_asked_for_in_order_and_spread(length, size):
    chosen = sample(length, size)
    assert len(chosen) == min(length, size)
    assert chosen == sorted(set(chosen))
    assert chosen[0] == 0
    gaps = [b - a for a, b in zip(chosen, [*chosen[1:], length], strict=True)]
    assert max(gaps) <= 4 * max(1, length / size)


@pytest.mark.parametrize(
    ('length', 'chosen'),
    [(16, [0, 4, 8, 12]), (17, [0, 4, 8, 12]), (33, [0, 8, 16, 24]), (100, [0, 16, 48, 80])],
)
def test_what_is_kept_of_a_long_stream_lies_at_equal_distances(length, chosen):
    assert sample(length, 4) == chosen


def test_what_is_not_kept_is_let_go():
    class Picture:
        """Something that can be seen to live."""

    kept, alive = EvenSample[Picture](5), WeakSet()
    for _ in range(1000):
        item = Picture()
        alive.add(item)
        kept.add(item)
        del item
        assert len(alive) <= 10


def test_no_items_have_no_indices():
    assert even_indices(0, 5) == []
    assert even_indices(5, 0) == []


@given(st.integers(1, 10**9), st.integers(1, 300))
def test_gaps_between_even_indices_differ_by_one_at_most(length, size):
    indices = even_indices(length, size)
    assert len(indices) == min(length, size)
    assert indices[0] == 0
    gaps = {b - a for a, b in zip(indices, [*indices[1:], length], strict=True)}
    assert max(gaps) - min(gaps) <= 1
    assert min(gaps) >= 1
