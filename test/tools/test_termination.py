# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and a closed terminal, with real signals to real processes."""

import signal
import subprocess
import threading

import pytest

from test.tools.working_process import working_processes
from yolotrt_ros.tools.termination import ended_in_order

PROGRAM = """
import sys, time
from yolotrt_ros.tools.termination import ended_in_order

with ended_in_order():
    try:
        print('working', flush=True)
        time.sleep(60)
    finally:
        print('unwinding', flush=True)
        time.sleep(float(sys.argv[1]))
        print('unwound', flush=True)
"""


@pytest.fixture
def child():
    """Return a function that starts the program, whose unwinding takes some seconds."""
    with working_processes(PROGRAM) as start:
        yield start


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_work_is_unwound(child, number, status):
    process = child(0)
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == 'unwinding\nunwound\n'
    assert process.returncode == status


def test_second_signal_ends_the_unwinding(child):
    process = child(60)
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == 'unwinding\n'
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[0] == ''
    assert process.returncode == -signal.SIGTERM


def test_signal_that_was_ignored_before_still_is(child):
    process = child(0, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)


@pytest.fixture
def default_handler():
    """Give SIGTERM its default, whatever this process has inherited."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_handlers_are_the_old_ones_afterwards(default_handler):
    with ended_in_order():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_handlers_of_others_stay(default_handler):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ended_in_order():
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler


def test_another_thread_may_use_it():
    done = []

    def work():
        with ended_in_order():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
