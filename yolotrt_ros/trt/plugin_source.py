# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decode plugin's sources, as they are installed beside the Python code."""

from __future__ import annotations

import hashlib
from pathlib import Path

from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.core.resources import share_path

FOLDER = 'plugins'
# What decides on the compiled library: the texts that tell people about it do not.
PATTERNS = ('CMakeLists.txt', 'cmake/**/*', 'include/**/*', 'src/**/*')


def plugin_folder() -> Path:
    """
    Return the folder with the plugin's CMakeLists.txt.

    :raises PluginError: the installation lacks it.
    """
    try:
        return share_path(FOLDER, 'CMakeLists.txt').parent
    except FileNotFoundError as error:
        raise PluginError(f"the decode plugin's sources are missing: {error}") from error


def plugin_source_digest(folder: Path | None = None) -> str:
    """
    Return the SHA-256 over the names and contents of the plugin's sources, in hexadecimal.

    :param folder: where they are; None for ``plugin_folder()``.
    :raises PluginError: the sources are missing or cannot be read.
    """
    folder = folder or plugin_folder()
    total = hashlib.sha256()
    try:
        for name, path in source_files(folder):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f'{content}  {name}\n'.encode())
    except OSError as error:
        raise PluginError(
            f"the decode plugin's sources cannot be read: {error}; install the package again"
        ) from error
    return total.hexdigest()


def source_files(folder: Path) -> list[tuple[str, Path]]:
    """Return the name relative to the folder and the path of each source file, by name."""
    found = {path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file()}
    paths = [path for path in found if not path.name.startswith('.')]  # an open editor's
    return sorted((path.relative_to(folder).as_posix(), path) for path in paths)
