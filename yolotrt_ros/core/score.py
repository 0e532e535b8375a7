# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision and recall, added up image by image."""

from __future__ import annotations

from dataclasses import dataclass
import math

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.matching import Matches


@dataclass(frozen=True)
class Verdict:
    """
    What was found in an image and, where the truth is known, how right it was.

    :param detections: pixels of the image.
    :param truth: the objects that are there.
    :param matches: which is which.
    """

    detections: Detections
    truth: Detections | None = None
    matches: Matches | None = None


@dataclass
class Score:
    """
    Counts over any number of images.

    :param right: detections that match an object.
    :param false: detections that match none.
    :param missed: objects without a detection.
    :param iou_sum: sum of the intersection over union of the right ones.
    """

    right: int = 0
    false: int = 0
    missed: int = 0
    iou_sum: float = 0.0

    def add(self, matches: Matches) -> None:
        """Add one image."""
        self.right += len(matches.detections)
        self.false += len(matches.false)
        self.missed += len(matches.missed)
        self.iou_sum += float(matches.ious.sum())

    @property
    def precision(self) -> float:
        """Share of the detections that are right; NaN without any."""
        return _share(self.right, self.right + self.false)

    @property
    def recall(self) -> float:
        """Share of the objects that were found; NaN without any."""
        return _share(self.right, self.right + self.missed)

    @property
    def mean_iou(self) -> float:
        """Mean intersection over union of the right detections; NaN without any."""
        return _share(self.iou_sum, self.right)

    def as_dict(self) -> dict[str, float]:
        """Return the counts and the shares that are numbers."""
        shares = {'precision': self.precision, 'recall': self.recall, 'mean_iou': self.mean_iou}
        return {
            'right': self.right,
            'false': self.false,
            'missed': self.missed,
            **{name: value for name, value in shares.items() if not math.isnan(value)},
        }


def _share(part: float, whole: int) -> float:
    return part / whole if whole else math.nan
