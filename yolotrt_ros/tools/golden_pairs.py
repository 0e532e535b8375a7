# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which detection of a frame is which of its golden ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.matching import match
from yolotrt_ros.tools.golden import GoldenDetection, GoldenFrame

# Boxes that overlap less are of different objects.
MATCH_IOU = 0.5


@dataclass(frozen=True)
class FramePairs:
    """
    The detections of one image beside the golden ones.

    :param topic: of the image.
    :param stamp_ns: of the image.
    :param golden: what was expected; class ids are rows of ``class_names``.
    :param found: what was found, with the same class ids.
    :param class_names: of both.
    :param kept: int ``(K, 2)``, rows of golden and found that are the same object and class.
    :param ious: ``(K,)``, how well they fit.
    :param renamed: int ``(R, 2)``, rows that are the same object with another class.
    :param missing: rows of golden that were not found.
    :param extra: rows of found that are not golden.
    """

    topic: str
    stamp_ns: int
    golden: Detections
    found: Detections
    class_names: tuple[str, ...]
    kept: NDArray[np.intp]
    ious: NDArray[np.float32]
    renamed: NDArray[np.intp]
    missing: NDArray[np.intp]
    extra: NDArray[np.intp]

    @property
    def score_changes(self) -> NDArray[np.float32]:
        """Found minus golden score of the objects kept."""
        changes: NDArray[np.float32] = (
            self.found.scores[self.kept[:, 1]] - self.golden.scores[self.kept[:, 0]]
        )
        return changes

    @property
    def shifts_px(self) -> NDArray[np.float32]:
        """How far each of the objects kept moved, by the edge that moved most: ``(K,)``."""
        moved = self.found.boxes_xyxy[self.kept[:, 1]] - self.golden.boxes_xyxy[self.kept[:, 0]]
        shifts: NDArray[np.float32] = np.abs(moved).max(axis=1, initial=0.0)
        return shifts


def pair_frames(
    golden: Sequence[GoldenFrame], found: Sequence[GoldenFrame]
) -> tuple[list[FramePairs], list[GoldenFrame], list[GoldenFrame]]:
    """
    Bring together the frames with the same topic and stamp, equal ones in their order.

    :returns: the pairs in the order of the golden frames, golden frames that were not found, and
        frames found that are not golden.
    """
    left = dict(_keyed(found))
    pairs, missing = [], []
    for key, frame in _keyed(golden):
        if (other := left.pop(key, None)) is None:
            missing.append(frame)
        else:
            pairs.append(pair_detections(frame, other))
    return pairs, missing, list(left.values())


def pair_detections(golden: GoldenFrame, found: GoldenFrame) -> FramePairs:
    """Bring together the objects of one image, those of one class first."""
    names = {item.class_name: 0 for item in (*golden.detections, *found.detections)}
    names = {name: index for index, name in enumerate(names)}
    ours, theirs = _table(found.detections, names), _table(golden.detections, names)
    same = match(ours, theirs, iou_threshold=MATCH_IOU)
    others = match(
        _without_class(ours[same.false]),
        _without_class(theirs[same.missed]),
        iou_threshold=MATCH_IOU,
    )
    return FramePairs(
        golden.topic,
        golden.stamp_ns,
        theirs,
        ours,
        tuple(names),
        np.stack([same.truth, same.detections], axis=1),
        same.ious,
        np.stack([same.missed[others.truth], same.false[others.detections]], axis=1),
        same.missed[others.missed],
        same.false[others.false],
    )


def _keyed(
    frames: Sequence[GoldenFrame],
) -> Iterator[tuple[tuple[str, int, int], GoldenFrame]]:
    """Tell frames with the same topic and stamp apart by a number."""
    counts: dict[tuple[str, int], int] = {}
    for frame in frames:
        key = frame.topic, frame.stamp_ns
        counts[key] = counts.get(key, -1) + 1
        yield (*key, counts[key]), frame


def _table(rows: Sequence[GoldenDetection], ids: dict[str, int]) -> Detections:
    return Detections(
        np.array([row.xyxy for row in rows], np.float32).reshape(-1, 4),
        np.array([row.score for row in rows], np.float32),
        np.array([ids[row.class_name] for row in rows], np.int32),
    )


def _without_class(detections: Detections) -> Detections:
    return replace(detections, class_ids=np.zeros_like(detections.class_ids))
