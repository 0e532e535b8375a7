# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the classes: from a network's metadata, from a file, or from the parameters."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from yolotrt_ros.core.errors import ConfigError, ModelError


def parse_metadata_names(text: str) -> tuple[str, ...]:
    """
    Read the ``names`` entry that YOLO exporters write.

    :param text: a Python literal: ``{0: 'person', 1: 'bicycle'}`` or ``['person', 'bicycle']``.
    :raises ModelError: it is neither, or the dict's keys are not 0, 1, 2 and so on.
    """
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError) as error:
        raise ModelError(_metadata_text(text)) from error
    if isinstance(value, dict):
        keys = [int(key) for key in value] if all(_is_index(key) for key in value) else None
        if keys is None or sorted(keys) != list(range(len(value))):
            raise ModelError(_metadata_text(text))
        return tuple(str(name) for _, name in sorted(zip(keys, value.values(), strict=True)))
    if isinstance(value, list | tuple):
        return tuple(str(name) for name in value)
    raise ModelError(_metadata_text(text))


def read_names_file(path: Path) -> tuple[str, ...]:
    """
    Read a text file with one name a line; blank lines at the end do not count.

    :raises ConfigError: the file cannot be read or holds no name.
    """
    try:
        lines = path.read_text(encoding='utf-8-sig').rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError('class_names_path', str(path), f'cannot be read: {error}') from error
    names = tuple(line.strip() for line in lines)
    if not names:
        raise ConfigError('class_names_path', str(path), 'holds no names; write one a line')
    return names


def count_class_names(
    *,
    given: Sequence[str] = (),
    path: Path | None = None,
    metadata: str | None = None,
) -> int | None:
    """
    Return how many names the first source that has them holds, or None where there is none.

    :raises ConfigError: the file cannot be read or holds no name.
    :raises ModelError: the metadata is no list of names.
    """
    found = _find(given, path, metadata)
    return None if found is None else len(found[0])


def choose_class_names(
    num_classes: int,
    *,
    given: Sequence[str] = (),
    path: Path | None = None,
    metadata: str | None = None,
) -> tuple[str, ...]:
    """
    Take the names from the first source that has them, and check their number.

    The parameter goes before the file, the file before the metadata. A network without any
    gets its indices as names.

    :raises ConfigError: the parameter or the file has another number of names than the network.
    :raises ModelError: the metadata has.
    """
    found = _find(given, path, metadata)
    if found is None:
        return tuple(str(index) for index in range(num_classes))
    names, parameter, value = found
    if len(names) == num_classes:
        return names
    if parameter is None:
        raise ModelError(
            f'the metadata names {len(names)} classes, but the outputs hold {num_classes}; '
            'export the network again or set the parameter class_names'
        )
    raise ConfigError(
        parameter, value, f'has {len(names)} names, but the network has {num_classes} classes'
    )


def _find(
    given: Sequence[str], path: Path | None, metadata: str | None
) -> tuple[tuple[str, ...], str | None, object] | None:
    """Return names, and the parameter they came from with its value; None is the metadata."""
    if given:
        return tuple(given), 'class_names', list(given)
    if path is not None:
        return read_names_file(path), 'class_names_path', str(path)
    if metadata is not None:
        return parse_metadata_names(metadata), None, metadata
    return None


def _is_index(key: object) -> bool:
    return isinstance(key, int) or (isinstance(key, str) and key.isdecimal())


def _metadata_text(text: str) -> str:
    return (
        "the metadata entry 'names' must be a list of names or a dict from 0, 1, 2 … to names, "
        f'but is {text[:120]!r}; export the network again or set the parameter class_names'
    )
