# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
What may have made detections differ from the golden ones, judged by the figures.

Each test looks at the figures of one known fault and says what it saw. None of them is a proof:
other faults can leave the same figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.boxes import iou_matrix
from yolotrt_ros.tools.golden_comparison import Comparison, FrameDifferences
from yolotrt_ros.tools.golden_geometry import common_rule

# A handful of objects shows no pattern.
_MIN_OBJECTS = 5
_MOST, _NEARLY_ALL = 0.7, 0.95
_IN_PLACE_IOU = 0.8
# Standard deviations of a coin that falls on either side alike.
_SURE_LEAN = 3.0


def likely_causes(comparison: Comparison) -> list[str]:
    """Say what the figures point at, the surest first; nothing where they show no pattern."""
    if comparison.is_same:
        return []
    geometry = _geometry(comparison)
    # Boxes that have left their places meet others there, which says nothing more.
    rest = (_threshold, _scores) if geometry else (_threshold, _suppression, _classes, _scores)
    return [
        *changed_settings(comparison),
        *_recording(comparison),
        *geometry,
        *(text for cause in rest for text in cause(comparison)),
    ]


def changed_settings(comparison: Comparison) -> list[str]:
    """Say what the golden file was made with that is different now."""
    golden, current = comparison.golden, comparison.current
    return [
        *_network(golden.network, current.network),
        *_changed('parameter', golden.parameters, current.parameters),
        *_changed('image format of', golden.images, current.images),
    ]


def _network(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    texts = _changed('network:', before, now, ('backend', 'network_wh', 'head', 'class_names'))
    if before.get('sha256') == now.get('sha256'):
        return texts
    files = f'{before.get("file")}, but is {now.get("file")} now'
    origin = before.get('onnx_sha256')
    if origin is not None and origin == now.get('onnx_sha256'):
        return [f'network: the file was {files}, made of the same ONNX network', *texts]
    return [f'network: another one: the file was {files}, with another digest', *texts]


def _changed(
    kind: str, before: dict[str, Any], now: dict[str, Any], names: Sequence[str] = ()
) -> list[str]:
    return [
        f'{kind} {name} was {_brief(before[name])}, but is {_brief(now[name])} now'
        for name in names or before
        if name in before and name in now and before[name] != now[name]
    ]


def _brief(value: object) -> str:
    text = ', '.join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f'{text[:59]}…'


def _recording(comparison: Comparison) -> list[str]:
    num_missing, num_extra = len(comparison.missing_frames), len(comparison.extra_frames)
    if not comparison.frames:
        return ['recording: not one stamp is in both; this is another recording or topic']
    texts = []
    if num_missing:
        texts.append(
            f'recording: {num_missing} golden images gave no detections; it was cut short, its '
            'images cannot be read any more, or topics are left out'
        )
    if num_extra:
        texts.append(f'recording: {num_extra} images are not in the golden file')
    return texts


def _geometry(comparison: Comparison) -> list[str]:
    rule = common_rule([frame.pairs for frame in comparison.frames])
    if rule is None:
        return []
    (scale_x, scale_y), (offset_x, offset_y) = rule.scale_xy, rule.offset_xy
    seen = (
        f'{rule.num_met} of {rule.num_boxes} boxes follow, their edges within '
        f'{rule.rest_px:.1f} px at the median'
    )
    if rule.is_shift:
        return [
            f'geometry: all boxes are shifted by ({offset_x:+.1f}, {offset_y:+.1f}) px ({seen}); '
            'a constant shift speaks for another padding of the letterbox, or another crop'
        ]
    return [
        f'geometry: all boxes are scaled by {scale_x:.3f} in x and {scale_y:.3f} in y and shifted '
        f'by ({offset_x:+.1f}, {offset_y:+.1f}) px ({seen}); this speaks for images of another '
        'size, or for a resize that is not undone'
    ]


def _threshold(comparison: Comparison) -> list[str]:
    kept = _all(comparison, lambda frame: frame.pairs.golden.scores[frame.pairs.kept[:, 0]])
    found = _all(comparison, lambda frame: frame.pairs.found.scores[frame.pairs.kept[:, 1]])
    missing = _all(comparison, lambda frame: frame.pairs.golden.scores[frame.pairs.missing])
    extra = _all(comparison, lambda frame: frame.pairs.found.scores[frame.pairs.extra])
    texts = []
    if len(missing) >= _MIN_OBJECTS and len(extra) == 0 and _lies_below(missing, kept):
        texts.append(
            f'threshold: all {len(missing)} missing objects scored at most {missing.max():.3f}, '
            'and those above it are still there, as a higher score threshold would have it'
        )
    if len(extra) >= _MIN_OBJECTS and len(missing) == 0 and _lies_below(extra, found):
        texts.append(
            f'threshold: all {len(extra)} extra objects score at most {extra.max():.3f}, less '
            'than the golden ones, as a lower score threshold would have it'
        )
    return texts


def _lies_below(scores: NDArray[np.float32], others: NDArray[np.float32]) -> bool:
    """Tell whether a threshold parts the two, but for a few."""
    return bool(len(others)) and float(np.mean(others >= scores.max())) >= _NEARLY_ALL


def _suppression(comparison: Comparison) -> list[str]:
    extra = np.array([_is_beside(frame) for frame in comparison.frames], np.int64).reshape(-1, 4)
    beside_found, num_extra, beside_golden, num_missing = extra.sum(axis=0).tolist()
    texts = []
    if num_extra >= _MIN_OBJECTS and beside_found >= _MOST * num_extra:
        texts.append(
            f'suppression: {beside_found} of {num_extra} extra boxes overlap another box that was '
            'found; a higher iou_threshold, or NMS by class instead of over all, does so'
        )
    if num_missing >= _MIN_OBJECTS and beside_golden >= _MOST * num_missing:
        texts.append(
            f'suppression: {beside_golden} of {num_missing} missing boxes overlapped another '
            'golden box; a lower iou_threshold, or NMS over all classes, does so'
        )
    return texts


def _is_beside(frame: FrameDifferences) -> tuple[int, int, int, int]:
    """Count extra boxes that overlap others that were found, all, and the same of missing ones."""
    pairs = frame.pairs
    counts = []
    for detections, rows in ((pairs.found, pairs.extra), (pairs.golden, pairs.missing)):
        overlaps = iou_matrix(detections.boxes_xyxy[rows], detections.boxes_xyxy)
        overlaps[np.arange(len(rows)), rows] = 0
        counts += [int(np.count_nonzero(overlaps.max(axis=1, initial=0) > 0.2)), len(rows)]
    return counts[0], counts[1], counts[2], counts[3]


def _classes(comparison: Comparison) -> list[str]:
    changes: Counter[tuple[str, str]] = Counter()
    for frame in comparison.frames:
        pairs = frame.pairs
        for golden, found in pairs.renamed.tolist():
            names = pairs.golden.class_ids[golden], pairs.found.class_ids[found]
            changes[pairs.class_names[names[0]], pairs.class_names[names[1]]] += 1
    if changes.total() < _MIN_OBJECTS:
        return []
    listed = ', '.join(f'{a!r} is now {b!r} ({n})' for (a, b), n in changes.most_common(4))
    return [
        f'classes: {changes.total()} objects have another class in the same place: {listed}; '
        'compare the class names and their order with the golden ones'
    ]


def _scores(comparison: Comparison) -> list[str]:
    changes = _all(comparison, lambda frame: frame.pairs.score_changes)
    ious = _all(comparison, lambda frame: frame.pairs.ious)
    if len(changes) < _MIN_OBJECTS or np.median(ious) < _IN_PLACE_IOU:
        return []
    # An object that is missing has fallen below the threshold, one that is extra has risen.
    num_fallen = int(np.count_nonzero(changes < 0)) + _count(comparison, 'missing')
    num_risen = int(np.count_nonzero(changes > 0)) + _count(comparison, 'extra')
    lean = abs(num_fallen - num_risen) / np.sqrt(max(num_fallen + num_risen, 1))
    if lean < _SURE_LEAN or float(np.abs(changes).mean()) <= comparison.tolerances.score_change:
        return []
    direction = 'lower' if num_fallen > num_risen else 'higher'
    return [
        f'scores: {direction}, with the boxes in place (median IoU {np.median(ious):.3f}): '
        f'{num_fallen} fell or vanished, {num_risen} rose or are new, the mean change is '
        f'{changes.mean():+.3f}; the network sees other pixel values (colours swapped between RGB '
        'and BGR, another scaling, exposure or compression), or computes with less precision'
    ]


def _count(comparison: Comparison, rows: str) -> int:
    return sum(len(getattr(frame.pairs, rows)) for frame in comparison.frames)


def _all(
    comparison: Comparison, part: Callable[[FrameDifferences], NDArray[np.float32]]
) -> NDArray[np.float32]:
    return np.concatenate([np.empty(0, np.float32), *map(part, comparison.frames)])
