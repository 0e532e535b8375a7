# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The label file of one picture: a line an object, in fractions of the sides of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yolotrt_ros.tools.dataset_raw import BoxXyxy, RawLabel

# Numbers above this are pixels: no box reaches so far out of its picture.
LARGEST_FRACTION = 2.0


@dataclass(frozen=True)
class LabelFormat:
    """
    What a line may hold.

    :param num_classes: classes of the data set.
    :param num_keypoint_values: numbers that follow the box; 0 for none.
    """

    num_classes: int
    num_keypoint_values: int = 0


def read_labels(
    path: Path, label_format: LabelFormat, problems: list[str]
) -> list[RawLabel] | None:
    """
    Read the objects of a picture.

    A line is a class and ``cx cy w h``, or a class and the corners ``x1 y1 x2 y2 …`` of a
    polygon, whose bounding box counts.

    :param problems: gets a line for each label that cannot be used.
    :returns: no labels where there is no such file; None where it cannot be read.
    """
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f'{path} cannot be read as text: {error}; its picture is left out')
        return None
    labels: dict[tuple[int, BoxXyxy], RawLabel] = {}
    for number, line in enumerate(lines, start=1):
        if not (words := line.split()):
            continue
        place = f'{path}:{number}'
        try:
            key = _parse(words, label_format)
        except ValueError as error:
            problems.append(f'{place}: {error}; left out')
            continue
        if key in labels:
            problems.append(f'{place}: the same object as in {labels[key].place}; left out')
        else:
            labels[key] = RawLabel(place, *key)
    return list(labels.values())


def _parse(words: Sequence[str], label_format: LabelFormat) -> tuple[int, BoxXyxy]:
    """
    Return class and box of one line.

    :raises ValueError: it has no such form.
    """
    try:
        number, *values = map(float, words)
    except ValueError:
        raise ValueError(f'{" ".join(words)[:60]!r} holds something that is no number') from None
    class_id = _class_id(number, label_format.num_classes)
    with_keypoints = 4 + label_format.num_keypoint_values
    if len(values) in {4, with_keypoints}:
        box = _box_of_centre(values[:4])
    elif len(values) >= 6 and len(values) % 2 == 0:
        box = _box_of_polygon(values)
    else:
        raise ValueError(
            f'it has {len(words)} columns; expected 5 (class cx cy w h), or a class and the '
            'corners x y of a polygon'
        )
    largest = max(map(abs, box))
    if largest > LARGEST_FRACTION:
        raise ValueError(
            f'the box reaches to {largest:g}, but coordinates are fractions of the sides, 0 to 1'
        )
    return class_id, box


def _class_id(number: float, num_classes: int) -> int:
    if not (number.is_integer() and 0 <= number < num_classes):
        raise ValueError(f'class {number:g} is none of 0 to {num_classes - 1}')
    return int(number)


def _box_of_centre(values: Sequence[float]) -> BoxXyxy:
    cx, cy, width, height = values
    return cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2


def _box_of_polygon(values: Sequence[float]) -> BoxXyxy:
    xs, ys = values[0::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)
