# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the values of an engine's card must be; each rule raises ValueError where one is not."""

from __future__ import annotations

from datetime import datetime
import re

from yolotrt_ros.core.heads import Head

FORMAT_VERSION = 1
_SHA256 = re.compile('[0-9a-f]{64}')
_VERSION = re.compile(r'\d+\.\d+(\.\d+)*')


def check_format(version: object) -> None:
    """Take this format alone; True is none, although Python finds it equal to 1."""
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ValueError(f'format_version must be {FORMAT_VERSION}, but is {version!r}')


def check_version(version: str) -> None:
    """Take a version of TensorRT, numbers with dots between."""
    if not _VERSION.fullmatch(version):
        raise ValueError(
            f'tensorrt_version must be a version such as 10.3.0, but is {version[:80]!r}'
        )


def check_head(name: str) -> None:
    """Take the name of a ``Head``."""
    if name not in Head.__members__:
        known = ', '.join(Head.__members__)
        raise ValueError(f'head must be one of {known}, but is {name[:80]!r}')


def check_time(text: str) -> None:
    """Take a time that means the same everywhere."""
    try:
        is_exact = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        is_exact = False
    if not is_exact:
        raise ValueError(
            f'created must be a time such as 2026-11-20T12:00:00+00:00, but is {text[:80]!r}'
        )


def check_digest(name: str, digest: str | None) -> None:
    """Take a SHA-256 in hexadecimal, or none at all."""
    if digest is not None and not _SHA256.fullmatch(digest):
        raise ValueError(f'{name} must be 64 hexadecimal digits, but is {digest[:80]!r}')
