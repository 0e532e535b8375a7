# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that the node runs: heard, waited for, and stopped with all they started."""

import os
import sys
import time

import pytest

from test.process_state import ended, is_running
from yolotrt_ros.ros.child_process import ChildProcess

pytestmark = pytest.mark.ros

TIMEOUT_S = 30.0


def run(code, is_stopped=lambda: False):
    lines = []
    status = ChildProcess([sys.executable, '-c', code], lines.append).wait(is_stopped)
    return status, lines


def test_lines_of_both_outputs_are_heard_in_order():
    code = 'import sys; print("one"); print(); print("two", file=sys.stderr); print("thr\\u00e9e")'
    assert run(code) == (0, ['one', 'two', 'thrée'])


@pytest.mark.parametrize('status', [0, 1, 3])
def test_exit_status_is_told(status):
    assert run(f'raise SystemExit({status})') == (status, [])


def test_bytes_that_are_no_text_do_no_harm():
    status, lines = run(r'import os; os.write(1, b"\xff\xfe ok\n")')
    assert status == 0
    assert lines[0].endswith(' ok')


def test_command_is_interrupted_and_may_clean_up():
    code = """
import time
try:
    print('ready')
    time.sleep(60)
except KeyboardInterrupt:
    print('cleaned up')
"""
    lines = []
    child = ChildProcess([sys.executable, '-c', code], lines.append)
    begin = time.monotonic()
    assert child.wait(lambda: 'ready' in lines) is None
    assert lines == ['ready', 'cleaned up']
    assert time.monotonic() - begin < TIMEOUT_S


def test_command_that_ignores_interrupts_is_ended_with_what_it_started(monkeypatch):
    monkeypatch.setattr('yolotrt_ros.ros.child_process.PATIENCE_S', 0.3)
    code = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print(grandchild.pid)
time.sleep(60)
"""
    lines = []
    child = ChildProcess([sys.executable, '-c', code], lines.append)
    assert child.wait(lambda: bool(lines)) is None
    assert ended(lines[:1], within_s=TIMEOUT_S), 'the grandchild lives on'


def test_error_of_the_one_who_asks_ends_the_command():
    def is_stopped():
        raise ZeroDivisionError

    code = 'import os, time; print(os.getpid()); time.sleep(60)'
    lines = []
    child = ChildProcess([sys.executable, '-c', code], lines.append)
    while not lines:
        time.sleep(0.02)
    with pytest.raises(ZeroDivisionError):
        child.wait(is_stopped)
    assert not is_running(lines[0])


def test_terminal_does_not_reach_the_command_by_itself():
    """Ctrl-C goes to a terminal's group, and the command is to be stopped once, by the node."""
    status, lines = run('import os; print(os.getpgid(0), os.getsid(0))')
    assert status == 0
    group, session = map(int, lines[0].split())
    assert group == session != os.getpgid(0)
