# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rosbag2 recording, read message by message without ROS."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.cpu.media import MediaError

BAG_SUFFIXES = frozenset({'.mcap', '.db3'})
MCAP, SQLITE3 = 'mcap', 'sqlite3'


@dataclass(frozen=True)
class RecordedTopic:
    """
    One topic of a recording.

    :param kind: the type of its messages, such as ``sensor_msgs/msg/Image``.
    :param num_messages: as the recording declares them; None where it declares nothing.
    :param definition: the text of the type's definition; empty where it was not recorded.
    :param definition_hash: of the type, as ROS 2 writes it; empty where it was not recorded.
    :param qos_profiles: of the publishers, as rosbags reads them.
    """

    name: str
    kind: str
    num_messages: int | None
    definition: str = ''
    definition_hash: str = ''
    qos_profiles: tuple[Any, ...] = ()


class RecordedMessage(NamedTuple):
    """
    One message.

    :param recorded_ns: when it was recorded, nanoseconds.
    :param data: the message, serialised.
    """

    topic: str
    kind: str
    recorded_ns: int
    data: bytes


class Recording(Protocol):
    """An open recording."""

    @property
    def storage(self) -> str:
        """How it is stored: ``mcap`` or ``sqlite3``."""

    @property
    def topics(self) -> Sequence[RecordedTopic]:
        """What was recorded."""

    @property
    def problems(self) -> Sequence[str]:
        """What cannot be read, and why; complete only once the messages were gone through."""

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """
        Go through the messages of some topics in the order of recording, one after another.

        It ends early where the rest cannot be read, which then is among the problems.
        """


class BagRecording:
    """
    A complete recording.

    :param path: where it lies, for people.
    :param reader: an open reader of rosbags.
    """

    def __init__(self, path: Path, reader: Any) -> None:  # noqa: ANN401 - rosbags may be absent
        self.problems: list[str] = []
        self._path = path
        self._reader = reader
        self.storage = storage_of(path)
        self.topics = tuple(map(_topic, reader.connections))

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """Go through the messages of some topics; see ``Recording``."""
        chosen = [item for item in self._reader.connections if item.topic in names]
        declared = sum(item.msgcount for item in chosen)
        position = 0
        reason = 'it is damaged there, or its metadata.yaml counts more than it holds'
        try:
            # Of no connections rosbags would give all.
            for connection, time_ns, data in self._reader.messages(chosen) if chosen else ():
                position += 1
                yield RecordedMessage(connection.topic, connection.msgtype, time_ns, bytes(data))
        except Exception as error:  # each storage format raises errors of its own
            reason = f'the rest is damaged ({error})'
        if position < declared:
            self.problems.append(
                f'{self._path} ({", ".join(sorted(names))}) gives {position} messages, but '
                f'{declared} were expected; {reason}'
            )


def is_bag(path: Path) -> bool:
    """Tell whether a path is a rosbag2 recording: its folder, or one of its files."""
    if path.is_dir():
        return (path / 'metadata.yaml').exists()
    return path.suffix in BAG_SUFFIXES


def storage_of(path: Path) -> str:
    """Tell the storage format of a recording by the suffixes of its files."""
    names = [path.name] if path.is_file() else [file.name for file in path.iterdir()]
    return SQLITE3 if any('.db3' in name for name in names) else MCAP


@contextmanager
def open_recording(path: Path) -> Iterator[BagRecording]:
    """
    Open a complete recording.

    :param path: the folder with ``metadata.yaml``, or an ``.mcap`` or ``.db3`` file.
    :raises MediaError: it cannot be opened.
    :raises BackendError: rosbags is not installed.
    """
    try:
        from rosbags.rosbag2 import Reader
    except ImportError as error:
        raise BackendError(
            f'{path} is a rosbag2 recording, and rosbags, which reads it, is not installed; '
            'install it with `pip install rosbags`'
        ) from error
    try:
        reader = Reader(path)
        reader.open()
    except Exception as error:  # as above
        raise MediaError(
            f'{path} cannot be opened as a rosbag2 recording: {error}; check that it is complete'
        ) from error
    try:
        yield BagRecording(path, reader)
    finally:
        reader.close()


def _topic(connection: Any) -> RecordedTopic:  # noqa: ANN401 - as above
    return RecordedTopic(
        connection.topic,
        connection.msgtype,
        connection.msgcount,
        connection.msgdef.data,
        connection.digest or '',
        tuple(connection.ext.offered_qos_profiles),
    )
