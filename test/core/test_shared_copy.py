# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A copy shared by threads: every byte arrives, every piece is reported, no error is lost."""

import threading

import numpy as np
import pytest

from yolotrt_ros.core.shared_copy import PIECE_BYTES, SharedCopy

SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES + 77]


@pytest.fixture(params=[1, 2, 3, 8])
def copy(request):
    shared = SharedCopy(request.param)
    yield shared
    shared.close()


@pytest.mark.parametrize('size', SIZES)
def test_every_byte_arrives_and_no_other_is_touched(size, copy, rng):
    source = rng.integers(0, 256, size, np.uint8)
    target = np.full(size + 3, 7, np.uint8)
    copy(source, target)
    np.testing.assert_array_equal(target[:size], source)
    assert target[size:].tolist() == [7, 7, 7]


@pytest.mark.parametrize('size', SIZES)
def test_each_piece_is_there_when_it_is_reported(size, copy, rng):
    source = rng.integers(0, 256, size, np.uint8)
    target = np.zeros_like(source)
    pieces, wrong = [], []

    def check(begin, end):
        pieces.append((begin, end))
        if not np.array_equal(target[begin:end], source[begin:end]):
            wrong.append((begin, end))

    copy(source, target, check)
    assert not wrong
    edges = sorted(pieces)
    assert [begin for begin, _ in edges] == list(range(0, size, PIECE_BYTES))
    assert sum(end - begin for begin, end in edges) == size


def test_many_copies_one_after_another(copy, rng):
    for _ in range(200):
        source = rng.integers(0, 256, 3 * PIECE_BYTES, np.uint8)[: rng.integers(3 * PIECE_BYTES)]
        target = np.zeros(3 * PIECE_BYTES, np.uint8)
        copy(source, target)
        np.testing.assert_array_equal(target[: source.size], source)


def test_short_target_is_refused(copy):
    with pytest.raises(ValueError, match='9 bytes do not fit into 8'):
        copy(np.zeros(9, np.uint8), np.zeros(8, np.uint8))


def test_error_of_any_thread_reaches_the_caller_and_the_next_copy_works(copy):
    source = np.ones(8 * PIECE_BYTES, np.uint8)
    for bad in range(8):

        def fail(begin, end, bad=bad):
            if begin == bad * PIECE_BYTES:
                raise RuntimeError(f'piece {bad}')

        with pytest.raises(RuntimeError, match=f'piece {bad}'):
            copy(source, np.zeros_like(source), fail)
    target = np.zeros_like(source)
    copy(source, target)
    assert target.all()


def test_further_threads_are_prepared_once_each():
    prepared = []
    copy = SharedCopy(3, lambda: prepared.append(threading.get_ident()))
    source = np.zeros(6 * PIECE_BYTES, np.uint8)
    for _ in range(5):
        copy(source, np.empty_like(source))
    copy.close()
    copy.close()
    assert len(prepared) == len(set(prepared)) == 2
    assert threading.get_ident() not in prepared


def test_closing_ends_the_threads():
    before = threading.active_count()
    copy = SharedCopy(4)
    assert threading.active_count() == before + 3
    copy.close()
    assert threading.active_count() == before


def test_number_of_threads_is_checked():
    with pytest.raises(ValueError, match='at least 1, but is 0'):
        SharedCopy(0)
