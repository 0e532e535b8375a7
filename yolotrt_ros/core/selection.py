# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which candidates become detections: thresholds, classes and counts, changeable at run time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.nms import nms


@dataclass(frozen=True)
class Selection:
    """
    The rules that every pipeline applies behind the network.

    :param score_threshold: lowest score kept, 0 to 1.
    :param iou_threshold: intersection over union above which the weaker box is dropped, 0 to 1.
    :param max_detections: rows kept at most for an image, the best ones.
    :param class_agnostic_nms: whether boxes of different classes suppress each other.
    :param class_ids: the classes kept; None keeps all.
    """

    score_threshold: float
    iou_threshold: float
    max_detections: int
    class_agnostic_nms: bool = False
    class_ids: frozenset[int] | None = None

    def apply(self, candidates: Detections) -> Detections:
        """
        Filter, then suppress.

        The class filter comes first: a box of an unwanted class suppresses nothing.

        :param candidates: decoded with this ``score_threshold``, network pixels.
        :returns: the detections, best score first.
        """
        if self.class_ids is not None:
            candidates = candidates[np.isin(candidates.class_ids, list(self.class_ids))]
        return nms(
            candidates,
            iou_threshold=self.iou_threshold,
            max_detections=self.max_detections,
            class_agnostic=self.class_agnostic_nms,
        )


def find_class_ids(
    class_filter: Sequence[str], class_names: Sequence[str]
) -> frozenset[int] | None:
    """
    Look up the classes of a filter.

    :param class_filter: names, or indices as decimal strings; empty keeps all classes.
    :param class_names: the network's names in the order of its class ids.
    :raises ConfigError: an entry is neither a name nor an index of the network.
    """
    if not class_filter:
        return None
    known: dict[str, set[int]] = {}
    for index, name in enumerate(class_names):
        known.setdefault(name, set()).add(index)
    for index in range(len(class_names)):
        known.setdefault(str(index), {index})
    unknown = [entry for entry in class_filter if entry not in known]
    if unknown:
        raise ConfigError(
            'class_filter',
            list(class_filter),
            f'{", ".join(map(repr, unknown))} is no class of this network; '
            f'its classes are {", ".join(class_names)}',
        )
    return frozenset().union(*(known[entry] for entry in class_filter))
