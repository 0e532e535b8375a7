# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ``data.yaml`` of a YOLO data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import yaml

from yolotrt_ros.core.errors import ConfigError

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class DataYaml:
    """
    What the file says.

    :param path: the file itself.
    :param root: the folder that its paths are relative to.
    :param class_names: the indices as names where it gives only their number.
    :param splits: folders and lists of pictures, as written.
    :param num_keypoint_values: numbers that follow a box in a label; 0 for none.
    """

    path: Path
    root: Path
    class_names: tuple[str, ...]
    splits: Mapping[str, tuple[str, ...]]
    num_keypoint_values: int = 0

    def sources(self, split: str) -> list[Path]:
        """
        Return the folders and lists of a split.

        :raises ConfigError: there is no such split, or one of them does not exist.
        """
        if split not in self.splits:
            known = ', '.join(self.splits) or 'none'
            _refuse(self.path, f'has no split {split!r}; its splits are: {known}')
        return [self._find(entry) for entry in self.splits[split]]

    def is_list(self, split: str) -> bool:
        """Whether a list may leave out pictures that have labels."""
        return any(source.is_file() for source in self.sources(split))

    def _find(self, entry: str) -> Path:
        places = [self.root / entry]
        if entry.startswith('../'):
            # Exporters write paths that start beside the file, for trainers that look elsewhere.
            places.append(self.root / entry[3:])
        for place in places:
            if place.exists():
                return place
        tried = ' and '.join(map(str, places))
        _refuse(self.path, f'names {entry!r}, but {tried} does not exist; correct path')


def read_data_yaml(path: Path) -> DataYaml:
    """
    Read the file.

    ``path`` in it, where the pictures are, may be relative to the file or to the working folder;
    without it they are beside the file.

    :raises ConfigError: it cannot be read, or does not say which classes there are.
    """
    try:
        # As texts: otherwise a class with the name 'no' would be called 'False'.
        content = yaml.load(path.read_text(encoding='utf-8-sig'), yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError('data', str(path), f'cannot be read: {error}') from error
    if not isinstance(content, dict):
        _refuse(path, 'holds no keys; a data.yaml has val and names')
    splits = {name: _entries(content[name]) for name in SPLITS if content.get(name)}
    return DataYaml(
        path=path,
        root=_root(path, str(content.get('path') or '')),
        class_names=_class_names(path, content),
        splits=splits,
        num_keypoint_values=_num_keypoint_values(path, content),
    )


def _root(path: Path, text: str) -> Path:
    folder = path.absolute().parent
    places = dict.fromkeys([folder / text, Path.cwd() / text])
    for place in places:
        if place.is_dir():
            return place
    tried = ' and '.join(map(str, places))
    _refuse(path, f'has path {text!r}, but {tried} is no folder; correct path, or leave it out')


def _class_names(path: Path, content: Mapping[str, Any]) -> tuple[str, ...]:
    names, count = content.get('names'), content.get('nc')
    if isinstance(names, dict):
        keys = sorted(names, key=lambda key: (len(key), key))
        if keys != [str(index) for index in range(len(names))]:
            _refuse(path, f'names the classes {", ".join(keys)}; they must be 0, 1, 2 and so on')
        names = [names[key] for key in keys]
    elif not names and isinstance(count, str) and count.isdecimal():
        names = [str(index) for index in range(int(count))]
    if not (isinstance(names, list) and names):
        _refuse(path, 'has no names; write a list of the classes, or a dict from 0, 1, 2 …')
    if count is not None and count != str(len(names)):
        _refuse(path, f'has {len(names)} names, but nc is {count}; correct one of them')
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        _refuse(path, f'has the name {", ".join(twice)} for several classes; names must differ')
    return tuple(map(str, names))


def _num_keypoint_values(path: Path, content: Mapping[str, Any]) -> int:
    shape = content.get('kpt_shape') or ['0']
    if not (isinstance(shape, list) and all(str(size).isdecimal() for size in shape)):
        _refuse(path, f'has kpt_shape {shape!r}, which must be two numbers such as [17, 3]')
    return prod(map(int, shape))


def _entries(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ConfigError('data', str(path), reason)
