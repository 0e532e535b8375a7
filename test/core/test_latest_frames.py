# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames between threads: the newest wins, none is forgotten, every one is accounted for."""

import sys
from threading import Event, Thread

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, RuleBasedStateMachine
import pytest

from yolotrt_ros.core.latest_frames import FrameCounts, LatestFrames

CAMERAS = ('front', 'rear', 'left')
PATIENCE_S = 20


@pytest.fixture
def frames():
    frames = LatestFrames(CAMERAS)
    frames.open()
    return frames


def start(target):
    thread = Thread(target=target, daemon=True)
    thread.start()
    return thread


def finish(*threads):
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_nothing_arrived_and_nothing_is_counted(frames):
    assert frames.counts('front') == FrameCounts()
    assert frames.counts('front').waiting == 0


def test_newest_frame_wins_and_the_older_one_counts_as_dropped(frames):
    for frame in (1, 2, 3):
        frames.put('front', frame)
    assert frames.counts('front') == FrameCounts(received=3, dropped=2)
    assert frames.take(9) == [('front', 3)]
    assert frames.counts('front').waiting == 1


def test_frame_that_is_false_is_a_frame_like_any_other(frames):
    frames.put('front', 0)
    frames.put('front', '')
    assert frames.counts('front').dropped == 1
    assert frames.take(1) == [('front', '')]


def test_each_camera_has_a_slot_of_its_own(frames):
    frames.put('front', 1)
    frames.put('rear', 2)
    assert frames.take(9) == [('front', 1), ('rear', 2)]
    assert frames.counts('left') == FrameCounts()


def test_camera_that_waits_longest_is_served_first(frames):
    frames.put('front', 1)
    frames.put('rear', 2)
    frames.put('front', 3)  # takes the place of the older frame
    assert frames.take(1) == [('front', 3)]
    assert frames.take(1) == [('rear', 2)]


@pytest.mark.parametrize('fast', CAMERAS)
def test_cameras_take_turns_however_fast_one_of_them_is(fast, frames):
    served = []
    for _ in range(9):
        for camera in (*CAMERAS, fast, fast):
            frames.put(camera, camera)
        served += [camera for camera, _ in frames.take(1)]
    assert served == list(CAMERAS) * 3


@pytest.mark.parametrize(('max_frames', 'count'), [(1, 1), (2, 2), (9, 3)])
def test_at_most_so_many_frames_are_taken_as_asked_for(frames, max_frames, count):
    for camera in CAMERAS:
        frames.put(camera, camera)
    assert [camera for camera, _ in frames.take(max_frames)] == list(CAMERAS[:count])


def test_outcomes_are_counted(frames):
    for frame in range(3):
        frames.put('front', frame)
        frames.take(1)
    frames.count('front', processed=1)
    frames.count('front', rejected=1)
    assert frames.counts('front') == FrameCounts(received=3, processed=1, rejected=1)
    assert frames.counts('front').waiting == 1


@pytest.mark.parametrize('opened_before', [False, True])
def test_closed_takes_nothing_and_counts_what_arrives_as_dropped(opened_before):
    frames = LatestFrames(CAMERAS)
    if opened_before:
        frames.open()
        frames.close()
    frames.put('front', 1)
    assert frames.counts('front') == FrameCounts(received=1, dropped=1)
    assert frames.take(9) == []


def test_closing_drops_what_lies_in_the_slots_once(frames):
    frames.put('front', 1)
    frames.close()
    frames.close()
    assert frames.counts('front') == FrameCounts(received=1, dropped=1)


def test_frame_in_work_while_closing_is_still_counted_by_its_outcome(frames):
    frames.put('front', 1)
    frames.take(1)
    frames.close()
    assert frames.counts('front').waiting == 1
    frames.count('front', processed=1)
    assert frames.counts('front') == FrameCounts(received=1, processed=1)


def test_counts_go_on_when_opened_again_and_old_frames_do_not_return(frames):
    frames.put('front', 1)
    frames.close()
    frames.open()
    frames.put('front', 2)
    assert frames.take(9) == [('front', 2)]
    assert frames.counts('front') == FrameCounts(received=2, dropped=1)


def test_unknown_camera_is_an_error_and_leaves_nothing_behind(frames):
    with pytest.raises(KeyError, match='top'):
        frames.put('top', 1)
    frames.put('front', 2)
    assert frames.take(9) == [('front', 2)]


def test_taker_waits_for_a_frame(frames):
    taken = []
    taker = start(lambda: taken.extend(frames.take(1)))
    taker.join(0.05)
    assert taker.is_alive()
    frames.put('rear', 1)
    finish(taker)
    assert taken == [('rear', 1)]


def test_closing_sends_waiting_takers_home(frames):
    results = []
    takers = [start(lambda: results.append(frames.take(1))) for _ in range(3)]
    frames.close()
    finish(*takers)
    assert results == [[], [], []]


@pytest.fixture
def restless_threads():
    """Let threads take turns a thousand times as often, so that a missing lock shows."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures('restless_threads')
def test_every_frame_of_many_threads_is_accounted_for(frames):
    num_frames = 2000
    outcomes = {camera: [] for camera in CAMERAS}
    all_sent = Event()

    def produce(camera):
        for frame in range(num_frames):
            frames.put(camera, frame)

    def consume():
        for batch in iter(lambda: frames.take(2), []):
            for camera, frame in batch:
                outcomes[camera].append(frame)
                is_good = frame % 3 > 0
                frames.count(camera, processed=int(is_good), rejected=int(not is_good))

    def watch():
        while not all_sent.is_set():
            waiting.update(frames.counts(camera).waiting for camera in CAMERAS)

    waiting = set()
    consumer, watcher = start(consume), start(watch)
    finish(*[start(lambda camera=camera: produce(camera)) for camera in CAMERAS])
    all_sent.set()
    finish(watcher)
    frames.close()
    finish(consumer)

    assert waiting <= {0, 1, 2}
    for camera in CAMERAS:
        counts, taken = frames.counts(camera), outcomes[camera]
        assert counts.received == num_frames
        assert counts.waiting == 0
        assert counts.processed == sum(frame % 3 > 0 for frame in taken)
        assert counts.rejected == sum(frame % 3 == 0 for frame in taken)
        assert taken == sorted(set(taken))  # in order, none twice


@pytest.mark.usefixtures('restless_threads')
def test_counts_of_many_threads_add_up(frames):
    def count():
        for _ in range(2000):
            frames.count('front', processed=1)

    finish(*[start(count) for _ in range(4)])
    assert frames.counts('front').processed == 8000


class FrameLedger(RuleBasedStateMachine):
    """Any order of calls, next to a plain account of what must have become of the frames."""

    def __init__(self):
        super().__init__()
        self.frames = LatestFrames(CAMERAS)
        self.is_open = False
        self.queue = []  # pairs of camera and frame, those that wait longest first
        self.in_work = []
        self.number = 0
        fates = ('received', 'processed', 'dropped', 'rejected')
        self.expected = {camera: dict.fromkeys(fates, 0) for camera in CAMERAS}

    @rule()
    def open(self):
        self.frames.open()
        self.is_open = True

    @rule()
    def close(self):
        self.frames.close()
        self.is_open = False
        for camera, _ in self.queue:
            self.expected[camera]['dropped'] += 1
        self.queue.clear()

    @rule(camera=st.sampled_from(CAMERAS))
    def put(self, camera):
        self.number += 1
        self.frames.put(camera, self.number)
        self.expected[camera]['received'] += 1
        waiting = [waiting_camera for waiting_camera, _ in self.queue]
        if not self.is_open:
            self.expected[camera]['dropped'] += 1
        elif camera in waiting:
            self.expected[camera]['dropped'] += 1
            self.queue[waiting.index(camera)] = (camera, self.number)
        else:
            self.queue.append((camera, self.number))

    @precondition(lambda self: self.queue or not self.is_open)
    @rule(max_frames=st.integers(1, 4))
    def take(self, max_frames):
        expected, self.queue = self.queue[:max_frames], self.queue[max_frames:]
        assert self.frames.take(max_frames) == expected
        self.in_work += expected

    @precondition(lambda self: self.in_work)
    @rule(outcome=st.sampled_from(['processed', 'rejected']))
    def finish(self, outcome):
        camera, _ = self.in_work.pop(0)
        self.frames.count(camera, **{outcome: 1})
        self.expected[camera][outcome] += 1

    @invariant()
    def counts_are_those_of_the_account(self):
        for camera in CAMERAS:
            counts = self.frames.counts(camera)
            assert counts == FrameCounts(**self.expected[camera])
            waiting = [pair for pair in self.queue + self.in_work if pair[0] == camera]
            assert counts.waiting == len(waiting)


TestFrameLedger = FrameLedger.TestCase
TestFrameLedger.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
