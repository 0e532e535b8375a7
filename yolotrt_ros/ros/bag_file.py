# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A new rosbag2 recording, with the definitions of its messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rclpy.qos import QoSProfile

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.ros.bag_qos import written_qos
from yolotrt_ros.ros.message_types import type_store
from yolotrt_ros.tools.bag_writer import bag_writer


class BagFile:
    """
    Writes serialised messages into a new folder.

    A folder in which nothing was recorded is a complete recording, too.

    :param path: the folder; must not exist.
    :param storage: ``mcap`` or ``sqlite3``.
    :raises ConfigError: the folder exists or cannot be made.
    :raises BackendError: rosbags is not installed.
    """

    def __init__(self, path: Path, storage: str) -> None:
        self._writer = bag_writer('output', path, storage)
        # A node writes from several threads, SQLite takes one.
        self._thread = ThreadPoolExecutor(1, 'bag_file')
        try:
            self._in_thread(self._writer.open)
        except OSError as error:
            self._thread.shutdown()
            raise ConfigError('output', str(path), f'cannot be recorded to: {error}') from error
        self._connections: dict[str, Any] = {}
        self.num_messages: Counter[str] = Counter()

    def add_topic(self, topic: str, kind: str, offered: list[QoSProfile]) -> None:
        """
        Begin a topic.

        :param kind: its type, such as ``vision_msgs/msg/Detection2DArray``.
        :param offered: by its publishers.
        :raises BackendError: the definition of the type is not installed.
        """
        self._connections[topic] = self._in_thread(
            self._writer.add_connection,
            topic,
            kind,
            typestore=type_store(kind),
            offered_qos_profiles=[written_qos(profile) for profile in offered],
        )

    def write(self, topic: str, time_ns: int, data: bytes) -> None:
        """Write a serialised message of a topic that was added."""
        self._in_thread(self._writer.write, self._connections[topic], time_ns, data)
        self.num_messages[topic] += 1

    def close(self) -> None:
        """Complete the recording."""
        if not self.num_messages:  # otherwise the highest number there is
            self._writer.min_timestamp = 0
        self._in_thread(self._writer.close)
        self._thread.shutdown()

    def _in_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return self._thread.submit(function, *args, **kwargs).result()
