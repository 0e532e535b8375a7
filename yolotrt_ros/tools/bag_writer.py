# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""New rosbag2 recordings, in the format that every ROS 2 of today reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yolotrt_ros.core.errors import BackendError, ConfigError
from yolotrt_ros.tools.bag_recording import MCAP, SQLITE3

STORAGES = (MCAP, SQLITE3)
# The newest that rosbag2 of ROS 2 Humble reads.
_FORMAT_VERSION = 8


def bag_writer(option: str, path: Path, storage: str) -> Any:  # noqa: ANN401 - of rosbags
    """
    Return a writer of rosbags, to be opened.

    :param option: that the path was given with.
    :param path: the folder to make.
    :param storage: one of ``STORAGES``.
    :raises ConfigError: the folder exists already.
    :raises BackendError: rosbags is not installed.
    """
    try:
        from rosbags.rosbag2 import StoragePlugin, Writer
    except ImportError as error:
        raise BackendError(
            'rosbags, which writes recordings, is not installed; install it with '
            '`pip install rosbags`'
        ) from error
    if path.exists():
        raise ConfigError(option, str(path), 'exists already; remove it, or name another folder')
    plugin = {MCAP: StoragePlugin.MCAP, SQLITE3: StoragePlugin.SQLITE3}[storage]
    return Writer(path, version=_FORMAT_VERSION, storage_plugin=plugin)
