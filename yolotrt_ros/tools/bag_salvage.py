# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can still be read of a recording that was cut off or damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, ExitStack
from dataclasses import replace
from pathlib import Path
import re

from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.tools.bag_recording import (
    BAG_SUFFIXES,
    open_recording,
    RecordedMessage,
    RecordedTopic,
    Recording,
    storage_of,
)
from yolotrt_ros.tools.bag_scan_mcap import scan_mcap
from yolotrt_ros.tools.bag_scan_sqlite import has_write_ahead_log, scan_sqlite


class ScannedFile:
    """A file of a recording without an index; its topics are found by reading all of it."""

    def __init__(self, path: Path) -> None:
        self.problems: list[str] = []
        self.storage = storage_of(path)
        self._path = path
        self._scan = scan_sqlite if self.storage == 'sqlite3' else scan_mcap
        counts: Counter[str] = Counter()
        topics: dict[str, RecordedTopic] = {}
        for item in self._scan(path):
            if isinstance(item, RecordedTopic):
                topics.setdefault(item.name, item)
            elif isinstance(item, RecordedMessage):
                counts[item.topic] += 1
            else:
                self.problems.append(item)
        self.topics = tuple(
            replace(topic, num_messages=counts[name]) for name, topic in topics.items()
        )

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """Go through the messages of some topics; see ``Recording``."""
        for item in self._scan(self._path):
            if isinstance(item, RecordedMessage) and item.topic in names:
                yield item


class JoinedRecording:
    """
    Several recordings, one behind the other.

    :param parts: in their order.
    :param notes: what is to be said of the whole.
    """

    def __init__(self, parts: Sequence[Recording], notes: Sequence[str]) -> None:
        self._parts = parts
        self._notes = notes
        self.storage = parts[0].storage
        self.topics = tuple(topic for part in parts for topic in part.topics)

    @property
    def problems(self) -> list[str]:
        """What cannot be read, and why."""
        return [*self._notes, *(text for part in self._parts for text in part.problems)]

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """Go through the messages of some topics; see ``Recording``."""
        for part in self._parts:
            yield from part.messages(names)


@contextmanager
def open_readable(path: Path) -> Iterator[Recording]:
    """
    Open a recording; of one that is incomplete, what can be read.

    :param path: its folder, or one of its files.
    :raises MediaError: nothing of it can be read.
    :raises BackendError: rosbags is not installed.
    """
    with ExitStack() as stack:
        yield _open_readable(path, stack)


def _open_readable(path: Path, stack: ExitStack) -> Recording:
    if not path.exists():
        raise MediaError(f'{path} does not exist; give a rosbag2 recording')
    files = _files(path)
    if not any(map(has_write_ahead_log, files)):
        try:
            return stack.enter_context(open_recording(path))
        except MediaError as error:
            reason, failure = str(error.__cause__), error
    else:
        reason = 'its database has a write-ahead log: the recording was cut off'
        failure = MediaError(f'{path} cannot be opened as a rosbag2 recording: {reason}')
    parts = [_open_part(file, stack) for file in files]
    if not any(topic.num_messages for part in parts for topic in part.topics):
        raise failure
    note = f'{path} is incomplete ({reason}); what can be read of it is used'
    return JoinedRecording(parts, [note])


def _open_part(file: Path, stack: ExitStack) -> Recording:
    if not has_write_ahead_log(file):
        try:
            return stack.enter_context(open_recording(file))
        except MediaError:
            pass
    return ScannedFile(file)


def _files(path: Path) -> list[Path]:
    """List the files of a recording in the order in which they were written."""
    if path.is_file():
        return [path]
    found = [file for file in path.iterdir() if file.suffix in BAG_SUFFIXES]

    def numbers(file: Path) -> list[tuple[int, str]]:
        # name_10 comes behind name_9
        return [
            (int(part or 0), '') if part.isdecimal() else (0, part)
            for part in re.split(r'(\d+)', file.name)
        ]

    return sorted(found, key=numbers)
