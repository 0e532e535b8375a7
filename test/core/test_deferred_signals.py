# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Signals that come at a bad moment are dealt with after it, and none is lost."""

from concurrent.futures import ThreadPoolExecutor
import os
import signal
import subprocess
import sys

import pytest

from yolotrt_ros.core.deferred_signals import deferred_signals, SIGNALS


@pytest.fixture
def handled():
    """Collect signals instead of dying of them."""
    seen = []
    for number in SIGNALS:
        signal.signal(number, lambda number, _frame: seen.append(number))
    return seen


def test_signals_wait_for_the_end_and_keep_their_order(handled):
    order = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGINT]
    with deferred_signals():
        for number in order:
            signal.raise_signal(number)
        assert not handled
    assert handled == order
    signal.raise_signal(signal.SIGINT)
    assert handled == [*order, signal.SIGINT]


def test_ctrl_c_interrupts_behind_the_body():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    done = []

    def body():
        with deferred_signals():
            os.kill(os.getpid(), signal.SIGINT)
            done.append('body')

    with pytest.raises(KeyboardInterrupt):
        body()
    assert done == ['body']
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_signal_behind_one_that_raises_is_dealt_with_too(handled):
    def interrupt(number, frame):
        raise KeyboardInterrupt

    def body():
        with deferred_signals():
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                signal.raise_signal(number)

    signal.signal(signal.SIGINT, interrupt)
    with pytest.raises(KeyboardInterrupt):
        body()
    assert handled == [signal.SIGHUP, signal.SIGTERM]


def test_error_of_the_body_is_not_lost(handled):
    with pytest.raises(ValueError, match='the body'), deferred_signals():
        raise ValueError('the body')
    assert not handled


@pytest.mark.parametrize('handler', ['SIG_DFL', 'SIG_IGN'])
def test_signals_without_a_handler_stay_as_they_are(handler):
    code = f"""\
import signal
from yolotrt_ros.core.deferred_signals import deferred_signals
signal.signal(signal.SIGTERM, signal.{handler})
with deferred_signals():
    signal.raise_signal(signal.SIGTERM)
    print('goes on')
"""
    child = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=60
    )
    expected = ('goes on\n', 0) if handler == 'SIG_IGN' else ('', -signal.SIGTERM)
    assert (child.stdout, child.returncode) == expected


def test_other_threads_have_no_signals_to_defer():
    def enter():
        with deferred_signals():
            return 'entered'

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(enter).result() == 'entered'
