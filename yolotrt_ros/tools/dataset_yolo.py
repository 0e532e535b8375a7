# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YOLO data sets: a ``data.yaml``, folders or lists of pictures, and one text file a picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.dataset_raw import RawDataset, RawImage
from yolotrt_ros.tools.dataset_yaml import DataYaml, read_data_yaml
from yolotrt_ros.tools.dataset_yolo_labels import LabelFormat, read_labels
from yolotrt_ros.tools.dataset_yolo_pictures import find_pictures

# Files that labelling tools write among the labels.
NO_LABELS = frozenset({'classes.txt', 'notes.txt', 'readme.txt'})


def read_yolo(path: Path, split: str) -> RawDataset:
    """
    Read one split of a YOLO data set.

    A picture without a label file, or with an empty one, is a background.

    :param path: its ``data.yaml``.
    :param split: ``train``, ``val`` or ``test``.
    :raises ConfigError: the file or the split cannot be read, or no picture has a label file.
    """
    data = read_data_yaml(path)
    dataset = RawDataset(f'{path} ({split})', data.class_names, is_normalised=True)
    pictures = find_pictures(data, split, dataset.problems)
    labels = {picture: label_path(picture) for picture in pictures}
    _check_labels(data, labels.values())
    label_format = LabelFormat(len(data.class_names), data.num_keypoint_values)
    for picture, label in labels.items():
        rows = read_labels(label, label_format, dataset.problems)
        if rows is not None:
            dataset.images.append(RawImage(picture, rows))
    if not data.is_list(split):
        dataset.problems.extend(_orphans(labels))
    return dataset


def label_path(picture: Path) -> Path:
    """
    Return the label file of a picture.

    It is in the folder ``labels`` beside the last folder ``images`` of the path, or beside the
    picture where there is none.
    """
    parts = list(picture.absolute().parts)
    folders = parts[:-1]
    if 'images' in folders:
        parts[len(folders) - 1 - folders[::-1].index('images')] = 'labels'
    return Path(*parts).with_suffix('.txt')


def _check_labels(data: DataYaml, labels: Iterable[Path]) -> None:
    labels = list(labels)
    if labels and not any(label.exists() for label in labels):
        raise ConfigError(
            'data',
            str(data.path),
            f'not one of {len(labels)} pictures has a label file; that of the first would be '
            f'{labels[0]}',
        )


def _orphans(labels: dict[Path, Path]) -> list[str]:
    """List the label files beside those of the pictures that no picture belongs to."""
    known = set(labels.values())
    folders = {label.parent for picture, label in labels.items() if label.parent != picture.parent}
    files = (file for folder in sorted(folders) for file in sorted(folder.glob('*.txt')))
    return [
        f'{file} has no picture that can be read; left out'
        for file in files
        if file not in known and file.name.lower() not in NO_LABELS
    ]
