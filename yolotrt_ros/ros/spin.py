# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run a node until a signal, so that it can still publish and free its memory in peace."""

from __future__ import annotations

import signal
from threading import Event, Thread

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions


def init(args: list[str] | None = None) -> None:
    """
    Start ROS without its signal handlers.

    They would shut the context down first, and the last messages, counts and transitions of a
    node would fail.
    """
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)


def spin_until_stopped(node: Node, stop: Event) -> None:
    """
    Execute callbacks in a thread of their own until SIGINT, SIGTERM or ``stop``.

    The main thread only waits, because Python runs its signal handlers there and nowhere else.

    :raises Exception: whatever a callback raised.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    errors: list[Exception] = []
    thread = Thread(target=_spin, args=(executor, stop, errors), name='ros_callbacks')
    thread.start()
    stop.wait()
    executor.wake()
    thread.join()
    executor.shutdown()
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
