# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a split of a YOLO data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.cpu.media import PICTURE_SUFFIXES
from yolotrt_ros.tools.dataset_yaml import DataYaml


def find_pictures(data: DataYaml, split: str, problems: list[str]) -> list[Path]:
    """
    List the pictures: those of folders by name, those of lists as they are written.

    :param problems: gets a line for each that is listed but cannot be used.
    :raises ConfigError: a folder or a list of the split does not exist or cannot be read.
    """
    found: dict[Path, None] = {}
    for source in data.sources(split):
        if source.is_dir():
            found.update(dict.fromkeys(_in_folder(source)))
            continue
        for place, picture in _in_list(source, data.root):
            if not picture.is_file():
                problems.append(f'{place}: {picture} does not exist; left out')
            elif picture in found:
                problems.append(f'{place}: {picture} is listed before; it counts once')
            else:
                found[picture] = None
    return list(found)


def _in_folder(folder: Path) -> list[Path]:
    files = folder.rglob('*')
    return sorted(
        file for file in files if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
    )


def _in_list(file: Path, root: Path) -> Iterator[tuple[str, Path]]:
    """Give each path of a list and where it is written."""
    try:
        lines = file.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            'data', str(file), f'cannot be read as a list of pictures: {error}'
        ) from error
    for number, line in enumerate(lines, start=1):
        if text := line.strip():
            places = [folder / text for folder in (file.parent, root, Path.cwd())]
            yield f'{file}:{number}', next(filter(Path.is_file, places), places[0])
