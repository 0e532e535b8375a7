# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Find the files that are installed beside the Python code: launch files and configuration."""

from __future__ import annotations

import os
from pathlib import Path
import sys

PACKAGE = 'yolotrt_ros'


def share_path(*parts: str) -> Path:
    """
    Return the path of a file of the package's share folder.

    Looked for in the source tree, in the workspaces of ``AMENT_PREFIX_PATH``, and in this
    Python's prefix, where ``pip install`` puts it.

    :raises FileNotFoundError: it is in none of them.
    """
    prefixes = [Path(prefix) for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(':')]
    source_tree = Path(__file__).resolve().parents[2]
    folders = [source_tree] if (source_tree / 'package.xml').exists() else []
    folders += [prefix / 'share' / PACKAGE for prefix in [*prefixes, Path(sys.prefix)]]
    for folder in folders:
        if (path := folder.joinpath(*parts)).exists():
            return path
    searched = ', '.join(str(folder) for folder in folders)
    raise FileNotFoundError(f'{"/".join(parts)} is in none of {searched}; install {PACKAGE} again')
