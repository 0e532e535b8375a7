# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C during a call that cannot be interrupted, with real signals to real processes."""

import signal
import time

import pytest

from test.tools.working_process import working_processes
from yolotrt_ros.tools.interruptible import run_interruptible

# The argument says whether the call can be stopped, and whether it then does.
CHILD = """\
import sys, threading, time
from yolotrt_ros.tools.interruptible import AbandonedError, leave, run_interruptible
can_stop, stops = (word == 'yes' for word in sys.argv[1:])
wanted = threading.Event()

def work():
    print('working', flush=True)
    for _ in range(600):
        time.sleep(0.05)
        if stops and wanted.is_set():
            return
    print('came to its end', flush=True)

def cancel():
    print('asked to stop', flush=True)
    wanted.set()
    return can_stop

try:
    run_interruptible(work, cancel=cancel, tick=lambda: None)
except AbandonedError:
    print('left behind', flush=True)
    leave(130)
except KeyboardInterrupt:
    print('stopped', flush=True)
    sys.exit(130)
"""


@pytest.fixture
def child():
    """Return a function that starts the child and waits until it works."""
    with working_processes(CHILD) as start:
        yield start


def end_of(process):
    output, _ = process.communicate(timeout=20)
    return process.returncode, output.splitlines()


def test_call_that_can_be_stopped_is_waited_for(child):
    process = child('yes', 'yes')
    process.send_signal(signal.SIGINT)
    assert end_of(process) == (130, ['asked to stop', 'stopped'])


def test_call_that_cannot_be_stopped_is_left_at_once(child):
    process = child('no', 'no')
    process.send_signal(signal.SIGINT)
    assert end_of(process) == (130, ['asked to stop', 'left behind'])


def test_second_interrupt_leaves_a_call_that_does_not_stop(child):
    process = child('yes', 'no')
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == 'asked to stop\n'
    process.send_signal(signal.SIGINT)
    assert end_of(process) == (130, ['left behind'])


def test_result_and_error_come_from_the_call():
    assert run_interruptible(lambda: 7, cancel=lambda: True, tick=lambda: None) == 7

    def fail():
        raise ValueError('of the call')

    with pytest.raises(ValueError, match='of the call'):
        run_interruptible(fail, cancel=lambda: True, tick=lambda: None)


def test_time_is_shown_to_pass():
    ticks = []
    run_interruptible(
        lambda: time.sleep(0.5), cancel=lambda: True, tick=lambda: ticks.append(None)
    )
    assert ticks


def test_handler_of_interrupts_is_the_old_one_afterwards():
    before = signal.getsignal(signal.SIGINT)
    run_interruptible(lambda: None, cancel=lambda: True, tick=lambda: None)
    assert signal.getsignal(signal.SIGINT) is before
