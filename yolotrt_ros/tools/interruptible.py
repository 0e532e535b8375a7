# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Ctrl-C during a call that cannot be interrupted.

The call runs in a thread of its own, and the main thread waits for it in short steps. Ctrl-C asks
the call to stop, where it can; where it cannot, or at a second Ctrl-C, the process has to be left
with the call still running, and Python's usual end would wait for it or crash in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
import logging
import os
import signal
import sys
import threading
from typing import NoReturn, TypeVar

T = TypeVar('T')
TICK_S = 0.2


class AbandonedError(KeyboardInterrupt):
    """The user pressed Ctrl-C, and the call goes on: only ``leave`` ends the process now."""


def run_interruptible(
    work: Callable[[], T], *, cancel: Callable[[], bool], tick: Callable[[], None]
) -> T:
    """
    Run a call in a thread while this one, the main thread, listens for Ctrl-C.

    :param work: the call; what it returns or raises comes from here.
    :param cancel: asks the call to stop, at the first Ctrl-C; False where it cannot.
    :param tick: called a few times a second, to show that time passes.
    :raises KeyboardInterrupt: Ctrl-C came, and the call has ended.
    :raises AbandonedError: Ctrl-C came, and the call does not stop.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # raised again below, in the main thread
            outcome.set_exception(error)

    thread = threading.Thread(target=run, name='uninterruptible', daemon=True)
    with _counted_interrupts() as interrupts:
        thread.start()
        handled = 0
        while thread.is_alive():
            thread.join(TICK_S)
            tick()
            if (count := len(interrupts)) > handled:
                if handled or count > 1 or not cancel():
                    raise AbandonedError
                handled = count  # and not what has come meanwhile
        if interrupts:  # the call may have ended well nevertheless; the user wanted no result
            raise KeyboardInterrupt
    return outcome.result()


def leave(status: int) -> NoReturn:
    """End the process at once, without the clean-up that would touch what a thread still uses."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


@contextmanager
def _counted_interrupts() -> Iterator[list[int]]:
    """Collect Ctrl-C in a list instead of an exception, which could hit any line."""
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen  # Python delivers signals to the main thread only
        return
    before = signal.signal(signal.SIGINT, lambda number, _frame: seen.append(number))
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)
