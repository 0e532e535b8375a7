# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A set of pictures with the objects that they show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.boxes import box_areas
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.dataset_coco import read_coco
from yolotrt_ros.tools.dataset_labels import truth_of
from yolotrt_ros.tools.dataset_pictures import read_sizes
from yolotrt_ros.tools.dataset_raw import RawDataset
from yolotrt_ros.tools.dataset_yolo import read_yolo


@dataclass(frozen=True)
class LabelledImage:
    """
    One picture and its objects.

    :param path: its file, which could be decoded when the set was opened.
    :param truth: boxes in pixels of the picture, within it; class ids are rows of the set's
        ``class_names``; scores are 1. No rows for a background.
    :param ignored: bool ``(N,)``, crowds: a detection of one is neither right nor wrong.
    :param areas: float32 ``(N,)``, square pixels by which objects count as small, medium or
        large; None takes those of the boxes.
    """

    path: Path
    truth: Detections
    ignored: NDArray[np.bool_]
    areas: NDArray[np.float32] | None = None

    @property
    def object_areas(self) -> NDArray[np.float32]:
        """The areas as given, or those of the boxes."""
        return box_areas(self.truth.boxes_xyxy) if self.areas is None else self.areas


@dataclass(frozen=True)
class Dataset:
    """
    Pictures with their objects, ready to be measured against.

    :param description: the set, for people.
    :param class_names: names in the order of the class ids, none twice.
    :param images: the pictures that can be used, at least one.
    :param problems: each picture or label that could not be used as it is, and why.
    """

    description: str
    class_names: tuple[str, ...]
    images: tuple[LabelledImage, ...]
    problems: tuple[str, ...] = ()

    @property
    def num_objects(self) -> int:
        """Objects that should be found: crowds do not count."""
        return sum(int((~image.ignored).sum()) for image in self.images)

    @property
    def num_backgrounds(self) -> int:
        """Pictures without any object."""
        return sum(len(image.truth) == 0 for image in self.images)


def open_dataset(
    *,
    annotations: Path | None = None,
    images: Path | None = None,
    data: Path | None = None,
    split: str = 'val',
) -> Dataset:
    """
    Read a COCO instances file, or a split of a YOLO data set.

    Every picture is decoded once, so that a damaged one, or one of another size than its labels
    were made for, is known before anything is measured.

    :param annotations: a COCO instances file; ``images`` is the folder of its pictures.
    :param data: instead, the ``data.yaml`` of a YOLO data set.
    :param split: ``train``, ``val`` or ``test`` of that set.
    :raises ConfigError: not one of the two is given, the files are none of their kind, or there
        is no picture to measure on.
    """
    raw = _read(annotations, images, data, split)
    problems = list(raw.problems)
    sizes = read_sizes(raw.images, problems)
    found = []
    for image, size_wh in zip(raw.images, sizes, strict=True):
        if size_wh is None:
            continue
        truth, ignored, areas = truth_of(
            image, size_wh, is_normalised=raw.is_normalised, problems=problems
        )
        found.append(LabelledImage(image.path, truth, ignored, areas))
    if not found:
        listed = '; '.join(problems[:3]) or 'it lists none'
        raise ConfigError('images', raw.description, f'has no picture to measure on: {listed}')
    return Dataset(raw.description, raw.class_names, tuple(found), tuple(problems))


def _read(
    annotations: Path | None, images: Path | None, data: Path | None, split: str
) -> RawDataset:
    if data is not None and annotations is None and images is None:
        return read_yolo(data, split)
    if data is None and annotations is not None and images is not None:
        return read_coco(annotations, images)
    raise ConfigError(
        'data',
        None if data is None else str(data),
        'give either data (the data.yaml of a YOLO data set), or both annotations (a COCO file) '
        'and images (the folder of its pictures)',
    )
