# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks until a signal: they end at once, and what one of them raises is not lost."""

import sys
from threading import Event, Timer
import time

import pytest
import rclpy

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


def test_old_rclpy_gets_the_ordinary_executor_and_a_warning(node, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, 'rclpy.experimental', None)
    ticks, stop = [], Event()
    node.create_timer(0.01, lambda: (ticks.append(1), stop.set()))
    spin_until_stopped(node, stop, 'events')
    assert ticks
    assert 'running SingleThreadedExecutor instead' in capfd.readouterr().err
