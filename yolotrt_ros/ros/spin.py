# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run a node until a signal, so that it can still publish and free its memory in peace."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
import signal
import sys
from threading import Event, Thread
from traceback import format_exc

import rclpy
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    NameValidationException,
)
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from yolotrt_ros.core.errors import YolotrtError

# Of callbacks, without one that succeeds in between: then the executor itself is broken.
MAX_ERRORS = 100
# What a node raises that cannot be made as it is asked for; the errors of rclpy's C part are
# RuntimeErrors, as are those of its QoS overrides.
NODE_ERRORS = (
    YolotrtError,
    InvalidParameterTypeException,
    InvalidParameterValueException,
    NameValidationException,
    RuntimeError,
)


def init(args: list[str] | None = None) -> Event:
    """
    Start ROS with signal handlers that only set an event.

    Those of ROS would shut the context down first, and the last messages, counts and transitions
    of a node would fail. They are replaced here, and not later, because a signal may well come
    while a node loads its network.

    :returns: the event that SIGINT and SIGTERM set.
    """
    stop = Event()
    _catch_signals(stop)
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    return stop


def start(parser: ArgumentParser, args: list[str] | None) -> tuple[Namespace, Event]:
    """
    Read a node's own options, and start ROS with what stands behind ``--ros-args``.

    :param args: the command line without the program; None takes that of the process.
    :returns: the options, and the event that SIGINT and SIGTERM set.
    :raises SystemExit: with status 2 where the command line cannot be used.
    """
    args = sys.argv[1:] if args is None else args
    try:
        return parser.parse_args(remove_ros_args(args)), init(args)
    except RuntimeError as error:  # RCLError, which rclpy does not make public
        parser.exit(2, f'{parser.prog}: {error}\n')


@contextmanager
def explained(name: str, status: int) -> Iterator[None]:
    """
    End the process where a node cannot be made as it is asked for, with the reason.

    :param name: of the command.
    :param status: to exit with.
    :raises SystemExit: instead of what such a node raises; ROS is shut down.
    """
    try:
        yield
    except NODE_ERRORS as error:
        print(f'{name}: {error}', file=sys.stderr)
        rclpy.shutdown()
        sys.exit(status)


def spin_until_stopped(
    node: Node, stop: Event, executor_kind: str = 'single', *, survives: bool = False
) -> None:
    """
    Execute callbacks in a thread of their own until ``stop`` is set.

    The main thread only waits, because Python runs its signal handlers there and nowhere else.

    :param executor_kind: ``single`` for a SingleThreadedExecutor, or ``events`` for an
        EventsExecutor; where rclpy does not have the latter (Humble), a warning is given and the
        former taken.
    :param survives: log what a callback raises and go on, unless nothing but errors comes.
    :raises Exception: whatever a callback raised.
    """
    spin = _make_spin(node, stop, executor_kind)
    errors: list[Exception] = []
    limit = MAX_ERRORS if survives else 1
    thread = Thread(target=_run, args=(spin, stop, errors, limit), name='ros_callbacks')
    thread.start()
    stop.wait()
    spin.end(thread)
    if errors:
        raise errors[0]


class _WaitSetSpin:
    """Callbacks by a SingleThreadedExecutor, which sleeps until there is something to do."""

    def __init__(self, node: Node) -> None:
        self.logger = node.get_logger()
        self._node = node
        self._executor = SingleThreadedExecutor()
        # Something to execute: executor.wake() alone does not make spin_once() return, and a node
        # may have nothing else to do for hours, such as a camera in a paused simulation.
        self._wake = node.create_guard_condition(lambda: None)
        self._executor.add_node(node)

    def once(self) -> None:
        self._executor.spin_once()

    def end(self, thread: Thread) -> None:
        self._wake.trigger()
        thread.join()
        self._executor.shutdown()
        self._node.destroy_guard_condition(self._wake)


class _EventsSpin:
    """Callbacks by an EventsExecutor, which has no guard conditions."""

    # Without a limit, that of rclpy 7.1.6 waits for the end of time, which overflows to now: it
    # occupies a core, and other threads starve.
    _LIMIT_S = 0.1

    def __init__(self, node: Node, executor: Executor) -> None:
        self.logger = node.get_logger()
        self._executor = executor
        self._executor.add_node(node)

    def once(self) -> None:
        self._executor.spin_once(timeout_sec=self._LIMIT_S)

    def end(self, thread: Thread) -> None:
        thread.join()
        self._executor.shutdown()


def _make_spin(node: Node, stop: Event, kind: str) -> _WaitSetSpin | _EventsSpin:
    if kind == 'events':
        try:
            from rclpy.experimental import EventsExecutor
        except ImportError as error:
            node.get_logger().warning(
                f'executor events is not in this rclpy ({error}): it came with Jazzy, rclpy '
                '7.1.4; running SingleThreadedExecutor instead, which takes more time of the CPU'
            )
        else:
            executor = EventsExecutor()
            _catch_signals(stop)  # it has taken them for itself, and would shut the context down
            return _EventsSpin(node, executor)
    return _WaitSetSpin(node)


def _run(
    spin: _WaitSetSpin | _EventsSpin, stop: Event, errors: list[Exception], limit: int
) -> None:
    num_in_a_row = 0
    try:
        while not stop.is_set() and not errors:
            try:
                spin.once()
                num_in_a_row = 0
            except Exception as error:
                num_in_a_row += 1
                if num_in_a_row == limit:
                    errors.append(error)
                else:
                    spin.logger.error(f'a callback failed, the node goes on:\n{format_exc()}')
    finally:  # whatever ended this thread, the main one must not wait for ever
        stop.set()


def _catch_signals(stop: Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
