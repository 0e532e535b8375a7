# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write a file whole or not at all, so that no reader ever sees half of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import errno
import os
from pathlib import Path
import secrets
import stat
from typing import BinaryIO


def write_bytes(path: Path, data: bytes | bytearray | memoryview) -> None:
    """
    Replace a file's content in one step, or make the file.

    A new file gets the permissions that the process gives to any new file, an existing one
    keeps its own, and a link keeps pointing at the file that is replaced.

    :raises OSError: the file cannot be written; nothing has changed and nothing is left behind.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, 'Not a regular file', str(path))
    with _temporary_file(target) as (file, temporary):
        _keep_permissions(file, target)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        temporary.replace(target)
    _sync_folder(target.parent)


def write_text(path: Path, text: str) -> None:
    """
    Replace a text file's content in one step, or make the file; UTF-8, line ends as they are.

    What UTF-8 cannot hold, as in the name of a file that is none, is escaped as JSON does it.

    :raises OSError: as ``write_bytes`` does.
    """
    write_bytes(path, text.encode(errors='backslashreplace'))


@contextmanager
def _temporary_file(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a new file in the target's folder; it is gone afterwards, unless it was renamed."""
    # The name is cut so that it stays within the limit wherever the target's own name does.
    temporary = target.with_name(f'.{target.name[:40]}.{secrets.token_hex(8)}.tmp')
    with temporary.open('xb') as file:
        try:
            yield file, temporary
        finally:
            temporary.unlink(missing_ok=True)


def _keep_permissions(file: BinaryIO, target: Path) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
