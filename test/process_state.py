# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether processes still run that nobody here has started directly."""

from collections.abc import Sequence
from pathlib import Path
import time


def is_running(pid: str) -> bool:
    """Whether a process exists and has not ended; one whose end nobody noticed has."""
    try:
        state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in 'ZX'


def ended(pids: Sequence[str], *, within_s: float = 10.0) -> bool:
    """Whether all of these processes end soon: what was told to end may take a moment."""
    deadline = time.monotonic() + within_s
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_running, pids))
