# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Right and wrong detections by score: precision, recall and F1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True)
class OperatingPoint:
    """
    What remains above one score.

    :param score: the lowest score that counts.
    :param precision: share of the detections that are right; None where there is none.
    :param recall: share of the objects that are found; None where there is none.
    :param f1: harmonic mean of the two: ``2 TP / (detections + objects)``.
    """

    score: float
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """
    One point for each score that occurs, the highest first.

    :param recall: float64 ``(P,)``, rising; NaN where there is no object.
    :param precision: float64 ``(P,)``, as it is, not made monotonic.
    :param score: float32 ``(P,)``, falling: the lowest score that counts at the point.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    score: NDArray[np.float32]


@dataclass(frozen=True)
class Hits:
    """
    All detections of a data set, matched with its objects.

    Detections choose their objects in the order of their scores, so that leaving out those below
    a score changes nothing above it.

    :param scores: float32 ``(D,)``.
    :param class_ids: int32 ``(D,)``.
    :param right: bool ``(10, D)``, for each of ``IOU_THRESHOLDS`` whether it is an object.
    :param ignored: bool ``(10, D)``, whether it lies on a crowd and does not count.
    :param num_objects: int64 ``(C,)``, objects of each class that should be found.
    """

    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    right: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    num_objects: NDArray[np.int64]

    def curve(self, class_id: int | None = None, iou: float = 0.5) -> PrecisionRecallCurve:
        """
        Return precision and recall over the score.

        :param class_id: one class; None counts the detections of all classes together.
        :param iou: one of ``IOU_THRESHOLDS``.
        :raises ValueError: it is none of them.
        """
        scores, num_right, num_found, num_objects = self._totals(class_id, iou)
        recall = num_right / num_objects if num_objects else np.full(len(scores), np.nan)
        return PrecisionRecallCurve(recall, num_right / num_found, scores)

    def at(self, score: float, class_id: int | None = None, iou: float = 0.5) -> OperatingPoint:
        """Return what remains of the detections with this score or more."""
        scores, right, num_objects = self._select(class_id, iou)
        kept = scores >= np.float32(score)
        return _point(score, int(right[kept].sum()), int(kept.sum()), num_objects)

    def best_f1(self, class_id: int | None = None, iou: float = 0.5) -> OperatingPoint | None:
        """Return the score at which F1 is highest; None where there is no object or detection."""
        scores, num_right, num_found, num_objects = self._totals(class_id, iou)
        if not (num_objects and len(scores)):
            return None
        best = int(np.argmax(num_right / (num_found + num_objects)))
        return _point(float(scores[best]), int(num_right[best]), int(num_found[best]), num_objects)

    def _totals(
        self, class_id: int | None, iou: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], int]:
        """Return each score, the right ones and all from it on, and how many objects."""
        scores, right, num_objects = self._select(class_id, iou)
        order = np.argsort(-scores, kind='stable')
        scores, num_right = scores[order], np.cumsum(right[order], dtype=np.int64)
        # Of equal scores only the last row is a point: no threshold parts them.
        ends = np.flatnonzero(np.diff(scores, append=-np.inf))
        return scores[ends], num_right[ends], ends + 1, num_objects

    def _select(
        self, class_id: int | None, iou: float
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_], int]:
        """Return scores and rightness of the detections that count, and how many objects."""
        if iou not in IOU_THRESHOLDS:
            raise ValueError(f'expected an IoU of {IOU_THRESHOLDS}, got {iou}')
        row = IOU_THRESHOLDS.index(iou)
        counts = ~self.ignored[row]
        if class_id is not None:
            counts &= self.class_ids == class_id
        num_objects = self.num_objects.sum() if class_id is None else self.num_objects[class_id]
        return self.scores[counts], self.right[row][counts], int(num_objects)


def _point(score: float, num_right: int, num_found: int, num_objects: int) -> OperatingPoint:
    return OperatingPoint(
        score,
        precision=num_right / num_found if num_found else None,
        recall=num_right / num_objects if num_objects else None,
        f1=2 * num_right / (num_found + num_objects) if num_objects else None,
    )
