# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The player as a process, and a subscriber of what it plays."""

from functools import partial
from itertools import pairwise
import shutil
import time

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2 or run scripts/setup.sh')

from builtin_interfaces.msg import Time
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String
from std_srvs.srv import SetBool

from test.ros.bags import read_bag, START_NS, write_bag
from test.ros.processes import ModuleProcess

pytestmark = pytest.mark.ros

IMAGE, TEXT = '/camera/image_raw', '/text'
PERIOD_S = 0.05
NUM_IMAGES = 12


def image(number: int) -> Image:
    nanoseconds = START_NS + round(number * PERIOD_S * 1e9)
    stamp = Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
    message = Image(header=Header(stamp=stamp, frame_id='camera'), width=4, height=2, step=12)
    message.encoding = 'bgr8'
    message.data = bytes([number] * 24)
    return message


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    """A recording of images at 20 Hz and of a text in the middle."""
    messages = [(number * PERIOD_S, IMAGE, image(number)) for number in range(NUM_IMAGES)]
    messages.insert(6, (5 * PERIOD_S, TEXT, String(data='half way')))
    return write_bag(tmp_path_factory.mktemp('bag') / 'images', messages)


def recorded(bag, topic: str) -> list[bytes]:
    return [data for name, _, data in read_bag(bag) if name == topic]


def assert_same(received: list[bytes], sent: list[bytes]) -> None:
    """Compare messages; a middleware may fill them up to a multiple of four bytes."""
    assert len(received) == len(sent)
    for data, expected in zip(received, sent, strict=True):
        assert data[: len(expected)] == expected
        assert len(data) - len(expected) < 4


class Listener:
    """Keeps the bytes that arrive on a topic, and when they do."""

    def __init__(self, peer, kind: type, topic: str, qos: QoSProfile | int = 100) -> None:
        self.data: list[bytes] = []
        self.times_s: list[float] = []
        peer.node.create_subscription(kind, topic, self._keep, qos, raw=True)

    def _keep(self, data: bytes) -> None:
        self.data.append(data)
        self.times_s.append(time.monotonic())


@pytest.fixture
def play(run_module):
    """Return a function that starts the player."""
    return partial(run_module, 'bag_player')


def finish(peer, process: ModuleProcess, status: int = 0) -> None:
    peer.wait_for(lambda: not process.is_running, f'the end of the player:\n{process.output}')
    peer.spin(0.2)
    assert process.wait() == status, process.output


def test_messages_come_byte_by_byte_and_in_their_own_time(peer, play, bag):
    images, texts = Listener(peer, Image, IMAGE), Listener(peer, String, TEXT)
    finish(peer, play(bag, '--wait-for', IMAGE, TEXT, '--start-delay', '1'))
    assert_same(images.data, recorded(bag, IMAGE))
    assert_same(texts.data, recorded(bag, TEXT))
    duration_s = images.times_s[-1] - images.times_s[0]
    assert duration_s == pytest.approx((NUM_IMAGES - 1) * PERIOD_S, abs=0.2)


@pytest.mark.parametrize('rate', [0.5, 4])
def test_another_rate(peer, play, bag, rate):
    images = Listener(peer, Image, IMAGE)
    process = play(bag, '--rate', rate, '--wait-for', IMAGE, '--start-delay', '1')
    finish(peer, process)
    duration_s = images.times_s[-1] - images.times_s[0]
    assert duration_s == pytest.approx((NUM_IMAGES - 1) * PERIOD_S / rate, abs=0.2)
    assert f'{IMAGE}: {NUM_IMAGES} messages played' in process.output


def test_chosen_topics_from_an_offset_on(peer, play, bag):
    images = Listener(peer, Image, IMAGE)
    process = play(
        bag, '--topics', IMAGE, '--start-offset', '0.3', '--wait-for', IMAGE,
        '--start-delay', '1',
    )  # fmt: skip
    finish(peer, process)
    assert_same(images.data, recorded(bag, IMAGE)[6:])
    assert TEXT not in process.output


def test_clock_is_that_of_the_recording_and_no_image_comes_before_its_time(peer, play, bag):
    events: list[tuple[str, int]] = []

    def on_message(kind: type, data: bytes) -> None:
        message = deserialize_message(data, kind)
        stamp = message.clock if kind is Clock else message.header.stamp
        events.append((kind.__name__, stamp.sec * 10**9 + stamp.nanosec))

    for kind, topic in ((Clock, '/clock'), (Image, IMAGE)):
        peer.node.create_subscription(kind, topic, partial(on_message, kind), 200, raw=True)
    finish(peer, play(bag, '--clock', '200', '--wait-for', IMAGE, '/clock', '--start-delay', '1'))
    clock = [ns for name, ns in events if name == 'Clock']
    assert clock == sorted(clock)
    assert clock[0] == pytest.approx(START_NS, abs=0.1e9)
    stamps = [ns for name, ns in events if name == 'Image']
    assert len(stamps) == NUM_IMAGES
    assert max(clock) >= stamps[-1]
    # Each stamp was on the clock, give or take a moment, before the next tick of it.
    assert all(any(0 <= now - stamp < 30e6 for now in clock) for stamp in stamps)


def test_loop_goes_on_until_it_is_stopped_and_turns_the_clock_back(peer, play, bag):
    images, clock = Listener(peer, Image, IMAGE), Listener(peer, Clock, '/clock')
    process = play(bag, '--loop', '--clock', '--rate', '4', '--wait-for', IMAGE)
    peer.wait_for(lambda: len(images.data) > 4 * NUM_IMAGES, 'four laps')
    assert process.stop() == 0
    assert images.data[NUM_IMAGES] == images.data[0]
    times = [deserialize_message(data, Clock).clock for data in clock.data]
    nanoseconds = [stamp.sec * 10**9 + stamp.nanosec for stamp in times]
    falls = [b < a for a, b in pairwise(nanoseconds)]
    assert sum(falls) >= 3


def test_restamped_messages_differ_in_their_stamp_alone(peer, play, bag):
    images, texts = Listener(peer, Image, IMAGE), Listener(peer, String, TEXT)
    before_ns = time.time_ns()
    finish(peer, play(bag, '--restamp', '--wait-for', IMAGE, TEXT, '--start-delay', '1'))
    assert_same(texts.data, recorded(bag, TEXT))
    stamps = []
    for number, data in enumerate(images.data):
        message = deserialize_message(data, Image)
        stamps.append(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)
        message.header.stamp = image(number).header.stamp
        assert message == image(number)
    assert stamps == sorted(stamps)
    assert before_ns < stamps[0]
    assert stamps[-1] < time.time_ns()


def test_pause_and_go_on(peer, play, bag):
    images = Listener(peer, Image, IMAGE)
    play(bag, '--paused', '--wait-for', IMAGE)
    peer.wait_for(lambda: len(images.data) == 1, 'the first image, which is due at once')
    peer.spin(4 * PERIOD_S)
    assert len(images.data) == 1
    assert peer.call(SetBool, 'player/set_paused', SetBool.Request(data=False)).success
    peer.wait_for(lambda: len(images.data) == NUM_IMAGES, 'the rest')


def test_quality_of_service_is_the_recorded_one(peer, play, tmp_path):
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    lossy = QoSProfile(depth=3, reliability=ReliabilityPolicy.BEST_EFFORT)
    messages = [(0.0, '/info', CameraInfo()), (0.1, IMAGE, image(0)), (5.0, TEXT, String())]
    bag = write_bag(tmp_path / 'bag', messages, qos={'/info': latched, IMAGE: lossy})
    play(bag)
    topics = ('/info', IMAGE, TEXT)
    peer.wait_for(
        lambda: all(peer.node.get_publishers_info_by_topic(topic) for topic in topics),
        'its publishers',
    )
    offers = {
        topic: peer.node.get_publishers_info_by_topic(topic)[0].qos_profile for topic in topics
    }
    assert offers['/info'].durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert offers['/info'].reliability == ReliabilityPolicy.RELIABLE
    assert offers[IMAGE].reliability == ReliabilityPolicy.BEST_EFFORT
    assert offers[TEXT].reliability == ReliabilityPolicy.RELIABLE
    assert offers[TEXT].durability == DurabilityPolicy.VOLATILE
    # Who comes late gets what is latched.
    infos = Listener(peer, CameraInfo, '/info', latched)
    peer.wait_for(lambda: bool(infos.data), 'the latched message')


def test_type_that_is_not_installed_is_named_and_the_rest_is_played(peer, play, tmp_path, bag):
    copy = shutil.copytree(bag, tmp_path / 'bag')
    metadata = copy / 'metadata.yaml'
    text = metadata.read_text()
    metadata.write_text(text.replace('std_msgs/msg/String', 'absent_msgs/msg/Text'))
    images = Listener(peer, Image, IMAGE)
    process = play(copy, '--wait-for', IMAGE, '--start-delay', '1')
    finish(peer, process)
    assert f'{TEXT} is not played: the message type absent_msgs/msg/Text is not installed' in (
        process.output
    )
    assert len(images.data) == NUM_IMAGES


@pytest.mark.parametrize(
    ('args', 'reason'),
    [
        (['--topics', '/absent'], f'is not in the recording; it holds {IMAGE}, {TEXT}'),
        (['--rate', '0'], 'must be above 0'),
        (['--clock', '-1'], 'must be between 0 and 10000'),
        (['--start-offset', '100'], 'nothing was recorded 100 s behind the first message or'),
        (['--start-offset', '100', '--loop'], 'choose a lower --start-offset'),
        (['--wait-for', '/a:b'], 'must be a topic, or TOPIC:NUMBER'),
        (['--wait-for', '/nobody', '--wait-timeout', '0.2'], 'nobody subscribed to /nobody'),
    ],
)
def test_options_that_cannot_be_used(play, bag, args, reason):
    process = play(bag, *args)
    assert process.wait() == 1
    assert reason in process.output


def test_recording_that_is_none(play, tmp_path):
    process = play(tmp_path / 'absent')
    assert process.wait() == 1
    assert 'cannot be opened as a rosbag2 recording' in process.output
