# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Compiled plugins on disk: one folder for each set of things that decide on the library.

A folder appears under its name only when it is complete, so whoever finds one can use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import fcntl
from pathlib import Path
import secrets
import shutil

from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.cache_folder import cache_folder
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.core.typed_json import check_fields, parse, to_record, to_text
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.plugin_build import LIBRARY_NAME, Say

FACTS_NAME = 'facts.json'
_SHOWN_DIGITS = 16


@dataclass(frozen=True)
class PluginKey:
    """
    What decides on a compiled library.

    :param cuda_version: of the compiler; None for any, where there is no compiler to ask.
    """

    tensorrt_version: str
    compute_capability: tuple[int, int]
    cuda_version: str | None
    source_digest: str

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def folder_name(self) -> str:
        """The folder's name, a pattern where the compiler may be any."""
        major, minor = self.compute_capability
        return (
            f'tensorrt{self.tensorrt_version}-sm{major}{minor}-cuda{self.cuda_version or "*"}-'
            f'{self.source_digest[:_SHOWN_DIGITS]}'
        )


@dataclass(frozen=True)
class PluginFacts:
    """What lies in a folder beside the library, to notice another or a damaged one."""

    key: PluginKey
    library_sha256: str

    def __post_init__(self) -> None:
        check_fields(self)


class PluginCache:
    """
    The folders of all compiled plugins of this user.

    :raises BackendError: the cache folder cannot be written to.
    """

    def __init__(self) -> None:
        self._root = cache_folder('plugins')

    def find(self, key: PluginKey) -> Path | None:
        """Return the library that was compiled for a key, any of several, or None."""
        folders = sorted(self._root.glob(key.folder_name))
        found = (folder / LIBRARY_NAME for folder in folders if _is_whole(folder, key))
        return next(found, None)

    def log_path(self, key: PluginKey) -> Path:
        """Return where the output of the compilers goes."""
        return self._root / f'{key.folder_name}.log'

    @contextmanager
    def lock(self, key: PluginKey, say: Say) -> Iterator[None]:
        """
        Let one process at a time compile for a key; the others wait.

        :raises PluginError: the file system cannot lock.
        """
        with (self._root / f'{key.folder_name}.lock').open('w') as file:
            try:
                _lock(file.fileno(), say)
            except OSError as error:
                raise PluginError(
                    f'{file.name} cannot be locked: {error}; set XDG_CACHE_HOME to a folder on '
                    'another file system'
                ) from error
            yield

    @contextmanager
    def new_folder(self, key: PluginKey) -> Iterator[Path]:
        """Give an empty folder to build in, which is removed afterwards; to be used locked."""
        # What a build left that was killed: under the lock nobody else's.
        for leftover in self._root.glob(f'.{key.folder_name}.*'):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = self._root / f'.{key.folder_name}.{secrets.token_hex(4)}'
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def store(self, key: PluginKey, library: Path, folder: Path) -> Path:
        """
        Keep a library under a key; to be used locked.

        :param folder: the one that ``new_folder`` gave.
        :returns: the library's path from now on.
        """
        finished, target = folder / 'finished', self._root / key.folder_name
        finished.mkdir()
        shutil.copy2(library, finished / LIBRARY_NAME)
        facts = PluginFacts(key, file_sha256(finished / LIBRARY_NAME))
        write_bytes(finished / FACTS_NAME, to_text(facts))
        if target.exists():  # damaged, or it would have been found
            target.rename(folder / 'damaged')
        finished.rename(target)
        return target / LIBRARY_NAME


def _is_whole(folder: Path, key: PluginKey) -> bool:
    try:
        facts = to_record(PluginFacts, parse((folder / FACTS_NAME).read_bytes()))
        digest = file_sha256(folder / LIBRARY_NAME)
    except (OSError, ValueError):
        return False
    found = facts.key
    return (
        digest == facts.library_sha256
        and found.tensorrt_version == key.tensorrt_version
        and found.compute_capability == key.compute_capability
        and found.source_digest == key.source_digest
        and key.cuda_version in (None, found.cuda_version)
    )


def _lock(descriptor: int, say: Say) -> None:
    """Take the lock, which ends with the file, also if the process is killed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say('another process compiles the decode plugin; waiting for it …')
        fcntl.flock(descriptor, fcntl.LOCK_EX)
