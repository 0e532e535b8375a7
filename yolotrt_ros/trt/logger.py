# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
TensorRT's log as a part of Python's: the logger ``yolotrt_ros.tensorrt``.

TensorRT wants one logger object a process, and it must outlive everything made with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import logging
import re
from threading import Lock
from typing import Any

from yolotrt_ros.trt.compat import import_tensorrt

LOG = logging.getLogger('yolotrt_ros.tensorrt')
SHOWN_OF_A_KIND = 2

Listener = Callable[[int, str], None]
"""Takes the level of ``logging`` and the line; called from any thread."""

# Names, numbers and addresses are what differs between lines of one kind.
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\}|\S*[\d/]\S*")


class TensorRtLog:
    """
    Forwards lines, counts warnings that repeat, and tells listeners everything.

    Python's objects behind TensorRT's callbacks: an exception in here would reach nobody.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: list[Listener] = []
        self._kinds: Counter[str] = Counter()

    def record(self, level: int, text: str) -> None:
        """Take one line of TensorRT; ``level`` is one of ``logging``."""
        for listener in tuple(self._listeners):
            listener(level, text)
        if not LOG.isEnabledFor(level):
            return
        if level == logging.WARNING and not self._is_new(text):
            return
        LOG.log(level, '%s', text)

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Pass every line of the block to a function, whatever the log shows."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def flush_repeats(self) -> None:
        """Say how often each warning was left out, and begin to count again."""
        with self._lock:
            kinds, self._kinds = self._kinds, Counter()
        for kind, count in kinds.items():
            if count > SHOWN_OF_A_KIND:
                LOG.warning('%d more like: %s', count - SHOWN_OF_A_KIND, kind)

    def _is_new(self, text: str) -> bool:
        kind = kind_of(text)
        with self._lock:
            self._kinds[kind] += 1
            return self._kinds[kind] <= SHOWN_OF_A_KIND


def kind_of(text: str) -> str:
    """Return a line with ``…`` in place of what names one layer, tensor or number."""
    return _VARYING.sub('…', text)


_log = TensorRtLog()
_logger: Any = None
_logger_lock = Lock()


def get_logger() -> Any:  # noqa: ANN401 - a class of TensorRT
    """
    Return this process's ``trt.ILogger``.

    :raises BackendError: TensorRT is not installed.
    """
    global _logger
    with _logger_lock:
        if _logger is None:
            _logger = _make_logger()
        return _logger


def listening(listener: Listener) -> Any:  # noqa: ANN401 - a context manager
    """Pass every line that TensorRT logs in a block to a function."""
    return _log.listening(listener)


@contextmanager
def collect_errors(lowest: int = logging.ERROR) -> Iterator[list[str]]:
    """
    Give the list of the error lines that TensorRT logs in a block, filled as they come.

    :param lowest: the level of ``logging`` that counts as an error.
    """
    errors: list[str] = []

    def keep(level: int, text: str) -> None:
        if level >= lowest:
            errors.append(text)

    try:
        with _log.listening(keep):
            yield errors
    finally:
        _log.flush_repeats()


def _make_logger() -> Any:  # noqa: ANN401
    trt = import_tensorrt()
    levels = {
        trt.ILogger.Severity.VERBOSE: logging.DEBUG,
        trt.ILogger.Severity.INFO: logging.INFO,
        trt.ILogger.Severity.WARNING: logging.WARNING,
        trt.ILogger.Severity.ERROR: logging.ERROR,
        trt.ILogger.Severity.INTERNAL_ERROR: logging.CRITICAL,
    }

    class ForwardingLogger(trt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)  # pybind11 wants the base named

        def log(self, severity: Any, msg: str) -> None:  # noqa: ANN401
            _log.record(levels[severity], msg)

    return ForwardingLogger()
