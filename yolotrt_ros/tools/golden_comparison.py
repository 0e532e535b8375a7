# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether detections are those of a golden file, within tolerances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.tools.golden import Golden, GoldenFrame
from yolotrt_ros.tools.golden_pairs import FramePairs, pair_frames

_THRESHOLDS = ('score_threshold', 'class_thresholds')


@dataclass(frozen=True)
class Tolerances:
    """
    What still counts as the same.

    :param min_iou: lowest intersection over union of an object's box with the golden one.
    :param score_change: how far its score may rise or fall.
    :param disagreeing: share of the golden objects that may be missing, extra, moved, rescored
        or of another class.
    """

    min_iou: float = 0.95
    score_change: float = 0.02
    disagreeing: float = 0.0


@dataclass(frozen=True)
class FrameDifferences:
    """
    What differs in one image; rows of ``pairs``.

    :param moved: rows of ``kept`` whose boxes fit less than they must.
    :param rescored: rows of ``kept`` whose scores changed more than they may.
    :param missing: rows of ``golden`` that were not found.
    :param extra: rows of ``found`` that are not golden.
    :param num_borderline: objects that are only there or only here, but so near the score
        threshold that the change of score that is allowed explains it.
    """

    pairs: FramePairs
    moved: NDArray[np.intp]
    rescored: NDArray[np.intp]
    missing: NDArray[np.intp]
    extra: NDArray[np.intp]
    num_borderline: int

    @property
    def num_disagreeing(self) -> int:
        """Objects that differ; one that moved and was rescored counts once."""
        changed = np.union1d(self.moved, self.rescored)
        others = (self.missing, self.extra, self.pairs.renamed)
        return len(changed) + sum(map(len, others))


@dataclass(frozen=True)
class Comparison:
    """
    The whole of a recording beside its golden file.

    :param golden: the file.
    :param current: the same made of this run.
    :param frames: the images that are in both.
    :param missing_frames: golden images that gave no detections now.
    :param extra_frames: images that are not in the file.
    """

    golden: Golden
    current: Golden
    tolerances: Tolerances
    frames: tuple[FrameDifferences, ...]
    missing_frames: tuple[GoldenFrame, ...]
    extra_frames: tuple[GoldenFrame, ...]

    @cached_property
    def num_golden(self) -> int:
        """Objects of the golden file."""
        return sum(len(frame.detections) for frame in self.golden.frames)

    @cached_property
    def num_found(self) -> int:
        """Objects of this run."""
        return sum(len(frame.detections) for frame in self.current.frames)

    @cached_property
    def num_disagreeing(self) -> int:
        """Objects that differ, in the images that are in both."""
        return sum(frame.num_disagreeing for frame in self.frames)

    @property
    def num_allowed(self) -> int:
        """Objects that may differ."""
        return int(self.tolerances.disagreeing * self.num_golden)

    @property
    def is_same(self) -> bool:
        """Whether all images are there and no more objects differ than may."""
        has_all = not self.missing_frames and not self.extra_frames
        return has_all and self.num_disagreeing <= self.num_allowed

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for JSON; those that no object stands behind are None."""
        ious = _joined([frame.pairs.ious for frame in self.frames])
        changes = _joined([frame.pairs.score_changes for frame in self.frames])
        shifts_px = _joined([frame.pairs.shifts_px for frame in self.frames])
        return {
            'is_same': self.is_same,
            'frames': len(self.frames),
            'frames_missing': len(self.missing_frames),
            'frames_extra': len(self.extra_frames),
            'golden': self.num_golden,
            'found': self.num_found,
            'matched': len(ious),
            'missing': sum(len(frame.missing) for frame in self.frames),
            'extra': sum(len(frame.extra) for frame in self.frames),
            'other_class': sum(len(frame.pairs.renamed) for frame in self.frames),
            'moved': sum(len(frame.moved) for frame in self.frames),
            'rescored': sum(len(frame.rescored) for frame in self.frames),
            'borderline': sum(frame.num_borderline for frame in self.frames),
            'iou_min': float(ious.min()) if len(ious) else None,
            'shift_px_max': float(shifts_px.max()) if len(shifts_px) else None,
            'score_change_max': float(np.abs(changes).max()) if len(changes) else None,
            'score_change_median': float(np.median(changes)) if len(changes) else None,
        }


def compare(golden: Golden, current: Golden, tolerances: Tolerances) -> Comparison:
    """Bring together two files and judge each image."""
    pairs, missing, extra = pair_frames(golden.frames, current.frames)
    threshold = _common_threshold(golden, current)
    return Comparison(
        golden,
        current,
        tolerances,
        tuple(_judged(item, tolerances, threshold) for item in pairs),
        tuple(missing),
        tuple(extra),
    )


def _judged(pairs: FramePairs, tolerances: Tolerances, threshold: float) -> FrameDifferences:
    edge = np.float32(threshold + tolerances.score_change)
    is_missing = pairs.golden.scores[pairs.missing] > edge
    is_extra = pairs.found.scores[pairs.extra] > edge
    return FrameDifferences(
        pairs,
        np.flatnonzero(pairs.ious < tolerances.min_iou),
        np.flatnonzero(np.abs(pairs.score_changes) > tolerances.score_change),
        pairs.missing[is_missing],
        pairs.extra[is_extra],
        int(np.count_nonzero(~is_missing) + np.count_nonzero(~is_extra)),
    )


def _common_threshold(golden: Golden, current: Golden) -> float:
    """
    Return the score threshold of both.

    Where they differ, or single classes have their own, nothing counts as near it.
    """
    facts = [[item.parameters.get(name) for name in _THRESHOLDS] for item in (golden, current)]
    threshold, per_class = facts[0]
    if facts[0] != facts[1] or per_class or not isinstance(threshold, int | float):
        return -np.inf
    return float(threshold)


def _joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate([np.empty(0, np.float32), *parts])
