# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and a terminal that is closed, which would end a process in the middle of its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import signal
import threading
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """
    Let these signals unwind the work as Ctrl-C does; the exit status is 128 and their number.

    Otherwise half-written files, or processes that were started, would be left behind. A second
    one ends the process at once, and one that was ignored before (nohup) still is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    replaced = [number for number in SIGNALS if signal.getsignal(number) == signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    for each in SIGNALS:
        if signal.getsignal(each) is _leave:
            signal.signal(each, signal.SIG_DFL)
    raise SystemExit(128 + number)
