# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames between threads: the newest wins, none is forgotten, every one is accounted for."""

from collections import Counter
import sys
from threading import Event, Thread
from time import monotonic, sleep

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, RuleBasedStateMachine
import pytest

from yolotrt_ros.core.frame_counts import FrameCounts
from yolotrt_ros.core.latest_frames import LatestFrames

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
    assert frames.counts('front') == FrameCounts(received=3, superseded=2)
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
    frames.finish('front', 'processed')
    frames.finish('front', 'rejected')
    assert frames.counts('front') == FrameCounts(received=3, processed=1, rejected=1)
    assert frames.counts('front').waiting == 1


@pytest.mark.parametrize('opened_before', [False, True])
def test_closed_takes_nothing_and_counts_what_arrives_as_dropped(opened_before):
    frames = LatestFrames(CAMERAS)
    if opened_before:
        frames.open()
        frames.close()
    frames.put('front', 1)
    assert frames.counts('front') == FrameCounts(received=1, inactive=1)
    assert frames.take(9) == []


def test_closing_drops_what_lies_in_the_slots_once(frames):
    frames.put('front', 1)
    frames.close()
    frames.close()
    assert frames.counts('front') == FrameCounts(received=1, inactive=1)


def test_frame_in_work_while_closing_is_still_counted_by_its_outcome(frames):
    frames.put('front', 1)
    frames.take(1)
    frames.close()
    assert frames.counts('front').waiting == 1
    frames.finish('front', 'processed')
    assert frames.counts('front') == FrameCounts(received=1, processed=1)


def test_counts_go_on_when_opened_again_and_old_frames_do_not_return(frames):
    frames.put('front', 1)
    frames.close()
    frames.open()
    frames.put('front', 2)
    assert frames.take(9) == [('front', 2)]
    assert frames.counts('front') == FrameCounts(received=2, inactive=1)


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
                frames.finish(camera, 'processed' if is_good else 'rejected')

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
            frames.finish('front', 'processed')

    finish(*[start(count) for _ in range(4)])
    assert frames.counts('front').processed == 8000


class Clock:
    """Steady time that the test moves."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def test_frames_of_a_camera_that_nobody_watches_are_dropped(frames):
    frames.put('front', 1, is_watched=False)
    frames.put('front', 2)
    frames.put('front', 3, is_watched=False)  # what waits was wanted, and is served
    assert frames.take(9) == [('front', 2)]
    assert frames.counts('front') == FrameCounts(received=3, unwatched=2)


def test_pause_drops_what_waits_and_what_comes_until_it_ends(frames):
    frames.put('front', 1)
    frames.set_enabled(False)
    frames.put('rear', 2)
    assert frames.counts('front') == frames.counts('rear') == FrameCounts(received=1, disabled=1)
    frames.set_enabled(True)
    frames.put('rear', 3)
    assert frames.take(9) == [('rear', 3)]


def test_taker_goes_on_waiting_while_paused(frames):
    frames.set_enabled(False)
    taken = []
    taker = start(lambda: taken.extend(frames.take(1)))
    frames.put('front', 1)
    taker.join(0.05)
    assert taker.is_alive()
    frames.set_enabled(True)
    frames.put('front', 2)
    finish(taker)
    assert taken == [('front', 2)]


def test_highest_rate_holds_for_each_camera_of_its_own(frames):
    frames.set_max_rates({'front': 10.0, 'rear': 0.0})
    for time_ms in range(0, 1000, 20):
        for camera in ('front', 'rear'):
            frames.put(camera, time_ms, time_ms * 1_000_000)
        for camera, _ in frames.take(9):
            frames.finish(camera, 'processed')
    assert frames.counts('front') == FrameCounts(received=50, processed=10, rate=40)
    assert frames.counts('rear') == FrameCounts(received=50, processed=50)


def test_newer_frame_takes_the_slot_whatever_the_rate(frames):
    frames.set_max_rates({'front': 1.0})
    for time_ms in (0, 10, 20):
        frames.put('front', time_ms, time_ms * 1_000_000)
    assert frames.take(1) == [('front', 20)]
    assert frames.counts('front') == FrameCounts(received=3, superseded=2)


def test_rate_can_be_changed_and_taken_back(frames):
    def pass_through(times_ms):
        for time_ms in times_ms:
            frames.put('front', time_ms, time_ms * 1_000_000)
            if frames.counts('front').waiting > frames.counts('rear').received:
                yield from (frame for _, frame in frames.take(1))
                frames.finish('front', 'processed')

    frames.set_max_rates({'front': 0.1})
    assert list(pass_through([0, 100, 200])) == [0]
    frames.set_max_rates({'front': 0.1})  # the same again begins nothing anew
    assert list(pass_through([300])) == []
    frames.set_max_rates({'front': 0.0})
    assert list(pass_through([400, 401])) == [400, 401]


class TestBatchWait:
    """The first frame of a batch waits for cameras that are about to deliver."""

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def paired(self, clock):
        """Frames of cameras that came every 100 ms up to now."""
        frames = LatestFrames(CAMERAS[:2], max_batch_wait_s=0.02, now_s=clock)
        frames.open()
        for _ in range(3):
            for camera in CAMERAS[:2]:
                frames.put(camera, 'old')
            frames.take(2)
            clock.now_s += 0.1
        return frames

    def test_both_share_a_batch(self, paired, clock):
        paired.put('front', 1)
        taken = []
        taker = start(lambda: taken.append(paired.take(2)))
        taker.join(0.005)
        clock.now_s += 0.01
        paired.put('rear', 2)
        finish(taker)
        assert taken == [[('front', 1), ('rear', 2)]]

    def test_wait_ends_a_bounded_time_after_the_first_frame(self, paired, clock):
        paired.put('front', 1)
        clock.now_s += 0.015
        paired.put('front', 2)  # a newer frame does not begin the wait anew
        clock.now_s += 0.0051
        assert paired.take(2) == [('front', 2)]

    def test_wait_is_real(self):
        frames = LatestFrames(CAMERAS[:2], max_batch_wait_s=0.15)
        frames.open()
        for _ in range(3):
            for camera in CAMERAS[:2]:
                frames.put(camera, 'old')
            frames.take(2)
            sleep(0.1)
        frames.put('front', 1)
        begin = monotonic()
        assert frames.take(2) == [('front', 1)]
        assert 0.05 < monotonic() - begin < 5

    @pytest.mark.parametrize('silence_s', [0.3, 1.0, 60.0])
    def test_camera_that_fell_silent_is_not_waited_for(self, paired, clock, silence_s):
        clock.now_s += silence_s
        paired.put('front', 1)
        assert paired.take(2) == [('front', 1)]

    def test_full_batch_waits_for_nobody(self, paired):
        paired.put('front', 1)
        assert paired.take(1) == [('front', 1)]


class FrameLedger(RuleBasedStateMachine):
    """Any order of calls, next to a plain account of what must have become of the frames."""

    def __init__(self):
        super().__init__()
        self.frames = LatestFrames(CAMERAS)
        self.is_open, self.is_enabled = False, True
        self.queue = []  # pairs of camera and frame, those that wait longest first
        self.in_work = []
        self.number = 0
        self.expected = {camera: Counter() for camera in CAMERAS}

    @rule()
    def open(self):
        self.frames.open()
        self.is_open = True

    @rule()
    def close(self):
        self.frames.close()
        self.is_open = False
        self.drop_waiting('inactive')

    @rule(is_enabled=st.booleans())
    def pause(self, is_enabled):
        self.frames.set_enabled(is_enabled)
        self.is_enabled = is_enabled
        if not is_enabled:
            self.drop_waiting('disabled')

    def drop_waiting(self, reason):
        for camera, _ in self.queue:
            self.expected[camera][reason] += 1
        self.queue.clear()

    @rule(camera=st.sampled_from(CAMERAS), is_watched=st.sampled_from([True, True, False]))
    def put(self, camera, is_watched):
        self.number += 1
        self.frames.put(camera, self.number, is_watched=is_watched)
        self.expected[camera]['received'] += 1
        waiting = [waiting_camera for waiting_camera, _ in self.queue]
        if not self.is_open:
            self.expected[camera]['inactive'] += 1
        elif not self.is_enabled:
            self.expected[camera]['disabled'] += 1
        elif not is_watched:
            self.expected[camera]['unwatched'] += 1
        elif camera in waiting:
            self.expected[camera]['superseded'] += 1
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
    @rule(outcome=st.sampled_from(['processed', 'rejected', 'age', 'late']))
    def finish(self, outcome):
        camera, _ = self.in_work.pop(0)
        self.frames.finish(camera, outcome)
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
