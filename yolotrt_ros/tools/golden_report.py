# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison with golden detections in words and figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.tools.golden_causes import changed_settings, likely_causes
from yolotrt_ros.tools.golden_comparison import Comparison, FrameDifferences
from yolotrt_ros.tools.replay_report import shortened

MAX_OBJECTS = 4
_NO_PATTERN = 'the differences show no pattern that is known'


def comparison_text(path: Path, comparison: Comparison) -> str:
    """
    Format the outcome, the images that differ, the totals and the likely causes.

    :param path: the golden file.
    """
    figures = comparison.as_dict()
    tolerances = comparison.tolerances
    outcome = 'as expected' if comparison.is_same else 'DIFFERENT'
    rows = [
        f'golden      {path}: {outcome}; {comparison.num_disagreeing} differences among '
        f'{figures["golden"]} objects, {comparison.num_allowed} may be',
        f'images      {figures["frames"]} in both, {figures["frames_missing"]} missing, '
        f'{figures["frames_extra"]} extra',
        f'objects     {figures["matched"]} matched, {figures["missing"]} missing, '
        f'{figures["extra"]} extra, {figures["other_class"]} of another class, '
        f'{figures["borderline"]} too near the threshold to tell',
        f'boxes       {figures["moved"]} moved (IoU below {tolerances.min_iou:g}); the worst '
        f'IoU is {_text(figures["iou_min"])}, the largest shift '
        f'{_text(figures["shift_px_max"], 2)} px',
        f'scores      {figures["rescored"]} changed (by more than {tolerances.score_change:g}); '
        f'the largest change is {_text(figures["score_change_max"])}, the median '
        f'{_text(figures["score_change_median"], 4, "+")}',
    ]
    if comparison.is_same:
        rows += [f'note        {text}' for text in changed_settings(comparison)]
    else:
        rows += ['differences', *shortened(frame_lines(comparison))]
        causes = likely_causes(comparison) or [_NO_PATTERN]
        rows += ['what the figures point at (not a proof)', *(f'  {text}' for text in causes)]
    return '\n'.join(rows)


def comparison_figures(comparison: Comparison) -> dict[str, Any]:
    """Return the same for JSON."""
    return {
        **comparison.as_dict(),
        'differences': frame_lines(comparison),
        'likely_causes': likely_causes(comparison),
    }


def frame_lines(comparison: Comparison) -> list[str]:
    """Describe each image that differs in one line."""
    lines = [_frame_line(frame) for frame in comparison.frames if frame.num_disagreeing]
    for frames, word in (
        (comparison.missing_frames, 'missing'),
        (comparison.extra_frames, 'extra'),
    ):
        lines += [f'{_name(frame.topic, frame.stamp_ns)}: the image is {word}' for frame in frames]
    return lines


def _frame_line(frame: FrameDifferences) -> str:
    """Name the objects of one image that differ, those that scored best first."""
    pairs = frame.pairs
    kept = pairs.kept[:, 0]
    entries = [(float(pairs.golden.scores[row]), text) for row, text in _golden_texts(frame)]
    entries += [
        (float(pairs.found.scores[row]), f'extra {_object(pairs.found, row, pairs.class_names)}')
        for row in frame.extra.tolist()
    ]
    entries += [
        (float(pairs.golden.scores[kept[row]]), _change_text(frame, row))
        for row in np.union1d(frame.moved, frame.rescored).tolist()
    ]
    texts = [text for _, text in sorted(entries, key=lambda entry: -entry[0])]
    more = [f'… {len(texts) - MAX_OBJECTS} more'] if len(texts) > MAX_OBJECTS else []
    return f'{_name(pairs.topic, pairs.stamp_ns)}: {"; ".join(texts[:MAX_OBJECTS] + more)}'


def _golden_texts(frame: FrameDifferences) -> Iterator[tuple[int, str]]:
    """Describe golden objects that are missing or have another class."""
    pairs, names = frame.pairs, frame.pairs.class_names
    for row in frame.missing.tolist():
        yield row, f'missing {_object(pairs.golden, row, names)}'
    for row, found in pairs.renamed.tolist():
        now = names[pairs.found.class_ids[found]]
        yield row, f'{_object(pairs.golden, row, names)} is {now} now'


def _change_text(frame: FrameDifferences, row: int) -> str:
    """Describe an object that moved or has another score; a row of ``kept``."""
    pairs = frame.pairs
    texts = []
    if row in frame.moved:
        texts.append(f'moved by {pairs.shifts_px[row]:.1f} px (IoU {pairs.ious[row]:.3f})')
    if row in frame.rescored:
        texts.append(f'scores {pairs.score_changes[row]:+.3f}')
    name = _object(pairs.golden, int(pairs.kept[row, 0]), pairs.class_names)
    return f'{name} {" and ".join(texts)}'


def _object(detections: Detections, row: int, names: tuple[str, ...]) -> str:
    box = ' '.join(f'{edge:.0f}' for edge in detections.boxes_xyxy[row].tolist())
    return f'{names[detections.class_ids[row]]} {detections.scores[row]:.3f} at [{box}]'


def _name(topic: str, stamp_ns: int) -> str:
    seconds, nanoseconds = divmod(stamp_ns, 10**9)
    return f'{topic} {seconds}.{nanoseconds:09d}'


def _text(figure: float | None, digits: int = 4, sign: str = '') -> str:
    return '-' if figure is None else f'{figure:{sign}.{digits}f}'
