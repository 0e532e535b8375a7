# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The phases of a build as nested bars, or as lines where the output is no terminal."""

from __future__ import annotations

import sys
from threading import Event, RLock
import time

from tqdm import tqdm

MAX_BARS = 3


class ConsoleProgress:
    """
    A ``Progress`` on standard error.

    :param bars: whether to draw bars; None for: on a terminal only.
    """

    def __init__(self, *, bars: bool | None = None) -> None:
        self._has_bars = sys.stderr.isatty() if bars is None else bars
        self._cancelled = Event()
        self._lock = RLock()  # TensorRT calls from several threads
        self._depths: dict[str, int] = {}
        self._bars: dict[str, tqdm] = {}
        self._tenths: dict[str, int] = {}
        self._started = time.monotonic()

    @property
    def is_cancelled(self) -> bool:
        """Whether the build is to stop as soon as it can."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the build to stop."""
        self._cancelled.set()

    def start_phase(self, name: str, parent: str | None, num_steps: int) -> None:
        """Begin a phase within another, or within none; ``num_steps`` is 0 where not known."""
        with self._lock:
            depth = 0 if parent is None else self._depths.get(parent, -1) + 1
            self._depths[name] = depth
            if self._has_bars and depth < MAX_BARS:
                self._bars[name] = tqdm(
                    desc=f'{"  " * depth}{name}',
                    total=num_steps or None,
                    position=depth,
                    leave=False,
                    file=sys.stderr,
                    bar_format=None if num_steps else '{desc}: {n_fmt} [{elapsed}]',
                )
            elif not self._has_bars and depth == 0:
                self._print(name)

    def complete_step(self, name: str, step: int) -> None:
        """Count a step of a phase, from 0."""
        with self._lock:
            bar = self._bars.get(name)
            if bar is not None:  # a bar of unknown length has no truth value
                bar.update(step + 1 - bar.n)

    def finish_phase(self, name: str) -> None:
        """End a phase, possibly before its last step."""
        with self._lock:
            self._depths.pop(name, None)
            bar = self._bars.pop(name, None)
            if bar is not None:
                bar.close()

    def count(self, name: str, done: int, total: int) -> None:
        """Tell how far a phase is that begins with 0 done and ends with all."""
        with self._lock:
            if name not in self._depths:
                self.start_phase(name, next(reversed(self._depths), None), total)
            self.complete_step(name, done - 1)
            if not self._has_bars and self._tenths.get(name) != (tenth := 10 * done // total):
                self._tenths[name] = tenth
                self._print(f'{name}: {done} of {total}')
            if done >= total:
                self.finish_phase(name)

    def tick(self) -> None:
        """Let the clocks of the bars go on."""
        with self._lock:
            for bar in self._bars.values():
                bar.refresh()

    def close(self) -> None:
        """Remove the bars that are left."""
        with self._lock:
            for name in list(self._bars):
                self.finish_phase(name)

    def _print(self, text: str) -> None:
        elapsed_s = time.monotonic() - self._started
        print(f'{elapsed_s:6.1f} s  {text}', file=sys.stderr, flush=True)
