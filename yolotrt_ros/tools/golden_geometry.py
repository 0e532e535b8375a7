# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Whether all boxes of a recording have moved by one rule, as a wrong letterbox or crop moves them.

Every pair of boxes of one class is a guess of the rule: their sizes give the scale, their centres
the offset. The guess by which most golden boxes meet one that was found is the best; the edges of
the boxes that meet then give the rule itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.boxes import iou_matrix
from yolotrt_ros.tools.golden_pairs import FramePairs

# Enough to find a rule that holds everywhere; the time grows with their product.
_MAX_FRAMES, _MAX_GUESSES = 24, 240
_MIN_BOXES = 5
_MEETING_IOU = 0.5
# A rule must bring this much more of the golden boxes onto others than they lie on already, or
# explain more of the movement than it leaves.
_MIN_GAIN = 0.15
_MIN_PX = 0.5
_MOVEMENT_PER_REST = 1.5

_Rule = NDArray[np.float64]


@dataclass(frozen=True)
class CommonRule:
    """
    ``found = scale * golden + offset`` for the edges of boxes.

    :param scale_xy: along x and y.
    :param offset_xy: pixels.
    :param rest_px: how far the edges lie from where the rule puts them, median.
    :param num_met: golden boxes that the rule brings onto one of their class.
    :param num_boxes: golden boxes that were tried.
    """

    scale_xy: tuple[float, float]
    offset_xy: tuple[float, float]
    rest_px: float
    num_met: int
    num_boxes: int

    @property
    def is_shift(self) -> bool:
        """Whether the boxes have kept their sizes."""
        return all(abs(scale - 1) < 0.02 for scale in self.scale_xy)


def common_rule(frames: Sequence[FramePairs]) -> CommonRule | None:
    """Find the rule by which boxes have moved; None where they have not, or not by one."""
    filled = [frame for frame in frames if len(frame.golden) and len(frame.found)]
    chosen = [filled[i] for i in _spread(len(filled), _MAX_FRAMES)]
    num_boxes = sum(len(frame.golden) for frame in chosen)
    stay = np.array([1.0, 1.0, 0.0, 0.0])
    guesses = np.concatenate([stay[np.newaxis], *map(_guesses, chosen)])
    guesses = guesses[[0, *(1 + i for i in _spread(len(guesses) - 1, _MAX_GUESSES))]]
    counts = [sum(len(_met(frame, guess)[0]) for frame in chosen) for guess in guesses]
    best = guesses[int(np.argmax(counts))]
    if max(counts) < max(_MIN_BOXES, num_boxes / 2):
        return None
    gain = (max(counts) - counts[0]) / num_boxes
    golden, found = _edges(chosen, best if gain >= _MIN_GAIN else stay)
    scale, offset, rest_px, movement_px = _fit(golden, found)
    if gain < _MIN_GAIN and movement_px < max(_MIN_PX, _MOVEMENT_PER_REST * rest_px):
        return None
    return CommonRule(scale, offset, rest_px, max(counts), num_boxes)


def _spread(length: int, count: int) -> list[int]:
    return [int(i) for i in np.linspace(0, length - 1, min(length, count))]


def _guesses(frame: FramePairs) -> _Rule:
    """Return the rule ``scale x y, offset x y`` of each pair of boxes of one class."""
    golden, found = frame.golden, frame.found
    rows, columns = np.nonzero(golden.class_ids[:, np.newaxis] == found.class_ids)
    before = golden.boxes_xyxy[rows].astype(np.float64)
    after = found.boxes_xyxy[columns].astype(np.float64)
    scale = (after[:, 2:] - after[:, :2]) / np.maximum(before[:, 2:] - before[:, :2], 1e-3)
    # Half of the guesses are pure shifts, which the jitter of sizes would blur otherwise.
    rules = [
        np.hstack([factor, (after[:, :2] + after[:, 2:] - factor * _sums(before)) / 2])
        for factor in (scale, np.ones_like(scale))
    ]
    return np.concatenate(rules)


def _sums(boxes: _Rule) -> _Rule:
    sums: _Rule = boxes[:, :2] + boxes[:, 2:]
    return sums


def _met(frame: FramePairs, rule: _Rule) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows of golden and found that a rule brings onto each other, best to best."""
    golden, found = frame.golden, frame.found
    moved = golden.boxes_xyxy * np.tile(rule[:2], 2) + np.tile(rule[2:], 2)
    ious = iou_matrix(moved.astype(np.float32), found.boxes_xyxy)
    ious[golden.class_ids[:, np.newaxis] != found.class_ids] = 0
    best = ious >= np.maximum(ious.max(axis=1, keepdims=True), _MEETING_IOU)
    best &= ious >= ious.max(axis=0, keepdims=True)
    rows, columns = np.nonzero(best)
    return rows, columns


def _edges(frames: Sequence[FramePairs], rule: _Rule) -> tuple[_Rule, _Rule]:
    """Return the edges ``x1 y1 x2 y2`` of the boxes that meet, before and after."""
    met = [(frame, *_met(frame, rule)) for frame in frames]
    before = [frame.golden.boxes_xyxy[rows] for frame, rows, _ in met]
    after = [frame.found.boxes_xyxy[columns] for frame, _, columns in met]
    return np.concatenate(before).astype(np.float64), np.concatenate(after).astype(np.float64)


def _fit(
    golden: _Rule, found: _Rule
) -> tuple[tuple[float, float], tuple[float, float], float, float]:
    """Fit a line along each axis; returns scale, offset, what is left and what is explained."""
    lines, rests, movements = [], [], []
    for axis in (0, 1):
        before, after = golden[:, [axis, axis + 2]].ravel(), found[:, [axis, axis + 2]].ravel()
        scale, offset = _line(before, after)
        rests.append(float(np.median(np.abs(after - scale * before - offset))))
        movements.append(float(np.median(np.abs((scale - 1) * before + offset))))
        lines.append((scale, offset))
    (scale_x, offset_x), (scale_y, offset_y) = lines
    moving = int(np.argmax(movements))
    return (scale_x, scale_y), (offset_x, offset_y), rests[moving], movements[moving]


def _line(before: _Rule, after: _Rule) -> tuple[float, float]:
    """Fit by the median of the slopes between all pairs (Theil and Sen)."""
    chosen = _spread(len(before), 400)
    runs = before[chosen] - before[chosen, np.newaxis]
    rises = after[chosen] - after[chosen, np.newaxis]
    is_wide = runs > 8
    scale = float(np.median(rises[is_wide] / runs[is_wide])) if is_wide.any() else 1.0
    return scale, float(np.median(after - scale * before))
