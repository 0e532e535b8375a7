# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run a node until a signal, so that it can still publish and free its memory in peace."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import signal
import sys
from threading import Event, Thread

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args


def init(args: list[str] | None = None) -> Event:
    """
    Start ROS with signal handlers that only set an event.

    Those of ROS would shut the context down first, and the last messages, counts and transitions
    of a node would fail. They are replaced here, and not later, because a signal may well come
    while a node loads its network.

    :returns: the event that SIGINT and SIGTERM set.
    """
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    return stop


def start(parser: ArgumentParser, args: list[str] | None) -> tuple[Namespace, Event]:
    """
    Read a node's own options, and start ROS with what stands behind ``--ros-args``.

    :param args: the command line without the program; None takes that of the process.
    :returns: the options, and the event that SIGINT and SIGTERM set.
    """
    args = sys.argv[1:] if args is None else args
    return parser.parse_args(remove_ros_args(args)), init(args)


def spin_until_stopped(node: Node, stop: Event) -> None:
    """
    Execute callbacks in a thread of their own until ``stop`` is set.

    The main thread only waits, because Python runs its signal handlers there and nowhere else.

    :raises Exception: whatever a callback raised.
    """
    # Something to execute: executor.wake() alone does not make spin_once() return, and a node may
    # have nothing else to do for hours, such as a camera in a paused simulation.
    wake = node.create_guard_condition(lambda: None)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    errors: list[Exception] = []
    thread = Thread(target=_spin, args=(executor, stop, errors), name='ros_callbacks')
    thread.start()
    stop.wait()
    wake.trigger()
    thread.join()
    executor.shutdown()
    node.destroy_guard_condition(wake)
    if errors:
        raise errors[0]


def _spin(executor: SingleThreadedExecutor, stop: Event, errors: list[Exception]) -> None:
    try:
        while not stop.is_set():
            executor.spin_once()
    except Exception as error:
        errors.append(error)
    finally:
        stop.set()
