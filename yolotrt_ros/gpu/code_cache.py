# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled code on disk, so that a node starts without compiling."""

from __future__ import annotations

import functools
from hashlib import sha256
import logging
from pathlib import Path

from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.cache_folder import cache_folder
from yolotrt_ros.core.errors import BackendError

_FOLDER = 'code'
_DIGEST_BYTES = sha256().digest_size
_log = logging.getLogger(__name__)


def read(key: str) -> bytes | None:
    """Return the code that was stored under a key; None where there is none, or it is damaged."""
    try:
        content = _path(key).read_bytes()
    except (OSError, BackendError):
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return code if code and sha256(code).digest() == digest else None


def write(key: str, code: bytes) -> None:
    """Store code under a key; where that is not possible, say so once and go on."""
    try:
        write_bytes(_path(key), sha256(code).digest() + code)
    except (OSError, BackendError) as error:
        _warn_once(str(error))


def _path(key: str) -> Path:
    return cache_folder(_FOLDER) / f'{key}.bin'


@functools.cache
def _warn_once(reason: str) -> None:
    _log.warning('compiled code cannot be stored, each start compiles it again: %s', reason)
