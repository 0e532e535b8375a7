# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks until a signal: they end at once, and what one of them raises is not lost."""

import sys
from threading import Event, Timer
import time

import pytest
import rclpy

from test.ros.processes import TIMEOUT_S
from yolotrt_ros.ros.spin import spin_until_stopped

pytestmark = pytest.mark.ros


@pytest.fixture
def node(ros):
    node = rclpy.create_node('spinning')
    yield node
    node.destroy_node()


def test_node_with_nothing_to_do_ends_at_once(node):
    stop = Event()
    Timer(0.3, stop.set).start()
    begin = time.monotonic()
    spin_until_stopped(node, stop)
    assert time.monotonic() - begin < 10


def test_error_of_a_callback_comes_back(node):
    def fail():
        raise ZeroDivisionError('in a timer')

    node.create_timer(0.01, fail)
    stop = Event()
    with pytest.raises(ZeroDivisionError, match='in a timer'):
        spin_until_stopped(node, stop)
    assert stop.is_set()


@pytest.mark.parametrize('survives', [False, True])
def test_callback_that_leaves_ends_the_node(node, survives):
    node.create_timer(0.01, sys.exit)
    stop = Event()
    watchdog = Timer(TIMEOUT_S, stop.set)
    watchdog.start()
    spin_until_stopped(node, stop, survives=survives)
    assert watchdog.is_alive()
    watchdog.cancel()


@pytest.mark.parametrize('executor', ['single', 'events'])
def test_node_that_survives_logs_errors_and_goes_on(node, executor, capfd):
    calls = []

    def fail_twice():
        calls.append(None)
        if len(calls) < 3:
            raise ZeroDivisionError(f'call {len(calls)}')
        stop.set()

    node.create_timer(0.01, fail_twice)
    stop = Event()
    spin_until_stopped(node, stop, executor, survives=True)
    said = capfd.readouterr().err
    assert 'a callback failed, the node goes on' in said
    assert 'ZeroDivisionError: call 1' in said
    assert 'ZeroDivisionError: call 2' in said


def test_node_that_survives_ends_where_nothing_succeeds(node):
    def fail():
        raise ZeroDivisionError('ever again')

    node.create_timer(0.001, fail)
    with pytest.raises(ZeroDivisionError, match='ever again'):
        spin_until_stopped(node, Event(), survives=True)


@pytest.mark.parametrize('command', ['node', 'camera', 'listen', 'play', 'record', 'report'])
def test_ros_arguments_that_cannot_be_used_are_explained(start, command, tmp_path):
    process = start(command, '--ros-args', '--params-file', str(tmp_path / 'absent.yaml'))
    assert process.wait() == 2
    assert f"yolotrt_ros {command}: Failed to parse ROS arguments: Couldn't parse" in (
        process.output
    )
    assert 'absent.yaml' in process.output
    assert 'Traceback' not in process.output


@pytest.mark.parametrize(
    ('args', 'status', 'reason'),
    [
        (['node', '--ros-args', '-p', 'qos_overrides./label_info.publisher.reliability:=best'],
         2, 'detector: Unexpected QoS override for policy `reliability`: `best`'),
        (['camera', '--ros-args', '-p', 'rate:=10'],
         2, "camera: Trying to set parameter 'rate' to '10' of type 'INTEGER', expecting type"),
        (['listen', '--ros-args', '-p', 'use_sim_time:=1'],
         1, "listener: Trying to set parameter 'use_sim_time' to '1' of type 'INTEGER'"),
        (['report', '--cameras', 'a b'],
         1, 'report: Invalid topic name: topic name must not contain characters other than'),
        (['record', 'a b', '-o', '{folder}/made'],
         1, 'record: failed to resolve name: topic name must not contain characters other'),
    ],
    ids=['node', 'camera', 'listen', 'report', 'record'],
)  # fmt: skip
def test_parameters_and_names_that_cannot_be_used_are_explained(
    start, tmp_path, args, status, reason
):
    process = start(*(arg.format(folder=tmp_path) for arg in args))
    assert process.wait() == status
    assert reason in process.output
    assert 'Traceback' not in process.output
    assert not (tmp_path / 'made').exists()


def test_old_rclpy_gets_the_ordinary_executor_and_a_warning(node, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, 'rclpy.experimental', None)
    ticks, stop = [], Event()
    node.create_timer(0.01, lambda: (ticks.append(1), stop.set()))
    spin_until_stopped(node, stop, 'events')
    assert ticks
    assert 'running SingleThreadedExecutor instead' in capfd.readouterr().err
