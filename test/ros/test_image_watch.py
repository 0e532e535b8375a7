# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that fall silent."""

from types import SimpleNamespace

import pytest
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import Image

from test.ros.pair import Pair
from yolotrt_ros.ros import image_watch
from yolotrt_ros.ros.image_watch import ImageWatch

pytestmark = pytest.mark.ros


class Clocks:
    """A node whose clock, like the steady one, is moved by hand, and whose log is kept."""

    def __init__(self):
        self.steady_s = 1000.0
        self.node_s = 0.0
        self.said = []

    def get_clock(self):
        now = SimpleNamespace(nanoseconds=round(self.node_s * 1e9))
        return SimpleNamespace(now=lambda: now)

    def get_logger(self):
        return SimpleNamespace(
            warning=lambda text: self.said.append(f'WARN {text}'),
            info=lambda text: self.said.append(f'INFO {text}'),
        )

    def pass_by(self, watch, seconds, node_rate=1.0):
        """Let time pass, with a check every second."""
        for _ in range(seconds):
            self.steady_s += 1
            self.node_s += node_rate
            watch.check()


@pytest.fixture
def clocks(monkeypatch):
    monkeypatch.setattr(image_watch, 'silence_reason', lambda node, topic: 'nobody publishes it')
    return Clocks()


def watch_of(clocks, topics=None, timeout_s=3.0):
    watch = ImageWatch(clocks, topics or {'': '/image'}, timeout_s, now_s=lambda: clocks.steady_s)
    watch.start()
    return watch


def test_silence_is_warned_of_once_and_again_after_half_a_minute(clocks):
    watch = watch_of(clocks)
    clocks.pass_by(watch, 2)
    assert clocks.said == []
    assert not watch.is_silent('')
    clocks.pass_by(watch, 30)
    assert clocks.said == ['WARN camera: no image on /image for 3 s: nobody publishes it']
    clocks.pass_by(watch, 40)
    assert [text.split('for ')[1].split(':')[0] for text in clocks.said] == ['3 s', '33 s', '63 s']
    assert watch.is_silent('')
    assert watch.silence_s('') == 72


def test_return_of_the_images_is_told_once(clocks):
    watch = watch_of(clocks, {'front': '/front/image'})
    clocks.pass_by(watch, 5)
    clocks.said.clear()
    for _ in range(3):
        watch.seen('front')
        clocks.pass_by(watch, 1)
    assert clocks.said == ['INFO camera front: images arrive on /front/image again, after 5 s']
    assert not watch.is_silent('front')
    clocks.pass_by(watch, 3)
    assert clocks.said[1:] == [
        'WARN camera front: no image on /front/image for 3 s: nobody publishes it'
    ]


def test_steady_images_are_not_worth_a_word(clocks):
    watch = watch_of(clocks)
    for _ in range(100):
        watch.seen('')
        clocks.pass_by(watch, 1)
    assert clocks.said == []
    assert watch.silence_s('') == 1


def test_cameras_are_silent_one_by_one(clocks):
    watch = watch_of(clocks, {'front': '/front/image', 'rear': '/rear/image'})
    for _ in range(5):
        watch.seen('front')
        clocks.pass_by(watch, 1)
    assert [watch.is_silent(camera) for camera in ('front', 'rear')] == [False, True]
    assert [text for text in clocks.said if 'front' in text] == []


@pytest.mark.parametrize(
    ('node_rate', 'silence_s'),
    [(0.0, 0), (0.1, 1), (1.0, 10), (20.0, 10), (-5.0, 0)],
    ids=['paused', 'slow', 'real time', 'fast', 'backwards'],
)
def test_silence_passes_no_faster_than_either_clock(clocks, node_rate, silence_s):
    watch = watch_of(clocks)
    clocks.pass_by(watch, 10, node_rate)
    assert watch.silence_s('') == pytest.approx(silence_s, abs=1e-6)
    assert bool(clocks.said) == (silence_s >= 3)


def test_first_message_of_a_simulated_clock_is_no_long_silence(clocks):
    watch = watch_of(clocks)
    clocks.pass_by(watch, 1, node_rate=1_700_000_000.0)
    assert watch.silence_s('') == 1
    assert clocks.said == []


def test_timeout_of_zero_allows_any_silence_and_can_be_changed(clocks):
    watch = watch_of(clocks, timeout_s=0.0)
    clocks.pass_by(watch, 100)
    assert clocks.said == []
    assert not watch.is_silent('')
    watch.timeout_s = 10.0
    clocks.pass_by(watch, 1)
    assert clocks.said == ['WARN camera: no image on /image for 101 s: nobody publishes it']


def test_stopped_watch_expects_nothing_and_begins_anew(clocks):
    watch = watch_of(clocks)
    clocks.pass_by(watch, 5)
    watch.stop()
    clocks.said.clear()
    clocks.pass_by(watch, 60)
    assert clocks.said == []
    assert not watch.is_silent('')
    watch.start()
    clocks.pass_by(watch, 2)
    assert clocks.said == []
    assert watch.silence_s('') == 2


def test_watch_begins_stopped(clocks):
    watch = ImageWatch(clocks, {'': '/image'}, 1.0, now_s=lambda: clocks.steady_s)
    watch.seen('')
    clocks.pass_by(watch, 10)
    assert clocks.said == []
    assert not watch.is_running


def test_real_node_names_the_reason(ros, capfd):
    pair = Pair('image_watch')
    try:
        watch = ImageWatch(pair.node, {'': '/image_watch/image'}, timeout_s=0.2)
        pair.node.create_subscription(Image, 'image', lambda _: watch.seen(''), 1)
        publisher = pair.other.create_publisher(Image, 'image', 1)
        pair.wait_for(lambda: pair.node.count_publishers('/image_watch/image'), 'the graph')
        watch.start()
        pair.spin(0.3)
        watch.check()
        assert watch.is_silent('')
        said = capfd.readouterr().err
        assert 'camera: no image on /image_watch/image for 0 s: 1 publisher can be heard' in said

        def is_seen():
            publisher.publish(Image())
            watch.check()
            return not watch.is_silent('')

        pair.wait_for(is_seen, 'an image')
        assert 'images arrive on /image_watch/image again' in capfd.readouterr().err
    finally:
        pair.close()


def test_paused_simulation_makes_no_camera_silent(ros, capfd):
    pair = Pair('paused_simulation', use_sim_time=True)
    try:
        clock = pair.other.create_publisher(ClockMessage, '/clock', 10)
        assert pair.node.get_parameter('use_sim_time').type_ == Parameter.Type.BOOL
        message = ClockMessage()
        message.clock.sec = 100

        def has_time():
            clock.publish(message)
            return pair.node.get_clock().now().nanoseconds == 100 * 10**9

        watch = ImageWatch(pair.node, {'': '/paused_simulation/image'}, timeout_s=0.2)
        pair.wait_for(has_time, 'simulated time')
        watch.start()
        pair.spin(0.5)
        watch.check()
        assert not watch.is_silent('')
        pair.spin(0.3)
        message.clock.sec = 101

        def has_advanced():
            clock.publish(message)
            return pair.node.get_clock().now().nanoseconds == 101 * 10**9

        pair.wait_for(has_advanced, 'a step of the simulation')
        watch.check()
        assert watch.is_silent('')
        assert 'no image on' in capfd.readouterr().err
    finally:
        pair.close()
