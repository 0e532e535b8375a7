# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the computer calls itself, for people."""

from __future__ import annotations

from pathlib import Path
import platform
import re


def machine_name(root: Path = Path('/')) -> str:
    """
    Name the board where it has a name, such as a Jetson, and the processor elsewhere.

    :param root: where ``proc`` lies.
    """
    board = _read(root / 'proc/device-tree/model').rstrip('\0').strip()
    if board:
        return board
    found = re.search(r'^model name\s*:\s*(.+)$', _read(root / 'proc/cpuinfo'), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine() or 'cpu'


def _read(path: Path) -> str:
    try:
        return path.read_text(errors='replace')
    except OSError:
        return ''
