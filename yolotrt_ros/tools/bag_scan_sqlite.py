# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The messages of an SQLite recording from front to back, as far as its pages can be read.

Unlike rosbags this reads the write-ahead log too, which a recording that was cut off leaves
beside its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
import sqlite3

from yolotrt_ros.tools.bag_recording import RecordedMessage, RecordedTopic


def has_write_ahead_log(path: Path) -> bool:
    """Tell whether messages of a recording are not yet in the file itself."""
    log = path.with_name(f'{path.name}-wal')
    return log.is_file() and log.stat().st_size > 0


def scan_sqlite(path: Path) -> Iterator[RecordedTopic | RecordedMessage | str]:
    """
    Read as far as possible.

    :returns: the topics, then messages in the order in which they were stored, then a text where
        the rest cannot be read.
    """
    try:
        with closing(_connected(path)) as base:
            base.text_factory = lambda text: text.decode(errors='replace')
            yield from _records(base)
    except sqlite3.Error as error:
        yield f'{path}: the rest is damaged ({error})'


def _connected(path: Path) -> sqlite3.Connection:
    uri = path.resolve().as_uri()
    base = sqlite3.connect(f'{uri}?mode=ro', uri=True)
    try:
        # Otherwise SQLite refuses a file that is shorter than it should be; nothing is written.
        base.execute('PRAGMA writable_schema=ON')
        base.execute('SELECT count(*) FROM sqlite_master')
    except sqlite3.OperationalError:  # a log cannot be read in a folder that cannot be written
        base.close()
        base = sqlite3.connect(f'{uri}?immutable=1', uri=True)
        base.execute('PRAGMA writable_schema=ON')
    return base


def _records(base: sqlite3.Connection) -> Iterator[RecordedTopic | RecordedMessage]:
    tables = {name for (name,) in base.execute('SELECT name FROM sqlite_master')}
    definitions: dict[str, tuple[str, str]] = {}
    if 'message_definitions' in tables:
        for kind, text, digest in base.execute(
            'SELECT topic_type, encoded_message_definition, type_description_hash '
            'FROM message_definitions'
        ):
            definitions[kind] = text, digest
    kinds: dict[int, tuple[str, str]] = {}
    for number, name, kind in base.execute('SELECT id, name, type FROM topics'):
        kinds[number] = name, kind
        yield RecordedTopic(name, kind, None, *definitions.get(kind, ('', '')))
    for number, recorded_ns, data in base.execute(
        'SELECT topic_id, timestamp, data FROM messages ORDER BY id'
    ):
        if number in kinds:
            yield RecordedMessage(*kinds[number], recorded_ns, bytes(data))
