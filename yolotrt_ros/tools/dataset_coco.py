# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""COCO instances files."""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.dataset_raw import RawDataset, RawImage, RawLabel

PARTS = ('annotations', 'categories', 'images')


def read_coco(annotations: Path, folder: Path) -> RawDataset:
    """
    Read a COCO instances file.

    Its categories become classes in the order of their ids; those of one name are one class.

    :param annotations: the JSON file.
    :param folder: where its pictures are.
    :raises ConfigError: it is no such file, or the folder does not exist.
    """
    content = _load(annotations)
    if not folder.is_dir():
        raise ConfigError('images', str(folder), 'is no folder; give the folder of the pictures')
    try:
        return _read(content, str(annotations), folder)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _refusal(annotations, error) from error


def _load(path: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict):
            raise ValueError('it holds no object')
        missing = [part for part in PARTS if not isinstance(content.get(part), list)]
        if missing:
            raise ValueError(f'it has no {", ".join(missing)}')
        if strange := [
            part for part in PARTS if not all(isinstance(r, dict) for r in content[part])
        ]:
            raise ValueError(f'not all of {", ".join(strange)} are objects')
    except (OSError, ValueError, RecursionError) as error:
        raise _refusal(path, error) from error
    return content


def _refusal(path: Path, error: Exception) -> ConfigError:
    reason = f'cannot be read as a COCO instances file: {error!r}'
    return ConfigError('annotations', str(path), reason)


def _read(content: Mapping[str, list[Any]], description: str, folder: Path) -> RawDataset:
    names: dict[int, str] = {}
    for row in content['categories']:
        if names.setdefault(int(row['id']), str(row['name'])) != str(row['name']):
            raise ValueError(f'two categories have the id {row["id"]}')
    class_names = tuple(dict.fromkeys(names[key] for key in sorted(names)))
    classes = {key: class_names.index(name) for key, name in names.items()}
    dataset = RawDataset(description, class_names, is_normalised=False)
    labels: dict[Any, list[RawLabel]] = {}
    for row in content['images']:
        _add_image(dataset, row, folder, labels)
    for row in content['annotations']:
        label = _label(row, classes, labels)
        if isinstance(label, str):
            dataset.problems.append(label)
        else:
            labels[row['image_id']].append(label)
    return dataset


def _add_image(
    dataset: RawDataset, row: Mapping[str, Any], folder: Path, labels: dict[Any, list[RawLabel]]
) -> None:
    """Add one picture, and the list that gets its labels."""
    image_id, path = int(row['id']), folder / str(row['file_name'])
    if image_id in labels:
        dataset.problems.append(f'{path}: its id {image_id} belongs to another picture; left out')
        return
    labels[image_id] = []
    if not path.is_file():
        dataset.problems.append(f'{path} does not exist; its objects are left out')
        return
    width, height = row.get('width'), row.get('height')
    declared_wh = (int(width), int(height)) if width and height else None
    dataset.images.append(RawImage(path, labels[image_id], declared_wh))


def _label(
    row: Mapping[str, Any], classes: Mapping[int, int], labels: Mapping[Any, list[RawLabel]]
) -> RawLabel | str:
    """Return one label, or why it cannot be used."""
    place = f'annotation {row.get("id")}'
    if row.get('image_id') not in labels:
        return f'{place}: no picture has the id {row.get("image_id")!r}; left out'
    place += f' of picture {row["image_id"]}'
    if row.get('category_id') not in classes:
        return f'{place}: no category has the id {row.get("category_id")!r}; left out'
    try:
        x, y, width, height = (float(value) for value in row['bbox'])
    except (KeyError, TypeError, ValueError, OverflowError):
        return f'{place}: its bbox is {row.get("bbox")!r}, not four numbers x y w h; left out'
    try:
        area = None if row.get('area') is None else float(row['area'])
    except (TypeError, ValueError, OverflowError):
        return f'{place}: its area is {row["area"]!r}, not a number; left out'
    return RawLabel(
        place,
        classes[row['category_id']],
        (x, y, x + width, y + height),
        is_crowd=bool(row.get('iscrowd')),
        area=area,
    )
