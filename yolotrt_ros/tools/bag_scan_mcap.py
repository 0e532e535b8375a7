# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The records of an MCAP file from front to back, without the index at its end.

A recording that was cut off, by a loss of power for example, has no index. The layout of the
records is that of the MCAP specification (https://mcap.dev/spec).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from yolotrt_ros.tools.bag_recording import RecordedMessage, RecordedTopic

MAGIC = b'\x89MCAP0\r\n'
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK = 2, 3, 4, 5, 6
_RECORD = Struct('<BQ')  # opcode, length
_IDS = Struct('<HH')
_MESSAGE_START = Struct('<HIQQ')  # channel, sequence, time of recording, time of publishing
_CHUNK_START = Struct('<QQQI')  # first and last time, size of the records, their CRC-32
_LENGTH, _LONG_LENGTH = Struct('<I'), Struct('<Q')


class _Channel(NamedTuple):
    topic: str
    kind: str


class _Schema(NamedTuple):
    name: str
    definition: str


def scan_mcap(path: Path) -> Iterator[RecordedTopic | RecordedMessage | str]:
    """
    Read as far as possible.

    :returns: each topic before its first message, messages in the order in which they lie in the
        file, and a text for each place that cannot be read.
    """
    scan = _Scan(path)
    with path.open('rb') as file:
        if file.read(len(MAGIC)) != MAGIC:
            yield f'{path} is no MCAP file'
            return
        while start := file.read(_RECORD.size):
            opcode, length = _RECORD.unpack(start) if len(start) == _RECORD.size else (0, 1)
            if opcode == _FOOTER:
                return
            left = path.stat().st_size - file.tell()
            content = file.read(length) if length <= left else file.read()
            if length > left:
                yield from _records_of(scan, opcode, content, is_cut=True)
                yield f'{path} ends in the middle of a record, {left} bytes behind its start'
                return
            yield from _records_of(scan, opcode, content)


class _Scan:
    """What the records so far say of those to come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.schemas: dict[int, _Schema] = {}
        self.channels: dict[int, _Channel] = {}

    def read(self, opcode: int, content: bytes) -> Iterator[RecordedTopic | RecordedMessage]:
        if opcode == _SCHEMA:
            (number,) = Struct('<H').unpack_from(content)
            name, end = _text(content, 2)
            _, end = _text(content, end)
            self.schemas[number] = _Schema(name, _text(content, end)[0])
        elif opcode == _CHANNEL:
            number, schema_number = _IDS.unpack_from(content)
            topic, _ = _text(content, _IDS.size)
            schema = self.schemas.get(schema_number, _Schema('', ''))
            if number not in self.channels:
                self.channels[number] = _Channel(topic, schema.name)
                yield RecordedTopic(topic, schema.name, None, schema.definition)
        elif opcode == _MESSAGE:
            number, _, recorded_ns, _ = _MESSAGE_START.unpack_from(content)
            channel = self.channels[number]
            yield RecordedMessage(*channel, recorded_ns, content[_MESSAGE_START.size :])


def _records_of(
    scan: _Scan, opcode: int, content: bytes, *, is_cut: bool = False
) -> Iterator[RecordedTopic | RecordedMessage | str]:
    """Read one record, or those of a chunk; one that is cut has its whole records only."""
    try:
        if opcode == _CHUNK:
            for inner_opcode, inner in _split(_unpacked(content, is_cut=is_cut)):
                yield from scan.read(inner_opcode, inner)
        elif not is_cut:
            yield from scan.read(opcode, content)
    except Exception as error:  # damaged bytes lead to errors of any kind
        if not is_cut:
            yield f'{scan.path} has a damaged record: {error!r}'


def _unpacked(chunk: bytes, *, is_cut: bool) -> bytes:
    """Return the records of a chunk, as far as they are there."""
    _, _, size, checksum = _CHUNK_START.unpack_from(chunk)
    compression, start = _text(chunk, _CHUNK_START.size)
    records = chunk[start + _LONG_LENGTH.size :]
    if compression == 'lz4':
        from lz4.frame import LZ4FrameDecompressor  # type: ignore[import-untyped]

        records = LZ4FrameDecompressor().decompress(records)
    elif compression == 'zstd':
        records = _zstd().ZstdDecompressor().decompress(records)
    elif compression:
        raise ValueError(f'the compression {compression!r} is not known')
    if not is_cut and (len(records) != size or (checksum and crc32(records) != checksum)):
        raise ValueError('the checksum of a chunk does not fit')
    return records


def _zstd() -> Any:  # noqa: ANN401 - one of two libraries
    try:
        from compression import zstd  # type: ignore[import-not-found]
    except ImportError:  # before Python 3.14 rosbags brings it
        from backports import zstd
    return zstd


def _split(records: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + _RECORD.size <= len(records):
        opcode, length = _RECORD.unpack_from(records, position)
        position += _RECORD.size
        if position + length > len(records):
            return
        yield opcode, records[position : position + length]
        position += length


def _text(content: bytes, start: int) -> tuple[str, int]:
    """Read a text behind its length; returns it and where it ends."""
    (length,) = _LENGTH.unpack_from(content, start)
    begin = start + _LENGTH.size
    if begin + length > len(content):
        raise ValueError('a text is longer than its record')
    return content[begin : begin + length].decode(), begin + length
