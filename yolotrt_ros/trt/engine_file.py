# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Read engine files: a TensorRT plan, with or without the header that Ultralytics writes before it.

That header is the length of a JSON text as four bytes, little end first, and the text. A file that
is certainly something else is refused with its name; what remains is for TensorRT to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import re
import shlex
from typing import BinaryIO

from yolotrt_ros.core.errors import EngineError

PLAN_TAG = b'ftrt'
MIN_PLAN_BYTES = 1024
MAX_HEADER_BYTES = 1 << 20
_SNIFF_BYTES = 4096
_CHUNK_BYTES = 1 << 20

# Field 1 (ir_version) up to 31, then producer, model version, graph or operator sets.
_ONNX = re.compile(rb'\x08[\x01-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]')
_ENDS_WITHIN_LETTER = re.compile(rb'[\xc0-\xff][\x80-\xbf]{0,2}\Z')


@dataclass(frozen=True)
class Plan:
    """
    An engine as TensorRT takes it.

    :param data: the serialised engine.
    :param metadata: what the file says of it in the form of an ONNX file's metadata: ``names``,
        ``stride``, ``imgsz`` and so on, each as text; empty where it says nothing.
    """

    data: bytes
    metadata: dict[str, str]


def read_plan(path: Path) -> Plan:
    """
    Read an engine file.

    :raises EngineError: it cannot be read, is cut off, or is no engine.
    """
    if path.is_dir():
        raise EngineError(f'{path} is a folder; give the engine file in it')
    try:
        with path.open('rb') as file:
            return _read(file, path)
    except FileNotFoundError as error:
        raise EngineError(
            f'engine {path} does not exist; check the path (engine_path), or build it with '
            '`ros2 run yolotrt_ros build_engine MODEL.onnx`'
        ) from error
    except OSError as error:
        raise EngineError(
            f'engine {path} cannot be read: {error}; check its permissions'
        ) from error


def file_sha256(path: Path) -> str:
    """
    Return the SHA-256 of a file in hexadecimal, without holding it in memory.

    :raises OSError: it cannot be read.
    """
    total = hashlib.sha256()
    with path.open('rb', buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


def _read(file: BinaryIO, path: Path) -> Plan:
    start = file.read(_SNIFF_BYTES)
    if reason := _reason_against(start, path):
        raise EngineError(f'{path} {reason}')
    file.seek(0)
    metadata = _read_header(file, path) if _has_header(start) else {}
    data = file.read()
    if len(data) < MIN_PLAN_BYTES:
        raise EngineError(
            f'{path} holds {len(data)} bytes of an engine, but the smallest is longer than '
            f'{MIN_PLAN_BYTES}: the file is cut off; copy it again, or build it again with '
            '`ros2 run yolotrt_ros build_engine MODEL.onnx`'
        )
    return Plan(data, metadata)


def _has_header(start: bytes) -> bool:
    return int.from_bytes(start[:4], 'little') < MAX_HEADER_BYTES and start[4:5] == b'{'


def _read_header(file: BinaryIO, path: Path) -> dict[str, str]:
    """Read the header and leave the file at the plan behind it."""
    length = int.from_bytes(file.read(4), 'little')
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError) as error:
        raise EngineError(
            f'{path} begins like an engine of Ultralytics, but its header of {length} bytes is '
            f'damaged ({error}); copy the file again, or export the engine again'
        ) from error
    return {key: str(value) for key, value in header.items()}


def _reason_against(start: bytes, path: Path) -> str | None:
    """Say what the file is instead of an engine, and what to do about it; None for an engine."""
    if not start:
        return (
            'is empty; copy the file again, or build it again with '
            '`ros2 run yolotrt_ros build_engine MODEL.onnx`'
        )
    # A header of 640 bytes would pass for a pickle, which its length begins like.
    if start.startswith(PLAN_TAG) or _has_header(start):
        return None
    if path.suffix.lower() == '.onnx' or _ONNX.match(start):
        command = shlex.join(['ros2', 'run', 'yolotrt_ros', 'build_engine', str(path)])
        return (
            'is an ONNX network, not an engine; build one with '
            f'`{command}`, or run it with ONNX Runtime (onnx_path)'
        )
    if start.startswith((b'PK\x03\x04', b'\x80\x02')):
        return (
            'is a PyTorch checkpoint (or another zip or pickle file), not an engine; export it to '
            'ONNX and build an engine from that'
        )
    if start.startswith(b'version https://git-lfs'):
        return 'is a pointer of Git LFS, not the engine itself; fetch it with `git lfs pull`'
    if _is_text(start):
        shown = start[:40].decode(errors='ignore')
        return f'is a text file, not an engine (it begins with {shown!r}); give the engine itself'
    return None


def _is_text(start: bytes) -> bool:
    # Reading stops anywhere, also within a letter of several bytes.
    try:
        text = _ENDS_WITHIN_LETTER.sub(b'', start).decode()
    except UnicodeDecodeError:
        return False
    return bool(text) and all(letter.isprintable() or letter in '\t\n\r\f' for letter in text)
