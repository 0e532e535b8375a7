# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder for what can be made again: compiled code, kernel times, calibration tables."""

from __future__ import annotations

import os
from pathlib import Path

from yolotrt_ros.core.errors import BackendError

PACKAGE = 'yolotrt_ros'
VARIABLE = 'XDG_CACHE_HOME'


def cache_folder(*parts: str) -> Path:
    """
    Return a folder below ``$XDG_CACHE_HOME/yolotrt_ros``, made where it is missing.

    Without the variable, or with a relative path in it (which the XDG specification says to
    ignore), ``~/.cache`` is taken.

    :raises BackendError: the folder cannot be made or nothing can be written to it.
    """
    try:
        folder = _cache_home().joinpath(PACKAGE, *parts)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home folder
        raise BackendError(f'the cache folder cannot be made: {error}; {_cure()}') from error
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise BackendError(f'the cache folder {folder} cannot be written to; {_cure()}')
    return folder


def _cache_home() -> Path:
    given = Path(os.environ.get(VARIABLE, ''))
    return given if given.is_absolute() else Path.home() / '.cache'


def _cure() -> str:
    return f'set {VARIABLE} to a folder that this user may write to'
