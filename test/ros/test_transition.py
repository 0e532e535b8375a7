# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transitions that fail: said aloud, undone, and open to be tried again."""

from threading import enumerate as all_threads
from time import monotonic, sleep

import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from test.ros.processes import TIMEOUT_S
from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.ros import detector as detector_module
from yolotrt_ros.ros.camera_channel import CameraChannel
from yolotrt_ros.ros.detector_node import DetectorNode

pytestmark = pytest.mark.ros

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR
OWN_THREADS = {'detection_worker', 'debug_images', 'image_decoder'}


@pytest.fixture
def node(ros, network):
    node = DetectorNode([Parameter('onnx_path', value=str(network))])
    yield node
    node.close()
    names = {thread.name.split('_0')[0] for thread in all_threads()}
    assert not names & OWN_THREADS


def state_of(node):
    return node._state_machine.current_state[1]


def topics_of(node):
    own = node.get_publisher_names_and_types_by_node(node.get_name(), node.get_namespace())
    return {name for name, _ in own}


def assert_topics_become(node, expected):
    """The graph learns of an endpoint some moments after it was made or removed."""
    deadline = monotonic() + TIMEOUT_S
    while topics_of(node) != expected and monotonic() < deadline:
        sleep(0.02)
    assert topics_of(node) == expected


def test_closed_node_leaves_the_graph_though_somebody_still_holds_it(ros, network, peer):
    node = DetectorNode([Parameter('onnx_path', value=str(network))])
    name = node.get_name()
    assert node.trigger_configure() == SUCCESS
    deadline = monotonic() + TIMEOUT_S
    while name not in peer.node.get_node_names() and monotonic() < deadline:
        sleep(0.02)
    assert name in peer.node.get_node_names()
    node.close()
    while name in peer.node.get_node_names() and monotonic() < deadline:
        sleep(0.02)
    assert name not in peer.node.get_node_names()
    node.close()


BUG = RuntimeError('a bug')


class Failing:
    """Calls through, but fails the first ``times`` times."""

    def __init__(self, call, times=1, error=BUG):
        self.call, self.times, self.error = call, times, error

    def __call__(self, *arguments, **options):
        if self.times:
            self.times -= 1
            raise self.error
        return self.call(*arguments, **options)


@pytest.mark.parametrize('error', [ConfigError('x', 1, 'must be 2'), RuntimeError('a bug')])
def test_failed_configure_leaves_nothing_behind(node, monkeypatch, error, capfd):
    failing = Failing(detector_module.TimingPublisher, error=error)
    monkeypatch.setattr(detector_module, 'TimingPublisher', failing)
    before = topics_of(node)
    assert node.trigger_configure() == FAILURE
    assert state_of(node) == 'unconfigured'
    assert_topics_become(node, before)
    log = capfd.readouterr().err
    assert 'on_configure failed' in log
    assert str(error) in log
    assert ('Traceback' in log) == isinstance(error, RuntimeError)
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS


def test_failed_configure_frees_the_network(node, monkeypatch):
    closed = []

    def watched_build(config):
        pipeline = build_pipeline(config)
        whole_close = pipeline.close
        pipeline.close = lambda: (closed.append(True), whole_close())
        return pipeline

    monkeypatch.setattr(detector_module, 'build_pipeline', watched_build)
    node.set_parameters([Parameter('class_filter', value=['purple'])])
    assert node.trigger_configure() == FAILURE
    assert closed == [True]


def test_failed_activate_leads_back_to_inactive(node, monkeypatch, capfd):
    assert node.trigger_configure() == SUCCESS
    whole = CameraChannel.subscribe
    failing = Failing(whole)
    monkeypatch.setattr(
        CameraChannel, 'subscribe', lambda channel, on_image: failing(channel, on_image)
    )
    assert node.trigger_activate() == FAILURE
    assert state_of(node) == 'inactive'
    assert 'detection_worker' not in {thread.name for thread in all_threads()}
    assert 'on_activate failed:\nTraceback' in capfd.readouterr().err
    assert node.trigger_activate() == SUCCESS


@pytest.mark.parametrize('transition', ['deactivate', 'cleanup'])
def test_failed_way_back_is_an_error_that_frees_everything(node, monkeypatch, transition, capfd):
    before = topics_of(node)
    assert node.trigger_configure() == SUCCESS
    if transition == 'deactivate':
        assert node.trigger_activate() == SUCCESS
    whole = CameraChannel.unsubscribe
    failing = Failing(whole)
    monkeypatch.setattr(CameraChannel, 'unsubscribe', lambda channel: failing(channel))
    assert getattr(node, f'trigger_{transition}')() == ERROR
    assert state_of(node) == 'unconfigured'
    assert f'on_{transition} failed:\nTraceback' in capfd.readouterr().err
    assert_topics_become(node, before)
    assert node.trigger_configure() == SUCCESS


def test_failed_shutdown_still_finalises(node, monkeypatch, capfd):
    assert node.trigger_configure() == SUCCESS
    failing = Failing(CameraChannel.unsubscribe)
    monkeypatch.setattr(CameraChannel, 'unsubscribe', lambda channel: failing(channel))
    assert node.trigger_shutdown() == FAILURE
    assert state_of(node) == 'finalized'
    assert 'on_shutdown failed:\nTraceback' in capfd.readouterr().err


def test_refused_change_changes_nothing(node):
    assert node.trigger_configure() == SUCCESS
    changes = [
        Parameter('score_threshold', value=0.6),
        Parameter('class_filter', value=['purple']),
    ]
    assert not node.set_parameters_atomically(changes).successful
    assert node.get_parameter('score_threshold').value == node.config.score_threshold == 0.25
