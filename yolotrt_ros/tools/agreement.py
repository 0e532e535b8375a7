# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far two networks agree on the objects of a picture, added up picture by picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.matching import match, Matches

IOU_THRESHOLD = 0.5


@dataclass
class Agreement:
    """
    Counts over any number of pictures.

    :param score_threshold: an object counts where at least one network scores it so high. Its
        partner may score lower, if it is among the detections given: a box that is at 0.251 here
        and at 0.249 there is no disagreement.
    :param num_reference: objects of the reference.
    :param num_candidate: objects of the candidate.
    :param num_missing: objects that only the reference finds.
    :param num_extra: objects that only the candidate finds.
    :param num_class_changes: objects that both find, but with another class.
    :param ious: for each object that both find with the same class, how well the boxes fit.
    :param score_changes: for the same objects, the candidate's score minus the reference's.
    """

    score_threshold: float
    num_reference: int = 0
    num_candidate: int = 0
    num_missing: int = 0
    num_extra: int = 0
    num_class_changes: int = 0
    ious: list[float] = field(default_factory=list)
    score_changes: list[float] = field(default_factory=list)

    @property
    def score_differences(self) -> list[float]:
        """The changes of the scores without sign."""
        return [abs(change) for change in self.score_changes]

    def add(self, candidate: Detections, reference: Detections) -> None:
        """Add one picture; both in its pixels."""
        same = match(candidate, reference, iou_threshold=IOU_THRESHOLD)
        pairs = self._counted(same, candidate, reference)
        scores = candidate.scores[pairs.detections], reference.scores[pairs.truth]
        self.ious += pairs.ious.tolist()
        self.score_changes += (scores[0] - scores[1]).tolist()

        left, right = candidate[same.false], reference[same.missed]
        other = match(_without_class(left), _without_class(right), iou_threshold=IOU_THRESHOLD)
        self.num_class_changes += len(self._counted(other, left, right).detections)
        self.num_extra += int(self._is_sure(left[other.false]).sum())
        self.num_missing += int(self._is_sure(right[other.missed]).sum())
        self.num_candidate += int(self._is_sure(candidate).sum())
        self.num_reference += int(self._is_sure(reference).sum())

    def _is_sure(self, detections: Detections) -> NDArray[np.bool_]:
        return np.asarray(detections.scores >= self.score_threshold)

    def _counted(self, pairs: Matches, candidate: Detections, reference: Detections) -> Matches:
        """Leave out the pairs that both networks score below the threshold."""
        sure = self._is_sure(candidate)[pairs.detections] | self._is_sure(reference)[pairs.truth]
        return replace(
            pairs,
            detections=pairs.detections[sure],
            truth=pairs.truth[sure],
            ious=pairs.ious[sure],
        )


def _without_class(detections: Detections) -> Detections:
    return replace(detections, class_ids=np.zeros_like(detections.class_ids))
