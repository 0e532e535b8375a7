# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``/diagnostics`` over DDS, of a detector whose frames are the test's own."""

from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from test.ros.pair import Pair
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.core.latest_frames import LatestFrames
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.ros.diagnostics import Diagnostics
from yolotrt_ros.ros.health import Health
from yolotrt_ros.ros.image_watch import ImageWatch
from yolotrt_ros.ros.status import ERROR, OK, WARN

pytestmark = pytest.mark.ros

INFO = NetworkInfo('a.onnx', 'ONNX Runtime', (640, 640), 1, ('cone',), 'YOLOV5')
TOPICS = {'front': '/health/front/image', 'rear': '/health/rear/image'}
TASKS = ['input front', 'input rear', 'inference', 'engine', 'gpu']


class Detector:
    """The parts of a detector that its health is made of."""

    def __init__(self, pair, **options):
        self.pair = pair
        self.diagnostics = Diagnostics(pair.node)
        self.frames = LatestFrames(list(TOPICS))
        self.watch = ImageWatch(pair.node, TOPICS, timeout_s=1.5)
        self.health = Health(pair.node, INFO, TOPICS, self.frames.counts, self.watch, **options)
        self.arrays = []
        pair.other.create_subscription(DiagnosticArray, '/diagnostics', self.arrays.append, 10)

    def statuses(self):
        """Return the statuses of the next message, by task."""
        self.arrays.clear()
        self.pair.wait_for(lambda: self.arrays, 'diagnostics')
        return {status.name.split(': ')[1]: status for status in self.arrays[0].status}

    def process(self, camera, stamp_s=0.0, num_nonfinite=0):
        """Let an image arrive and be processed."""
        now_ns = self.pair.node.get_clock().now().nanoseconds
        image = Image()
        stamp_ns = now_ns - round(stamp_s * 1e9)
        image.header.stamp.sec, image.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        self.health.received(camera, serialize_message(image))
        self.frames.put(camera, b'')
        for name, _ in self.frames.take(1):
            self.frames.finish(name, 'processed')
        times = FrameTimes(camera, stamp_ns, now_ns, now_ns, now_ns, now_ns, {'inference': 2.5})
        empty = Detections.empty()
        found = Detections(empty.boxes_xyxy, empty.scores, empty.class_ids, num_nonfinite)
        self.health.published(times, found)


@pytest.fixture
def pair(ros):
    pair = Pair('health')
    yield pair
    pair.close()


@pytest.fixture
def detector(pair):
    detector = Detector(pair)
    detector.frames.open()
    detector.watch.start()
    detector.diagnostics.follow(detector.health)
    return detector


def values_of(status):
    return {pair.key: pair.value for pair in status.values}


def test_report_comes_once_a_second_with_every_task(detector):
    statuses = detector.statuses()
    assert list(statuses) == TASKS
    assert {status.name for status in statuses.values()} == {
        f'health/detector: {task}' for task in TASKS
    }
    start = monotonic()
    for _ in range(2):
        detector.statuses()
    assert 1.5 < monotonic() - start < 4
    header = detector.arrays[0].header
    assert header.stamp.sec > 1_600_000_000


def test_processing_camera_is_well_and_silent_one_is_an_error(detector):
    for _ in range(3):
        detector.process('front', stamp_s=0.25)
        statuses = detector.statuses()
    assert (statuses['input front'].level, statuses['input front'].message) == (OK, 'receiving')
    values = values_of(statuses['input front'])
    assert values['received'] == values['processed'] == '3'
    assert 0.2 < float(values['newest stamp age s']) < 5
    assert 0.3 < float(values['rate Hz']) < 3
    assert statuses['input rear'].level == ERROR
    assert statuses['input rear'].message.endswith('the topic has no publishers')
    inference = values_of(statuses['inference'])
    assert inference['inference median ms'] == '2.500'
    assert float(inference['stamp to publish median ms']) == pytest.approx(250, abs=1)
    assert statuses['inference'].message == 'running'


def test_troubles_raise_the_level_once(detector):
    detector.statuses()
    detector.process('front', num_nonfinite=4)
    detector.frames.put('rear', b'')
    detector.frames.take(1)
    detector.frames.finish('rear', 'rejected')
    detector.health.rejected('rear', 'too short')
    statuses = detector.statuses()
    assert (statuses['inference'].level, statuses['input rear'].level) == (WARN, WARN)
    assert values_of(statuses['input rear'])['last rejection'] == 'too short'
    detector.health.failed('out of memory')
    statuses = detector.statuses()
    assert statuses['inference'].level == ERROR
    assert statuses['inference'].message.endswith('failed: out of memory')
    statuses = detector.statuses()
    assert statuses['inference'].level == OK
    assert values_of(statuses['inference'])['nonfinite candidates'] == '4'


def test_inactive_detector_misses_no_camera(detector):
    detector.watch.stop()
    detector.statuses()
    statuses = detector.statuses()
    assert {statuses[task].message for task in TASKS[:3]} == {'inactive'}


def test_hardware_is_the_gpu_or_the_processor(pair):
    detector = Detector(pair, read_gpu=lambda: GpuState('NVIDIA H200', temperature_c=41.0))
    detector.diagnostics.follow(detector.health)
    statuses = detector.statuses()
    assert {status.hardware_id for status in statuses.values()} == {'NVIDIA H200'}
    assert values_of(statuses['gpu']) == {'name': 'NVIDIA H200', 'temperature C': '41'}


def test_processor_is_named_where_no_gpu_is_in_use(detector):
    statuses = detector.statuses()
    assert statuses['gpu'].message == 'no GPU in use'
    names = {status.hardware_id for status in statuses.values()}
    assert len(names) == 1
    assert names.pop()


def test_nothing_is_said_before_there_is_something_to_follow(detector):
    detector.statuses()
    detector.diagnostics.follow(None)
    detector.pair.spin(0.2)
    detector.arrays.clear()
    detector.diagnostics.publish()
    detector.pair.spin(1.5)
    assert detector.arrays == []


def test_taking_note_costs_a_frame_next_to_nothing(detector):
    """Arrival is noted in the callback that every image of every camera passes."""
    message = serialize_message(Image(data=np.zeros(1_000_000, np.uint8).tobytes()))
    start = monotonic()
    for _ in range(2000):
        detector.health.received('front', message)
    assert (monotonic() - start) / 2000 < 100e-6  # a few microseconds on an idle machine
