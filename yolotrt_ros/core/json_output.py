# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a command writes the one object of ``--json``."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
import json
import os
from pathlib import Path
import sys
from typing import Any

from yolotrt_ros.core.atomic_write import write_text
from yolotrt_ros.core.errors import ConfigError

STANDARD_OUTPUT = Path('-')


def add_json_option(parser: ArgumentParser) -> None:
    """Offer ``--json FILE``."""
    parser.add_argument(
        '--json',
        type=Path,
        metavar='FILE',
        help='write the figures there as one object; - is the standard output',
    )


def check_output_path(option: str, path: Path | None, *inputs: Path | None) -> None:
    """
    Refuse before a long job what could not, or should not, be written after it.

    :param option: that the path was given with.
    :param inputs: the files that the job reads.
    :raises ConfigError: the folder does not exist or is not writable, or the path is a folder, a
        device or one of the inputs.
    """
    if path is None or (option == 'json' and path == STANDARD_OUTPUT):
        return
    if any(each and each.exists() and path.exists() and path.samefile(each) for each in inputs):
        raise ConfigError(option, str(path), 'is read by this command; choose another file')
    folder = path.resolve().parent
    is_other = path.exists() and not path.is_file()
    if is_other or not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ConfigError(option, str(path), 'cannot be written; choose a file in another folder')


@contextmanager
def text_beside(path: Path | None) -> Iterator[None]:
    """
    Print what people read within this block beside the object: to the standard error for ``-``.

    :param path: of the object.
    """
    with redirect_stdout(sys.stderr) if path == STANDARD_OUTPUT else nullcontext():
        yield


def write_json(path: Path | None, content: dict[str, Any]) -> None:
    """
    Write an object to a file, to the standard output for ``-``, or nowhere for None.

    :raises ConfigError: the file cannot be written.
    """
    if path is None:
        return
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + '\n'
    if path == STANDARD_OUTPUT:
        print(text, end='', flush=True)
        return
    write_output('json', path, text)


def write_output(option: str, path: Path, text: str) -> None:
    """
    Write a text to a file, whole or not at all.

    :param option: that the path was given with.
    :raises ConfigError: the file cannot be written.
    """
    try:
        write_text(path, text)
    except OSError as error:
        raise ConfigError(option, str(path), f'cannot be written: {error}') from error
