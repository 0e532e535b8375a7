# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which candidates become detections: thresholds, classes and counts, changeable at run time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.nms import nms


@dataclass(frozen=True)
class Selection:
    """
    The rules that every pipeline applies behind the network.

    :param score_threshold: lowest score kept, 0 to 1, of classes without their own.
    :param iou_threshold: intersection over union above which the weaker box is dropped, 0 to 1.
    :param max_detections: rows kept at most for an image, the best ones.
    :param class_agnostic_nms: whether boxes of different classes suppress each other.
    :param class_ids: the classes kept; None keeps all.
    :param class_thresholds: lowest score kept of single classes, as pairs of class id and score.
    :param min_box_size: smallest width and height kept, in pixels of the camera image.
    """

    score_threshold: float
    iou_threshold: float
    max_detections: int
    class_agnostic_nms: bool = False
    class_ids: frozenset[int] | None = None
    class_thresholds: tuple[tuple[int, float], ...] = ()
    min_box_size: float = 0.0

    @property
    def score_floor(self) -> float:
        """The lowest of all thresholds: what is weaker need not be decoded."""
        return min([self.score_threshold, *(score for _, score in self.class_thresholds)])

    def without_suppression(self) -> Selection:
        """Return the rules for boxes that the network itself has suppressed."""
        return replace(self, iou_threshold=1.0)  # more than the whole is never shared

    def class_threshold_table(self, num_classes: int) -> NDArray[np.float32]:
        """
        Return the score that each class must reach: float32 ``(num_classes,)``.

        It is infinite for a class that is not kept.
        """
        table = np.full(num_classes, self.score_threshold, np.float32)
        for class_id, score in self.class_thresholds:
            table[class_id : class_id + 1] = score  # a class that is not there takes nothing
        if self.class_ids is not None:
            table[~np.isin(np.arange(num_classes), list(self.class_ids))] = np.inf
        return table

    def apply(self, candidates: Detections) -> Detections:
        """
        Filter, then suppress.

        The filters come first: a box of an unwanted class, or below its threshold, suppresses
        nothing.

        :param candidates: decoded with ``score_floor`` or less, network pixels.
        :returns: the detections, best score first.
        """
        table = self.class_threshold_table(int(candidates.class_ids.max(initial=-1)) + 1)
        candidates = candidates[candidates.scores >= table[candidates.class_ids]]
        return nms(
            candidates,
            iou_threshold=self.iou_threshold,
            max_detections=self.max_detections,
            class_agnostic=self.class_agnostic_nms,
        )

    def in_source(self, detections: Detections, letterbox: Letterbox) -> Detections:
        """
        Bring boxes from network pixels to pixels of the camera image, clipped to it.

        What is too small there is left out; how large a network sees it says little to people.
        """
        moved = detections.in_source(letterbox)
        if not self.min_box_size:
            return moved
        sides = (moved.boxes_xyxy[:, 2:] - moved.boxes_xyxy[:, :2]).min(axis=1, initial=np.inf)
        return moved[sides >= self.min_box_size]


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
    return frozenset().union(*_ids_of_each('class_filter', class_filter, class_names).values())


def find_class_thresholds(
    entries: Sequence[str], class_names: Sequence[str]
) -> tuple[tuple[int, float], ...]:
    """
    Read the score thresholds of single classes.

    :param entries: such as ``person=0.4``, with a name or an index before the sign.
    :param class_names: the network's names in the order of its class ids.
    :returns: pairs of class id and score; of two entries for a class the later one.
    :raises ConfigError: an entry has another form, or names no class of the network.
    """
    scores: dict[str, float] = {}
    for entry in entries:
        name, _, text = entry.rpartition('=')
        try:
            score = float(text)
        except ValueError:
            score = -1.0
        if not (name and 0 <= score <= 1):
            raise ConfigError(
                'class_thresholds',
                list(entries),
                f'{entry!r} must be a class, an equals sign and a score from 0 to 1, such as '
                'person=0.4',
            )
        scores[name] = score
    ids = _ids_of_each('class_thresholds', list(scores), class_names)
    found = {class_id: score for name, score in scores.items() for class_id in ids[name]}
    return tuple(sorted(found.items()))


def _ids_of_each(
    parameter: str, entries: Sequence[str], class_names: Sequence[str]
) -> dict[str, set[int]]:
    known: dict[str, set[int]] = {}
    for index, name in enumerate(class_names):
        known.setdefault(name, set()).add(index)
    for index in range(len(class_names)):
        known.setdefault(str(index), {index})
    unknown = [entry for entry in entries if entry not in known]
    if unknown:
        raise ConfigError(
            parameter,
            list(entries),
            f'{", ".join(map(repr, unknown))} is no class of this network; '
            f'its classes are {", ".join(class_names)}',
        )
    return {entry: known[entry] for entry in entries}
