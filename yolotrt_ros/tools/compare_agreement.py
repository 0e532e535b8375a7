# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which networks find the same objects, and on which pictures they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.matching import match
from yolotrt_ros.tools.agreement import Agreement, IOU_THRESHOLD

SCORE_MARGIN = 0.05
"""How far below the threshold the partner of an object may score."""

Found = Sequence[Detections]


@dataclass(frozen=True)
class AgreementMatrix:
    """
    Every network against every other.

    :param pairs: by the numbers of both, the smaller first, which is the reference.
    """

    pairs: Mapping[tuple[int, int], Agreement]

    def pair(self, i: int, j: int) -> Agreement:
        """Return the counts of two networks, in either order."""
        return self.pairs[min(i, j), max(i, j)]

    def share(self, i: int, j: int) -> float | None:
        """Return the part of the objects of either network that both find; None without any."""
        pair = self.pair(i, j)
        total = len(pair.ious) + pair.num_missing + pair.num_extra + pair.num_class_changes
        return len(pair.ious) / total if total else None


def agreement_matrix(found: Sequence[Found], score_threshold: float) -> AgreementMatrix:
    """
    Compare what networks found in the same pictures.

    :param found: for each network, for each picture, objects down to ``SCORE_MARGIN`` below the
        threshold, with class ids that all share.
    :param score_threshold: score from which an object counts.
    """
    return AgreementMatrix(
        {
            (i, j): _agreement(found[j], found[i], score_threshold)
            for i, j in combinations(range(len(found)), 2)
        }
    )


def disagreement(found: Sequence[Found], score_threshold: float) -> NDArray[np.float64]:
    """
    Rank pictures by how far the other networks are from the first.

    :returns: for each picture the objects that one of two networks misses or takes for something
        else, plus the differences of the scores of the others; 0 where all agree.
    """
    costs = np.zeros(len(found[0]))
    for candidate in found[1:]:
        for index, pair in enumerate(zip(candidate, found[0], strict=True)):
            single = Agreement(score_threshold)
            single.add(*pair)
            costs[index] += single.num_missing + single.num_extra + single.num_class_changes
            costs[index] += sum(single.score_differences)
    return costs


def lonely_rows(
    own: Detections, others: Sequence[Detections], score_threshold: float
) -> NDArray[np.bool_]:
    """
    Mark the objects of a network that at least one of the others does not find.

    :returns: bool ``(N,)``; those below the threshold are never marked.
    """
    lonely = np.zeros(len(own), np.bool_)
    for other in others:
        lonely[match(own, other, iou_threshold=IOU_THRESHOLD).false] = True
    return np.asarray(lonely & (own.scores >= score_threshold), np.bool_)


def _agreement(candidate: Found, reference: Found, score_threshold: float) -> Agreement:
    agreement = Agreement(score_threshold)
    for pair in zip(candidate, reference, strict=True):
        agreement.add(*pair)
    return agreement
