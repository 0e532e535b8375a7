# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Moments in which no signal may raise an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """
    Let signals wait whose handler may raise, such as that of Ctrl-C, until the body has ended.

    For a body that takes something which must be given back, and takes no time: a process that was
    started when ``subprocess.Popen`` is interrupted is known to nobody, and runs on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    seen: list[int] = []
    try:
        for number in handlers:
            signal.signal(number, lambda number, _frame: seen.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with ExitStack() as each:  # one that raises does not swallow those behind it
            for came in reversed(seen):
                each.callback(signal.raise_signal, came)
