# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well detections fit the truth of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.tools.accuracy_coco import evaluate_coco, SIZES
from yolotrt_ros.tools.accuracy_hits import Hits, OperatingPoint, PrecisionRecallCurve
from yolotrt_ros.tools.accuracy_table import accuracy_table
from yolotrt_ros.tools.dataset import Dataset

SCORE = 0.25
"""Where precision and recall are given if nobody asks for another score."""


@dataclass(frozen=True)
class AveragePrecision:
    """
    The area under the curve of precision over recall; None where there is no object.

    :param mAP50_95: the mean over IoU thresholds from 0.5 to 0.95 in steps of 0.05.
    :param mAP50: at an IoU of 0.5 alone.
    """

    mAP50_95: float | None  # noqa: N815 - what everybody calls it
    mAP50: float | None  # noqa: N815


@dataclass(frozen=True)
class Accuracy:
    """
    The figures of one network on one data set.

    :param num_images: pictures measured.
    :param num_detections: detections that were compared with the truth.
    :param mAP50_95: COCO's mean over the classes that have objects; None where none has.
    :param mAP50: the same at an IoU of 0.5 alone.
    :param per_size: by ``small``, ``medium`` and ``large``, COCO's limits.
    :param per_class: by the name of the class.
    :param hits: every detection, for other figures.
    """

    num_images: int
    num_detections: int
    mAP50_95: float | None  # noqa: N815
    mAP50: float | None  # noqa: N815
    per_size: Mapping[str, AveragePrecision]
    per_class: Mapping[str, AveragePrecision]
    hits: Hits

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of the data set."""
        return tuple(self.per_class)

    @property
    def num_objects(self) -> int:
        """Objects that should be found, without crowds."""
        return int(self.hits.num_objects.sum())

    def pr_curve(self, class_name: str | None = None, iou: float = 0.5) -> PrecisionRecallCurve:
        """
        Return precision and recall over the score.

        :param class_name: one class; None counts the detections of all classes together.
        :param iou: lowest overlap of a right detection: 0.5, 0.55 … 0.95.
        """
        return self.hits.curve(self._class_id(class_name), iou)

    def at(self, score: float, class_name: str | None = None) -> OperatingPoint:
        """Return precision, recall and F1 of the detections from a score on, at an IoU of 0.5."""
        return self.hits.at(score, self._class_id(class_name))

    def best_f1(self, class_name: str | None = None) -> OperatingPoint | None:
        """Return the score with the highest F1, at an IoU of 0.5."""
        return self.hits.best_f1(self._class_id(class_name))

    def as_dict(self, score: float = SCORE) -> dict[str, Any]:
        """
        Return the figures for JSON.

        :param score: where precision and recall are taken.
        """
        return {
            'mAP50_95': self.mAP50_95,
            'mAP50': self.mAP50,
            'images': self.num_images,
            'objects': self.num_objects,
            'detections': self.num_detections,
            'at': asdict(self.at(score)),
            'best_f1': _as_dict(self.best_f1()),
            'per_size': {size: asdict(figures) for size, figures in self.per_size.items()},
            'per_class': {
                name: {
                    **asdict(figures),
                    'objects': int(self.hits.num_objects[class_id]),
                    'at': asdict(self.at(score, name)),
                    'best_f1': _as_dict(self.best_f1(name)),
                }
                for class_id, (name, figures) in enumerate(self.per_class.items())
            },
        }

    def table(self, score: float = SCORE) -> str:
        """
        Format the figures for people; classes of which nothing is there or found have no line.

        :param score: where precision and recall are taken.
        """
        return accuracy_table(self.as_dict(score))

    def _class_id(self, name: str | None) -> int | None:
        return None if name is None else self.class_names.index(name)


def measure(dataset: Dataset, found: Sequence[Detections]) -> Accuracy:
    """
    Compare detections with the truth, by pycocotools.

    :param found: for each picture of the set, in its order, boxes in its pixels and class ids of
        the set; their scores go down to nearly 0 where average precision is wanted.
    :raises BackendError: pycocotools is not installed.
    :raises ValueError: there are not as many as pictures, or a class id is none of the set.
    """
    _check(dataset, found)
    evaluation = evaluate_coco(dataset, found)
    precision = evaluation.precision
    whole = _average(precision[..., 0])
    return Accuracy(
        num_images=len(dataset.images),
        num_detections=sum(map(len, found)),
        mAP50_95=whole.mAP50_95,
        mAP50=whole.mAP50,
        per_size={size: _average(precision[..., row]) for row, size in enumerate(SIZES) if row},
        per_class={
            name: _average(precision[:, :, row, 0]) for row, name in enumerate(dataset.class_names)
        },
        hits=evaluation.hits,
    )


def _check(dataset: Dataset, found: Sequence[Detections]) -> None:
    if len(found) != len(dataset.images):
        raise ValueError(
            f'expected detections of {len(dataset.images)} pictures, got {len(found)}; give one '
            'Detections for each picture, empty or not'
        )
    num_classes = len(dataset.class_names)
    for detections in found:
        if ((detections.class_ids < 0) | (detections.class_ids >= num_classes)).any():
            raise ValueError(
                f'expected class ids below {num_classes}, got {detections.class_ids.tolist()}; '
                'bring them to the classes of the data set with class_map'
            )


def _average(precision: NDArray[np.float64]) -> AveragePrecision:
    """Average over what has objects; the first axis is the IoU threshold."""
    known = [part[~np.isnan(part)] for part in (precision, precision[0])]
    means = [float(part.mean()) if part.size else None for part in known]
    return AveragePrecision(*means)


def _as_dict(point: OperatingPoint | None) -> dict[str, Any] | None:
    return None if point is None else asdict(point)
