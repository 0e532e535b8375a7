# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
How far a build is, from TensorRT's progress monitor or, where there is none, from its log.

A build takes minutes and its call returns only at the end. With a monitor it can be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import logging
import re
from types import ModuleType
from typing import Any, Protocol

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.trt import logger
from yolotrt_ros.trt.compat import has_progress_monitor

_logger = logging.getLogger(__name__)


class BuildCancelledError(BuildError):
    """The user stopped a build; nothing was written."""


class Progress(Protocol):
    """Follows a build. TensorRT calls from several threads, which must not be held up."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the build is to stop as soon as it can."""

    def start_phase(self, name: str, parent: str | None, num_steps: int) -> None:
        """Begin a phase within another, or within none; ``num_steps`` is 0 where not known."""

    def complete_step(self, name: str, step: int) -> None:
        """Count a step of a phase, from 0."""

    def finish_phase(self, name: str) -> None:
        """End a phase, possibly before its last step."""


@contextmanager
def follow(trt: ModuleType, config: Any, progress: Progress | None) -> Iterator[None]:  # noqa: ANN401
    """Report the build of a block that uses this ``trt.IBuilderConfig``."""
    if progress is None:
        yield
    elif has_progress_monitor(trt):
        monitor = make_monitor(trt, progress)  # must outlive the build
        config.progress_monitor = monitor
        yield
    else:
        phases = LogPhases(progress)
        with logger.listening(phases.read):
            yield
        phases.finish()


def make_monitor(trt: ModuleType, progress: Progress) -> Any:  # noqa: ANN401
    """Return a ``trt.IProgressMonitor`` that passes everything on; this TensorRT must have it."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            _tell(progress.start_phase, phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            _tell(progress.complete_step, phase_name, step)
            return not progress.is_cancelled

        def phase_finish(self, phase_name: str) -> None:
            _tell(progress.finish_phase, phase_name)

    return Monitor()


def _tell(listener: Callable[..., None], *facts: object) -> None:
    try:
        listener(*facts)
    except Exception:  # TensorRT would take it for the wish to stop, and say nothing
        _logger.exception('the progress of the build cannot be shown')


class LogPhases:
    """
    Reads the phases of a build out of the lines that TensorRT 8.6 logs.

    One phase at a time, none with a known length. Lines that are not known change nothing.
    """

    # The line that begins a phase, and what the phase is called.
    STARTS = (
        (re.compile(r'Applying generic optimizations'), 'optimising the graph'),
        (re.compile(r'Starting Calibration'), 'calibrating'),
        (re.compile(r'=+ Computing (reformatting )?costs'), 'timing kernels'),
        (re.compile(r'Formats and tactics selection completed'), 'generating the engine'),
    )
    STEP = re.compile(r'=+ Computing (reformatting )?costs|Calibrated batch')

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._phase = ''
        self._steps = 0

    def read(self, _level: int, text: str) -> None:
        """Take one line of the log."""
        for pattern, phase in self.STARTS:
            if phase != self._phase and pattern.search(text):
                self._start(phase)
        if self._phase and self.STEP.search(text):
            self._progress.complete_step(self._phase, self._steps)
            self._steps += 1

    def finish(self) -> None:
        """End the last phase."""
        if self._phase:
            self._progress.finish_phase(self._phase)
        self._phase = ''

    def _start(self, phase: str) -> None:
        self.finish()
        self._phase, self._steps = phase, 0
        self._progress.start_phase(phase, None, 0)
