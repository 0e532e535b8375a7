# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A labelled set of pictures as its files describe it, before any picture has been looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

BoxXyxy = tuple[float, float, float, float]


@dataclass(frozen=True)
class RawLabel:
    """
    One object as a label file has it.

    :param place: where it is written, for messages.
    :param class_id: row of ``RawDataset.class_names``.
    :param box_xyxy: in pixels of the picture, or in fractions of its sides.
    :param is_crowd: whether a detection of it is neither right nor wrong.
    :param area: in square pixels, where the file gives it.
    """

    place: str
    class_id: int
    box_xyxy: BoxXyxy
    is_crowd: bool = False
    area: float | None = None


@dataclass(frozen=True)
class RawImage:
    """
    One picture and its labels.

    :param path: its file, which exists.
    :param labels: none for a background.
    :param declared_wh: the size that the labels were made for, where the file gives it.
    """

    path: Path
    labels: list[RawLabel]
    declared_wh: tuple[int, int] | None = None


@dataclass(frozen=True)
class RawDataset:
    """
    What the files of a set say.

    :param description: the set, for people.
    :param class_names: no name twice.
    :param is_normalised: whether boxes are fractions of the sides of the picture.
    :param images: the pictures in order.
    :param problems: what could not be used so far, and where it is written.
    """

    description: str
    class_names: tuple[str, ...]
    is_normalised: bool
    images: list[RawImage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
