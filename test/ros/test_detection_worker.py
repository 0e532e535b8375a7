# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The worker goes on whatever happens, and every frame has its outcome."""

from contextlib import contextmanager
from threading import enumerate as all_threads
import time

import numpy as np
import pytest
from rclpy.clock import Clock
from rclpy.logging import get_logger
from rclpy.serialization import serialize_message
from std_msgs.msg import Header

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import DetectionError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.latest_frames import LatestFrames
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.turn_rules import TurnRules
from yolotrt_ros.ros.detection_worker import DetectionWorker
from yolotrt_ros.ros.frame_accounts import FrameAccounts
from yolotrt_ros.ros.frame_reader import FrameReader
from yolotrt_ros.ros.frame_turn import ReceivedFrame
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

CAMERAS = ('front', 'rear')
TIMEOUT_S = 30.0
RULES = Selection(0.25, 0.45, 9)


class Instant:
    """A pipeline that finds nothing at once, or fails as it is told."""

    info = NetworkInfo('a.onnx', 'none', (64, 64), 2, ('cone',), 'none')

    def __init__(self):
        self.stage_times = {'inference': 1.0}
        self.failures = []
        self.seen = []
        self.num_expected = 0

    def expect_frames(self):
        self.num_expected += 1

    def detect(self, frames, selection):
        self.seen.append((len(frames), selection))
        if self.failures:
            raise self.failures.pop(0)
        return [Detections.empty() for _ in frames]


class Collected:
    """Outputs that keep what they are given, or fail as they are told."""

    def __init__(self):
        self.published, self.reported, self.failed = [], [], []
        self.broken_cameras = set()
        self.report_error = None

    def publish(self, camera, header, detections):
        if camera in self.broken_cameras:
            raise RuntimeError('the publisher is gone')
        self.published.append((camera, header.stamp_ns))

    def report(self, frame, detections, times):
        if self.report_error is not None:
            raise self.report_error
        self.reported.append(times)

    def fail(self, error):
        self.failed.append(str(error))


class Bench:
    """A worker between the test's frames and the test's outputs."""

    def __init__(self, *, compressed=False):
        self.clock = Clock()
        self.pipeline, self.outputs = Instant(), Collected()
        self.frames = LatestFrames(CAMERAS)
        self.rejections = []
        logger = get_logger('bench')
        accounts = FrameAccounts(
            self.frames, logger, lambda *rejection: self.rejections.append(rejection)
        )
        self.rules = TurnRules(CAMERAS)
        self.reader = FrameReader(self.rules, accounts, max_frames=2, compressed=compressed)
        self.worker = DetectionWorker(
            self.pipeline,
            self.frames,
            self.reader,
            accounts,
            self.outputs,
            RULES,
            clock=self.clock,
            logger=logger,
        )

    def put(self, camera='front', data=None):
        now_ns = self.clock.now().nanoseconds
        if data is None:
            header = Header(frame_id=camera)
            header.stamp.sec, header.stamp.nanosec = divmod(now_ns, 10**9)
            view = ImageView.from_array(np.zeros((4, 4, 3), np.uint8))
            data = serialize_message(image_message(view, header))
        self.frames.put(camera, ReceivedFrame(data, now_ns), now_ns)

    def settle(self):
        """Wait until no frame waits; returns the counts of both cameras."""
        deadline = time.monotonic() + TIMEOUT_S
        while any(self.frames.counts(camera).waiting for camera in CAMERAS):
            assert time.monotonic() < deadline, 'a frame has no outcome'
            time.sleep(0.005)
        return [self.frames.counts(camera) for camera in CAMERAS]

    def process(self, *cameras):
        for camera in cameras:
            self.put(camera)
        return self.settle()


@pytest.fixture
def bench():
    with running(Bench()) as bench:
        yield bench


@contextmanager
def running(bench):
    bench.worker.start()
    yield bench
    bench.worker.stop()
    bench.reader.close()
    assert 'detection_worker' not in [thread.name for thread in all_threads()]


def test_frame_is_published_and_its_times_rise(bench):
    counts = bench.process('front')
    assert (counts[0].processed, counts[0].waiting) == (1, 0)
    [times] = bench.outputs.reported
    assert bench.outputs.published == [('front', times.stamp_ns)]
    moments = (times.stamp_ns, times.received_ns, times.taken_ns, times.detected_ns)
    assert list(moments) == sorted(moments)
    assert times.published_ns >= times.detected_ns
    assert times.stage_times['inference'] == 1.0
    assert times.stage_times['read'] > 0


@pytest.mark.parametrize('error', [DetectionError('CUDA says no'), ValueError('a bug')])
def test_failing_network_costs_its_frames_and_nothing_else(bench, error, capfd):
    bench.pipeline.failures = [error]
    counts = bench.process('front')
    assert (counts[0].rejected, counts[0].processed) == (1, 0)
    assert bench.outputs.failed == [str(error)]
    assert str(error) in bench.rejections[0][1]
    assert bench.process('front')[0].processed == 1
    # A bug comes with its place, an explained failure without.
    assert ('Traceback' in capfd.readouterr().err) == isinstance(error, ValueError)


def test_publisher_that_fails_costs_its_own_frame(bench):
    bench.outputs.broken_cameras = {'front'}
    front, rear = bench.process('front', 'rear')
    assert (front.rejected, rear.processed) == (1, 1)
    assert bench.rejections == [('front', 'RuntimeError: the publisher is gone')]


def test_report_that_fails_changes_no_outcome(bench, capfd):
    bench.outputs.report_error = RuntimeError('nobody draws')
    assert bench.process('front')[0].processed == 1
    bench.outputs.report_error = None
    assert bench.process('front')[0].processed == 2
    assert 'nobody draws' in capfd.readouterr().err


@pytest.mark.parametrize('data', [b'', b'\x00', bytes(30), b'\x00\x01\x00\x00' + b'\xff' * 90])
def test_message_that_is_none_is_rejected_and_its_neighbour_served(bench, data):
    bench.worker.stop()  # so that both share a batch
    bench.frames.open()
    bench.put('front', data)
    bench.put('rear')
    bench.worker.start()
    front, rear = bench.settle()
    assert (front.rejected, rear.processed) == (1, 1)
    assert bench.pipeline.seen == [(1, RULES)]
    assert 'sensor_msgs/Image' in bench.rejections[0][1]


@pytest.mark.parametrize('compressed', [False, True])
def test_only_frames_that_are_read_at_once_are_announced(compressed):
    with running(Bench(compressed=compressed)) as bench:
        bench.process('front')
        # Decoding takes longer than waking threads.
        assert bench.pipeline.num_expected == (0 if compressed else 1)


def test_old_frame_never_reaches_the_network(bench):
    bench.rules.max_age_s = 1e-9
    front, _ = bench.process('front')
    assert (front.age, front.dropped, bench.pipeline.seen) == (1, 1, [])


def test_selection_may_change_between_frames(bench):
    bench.process('front')
    bench.worker.selection = Selection(0.5, 0.5, 1)
    bench.process('front')
    assert [rules for _, rules in bench.pipeline.seen] == [RULES, Selection(0.5, 0.5, 1)]


def test_stopping_twice_and_starting_again(bench):
    bench.worker.stop()
    bench.worker.stop()
    bench.put('front')
    assert bench.frames.counts('front').inactive == 1
    bench.worker.start()
    assert bench.process('front')[0].processed == 1
