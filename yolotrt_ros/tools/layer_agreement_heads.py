# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Compare the outputs of two networks.

Outputs of one layout are compared value by value, boxes apart from scores: pixels would hide what
happens to a score. Those of different layouts are decoded, and candidate compared with candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.decode import decode
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError, DetectionError, ModelError
from yolotrt_ros.core.heads import Head, HeadLayout
from yolotrt_ros.tools.layer_agreement_figures import compare_tensors, TensorFigures, Tolerance
from yolotrt_ros.tools.layer_agreement_networks import Run

NUM_BEST = 300
"""Candidates of each network that must have a partner in the other, the best."""
SCORE_MARGIN = 0.05
"""How far such a candidate must be above the score below which a network drops candidates."""
UNPAIRED_SHARE = 0.02
"""Candidates without a partner of their class that are allowed: classes may score alike."""
_MAX_COST = 0.5

Part = tuple[str, NDArray[Any], NDArray[Any]]


def compare_outputs(reference: Run, candidate: Run, tolerance: Tolerance) -> list[TensorFigures]:
    """
    Compare what two networks put out for the same picture.

    :raises ConfigError: the outputs cannot be compared.
    """
    if parts := list(_same_parts(reference, candidate)):
        return [compare_tensors(*part, tolerance) for part in parts]
    if reference.layout is None or candidate.layout is None:
        raise ModelError(
            f'the outputs {_shapes(reference)} of {reference.session.path} and '
            f'{_shapes(candidate)} of {candidate.session.path} have neither the same shapes nor '
            'layouts that can be decoded; compare networks with outputs of one kind'
        )
    return _compare_candidates(reference, candidate, tolerance)


def _same_parts(reference: Run, candidate: Run) -> Iterator[Part]:
    """Pair outputs that hold the same values in the same places; none where there are none."""
    layouts = reference.layout, candidate.layout
    if layouts[0] is None or layouts[1] is None:
        yield from _same_names(reference, candidate)
        return
    is_same = layouts[0].head is layouts[1].head and not layouts[0].head.holds_class_ids
    is_same = is_same and layouts[0].has_sigmoid == layouts[1].has_sigmoid
    pairs = [
        (name, reference.outputs[name][0], candidate.outputs[other][0])
        for name, other in zip(layouts[0].output_names, layouts[1].output_names, strict=False)
    ]
    if is_same and all(expected.shape == found.shape for _, expected, found in pairs):
        for name, expected, found in pairs:
            splits = zip(
                *(_split(layouts[0], values) for values in (expected, found)), strict=True
            )
            for (part, left), (_, right) in splits:
                yield f'{name} {part}'.strip(), left, right


def _same_names(reference: Run, candidate: Run) -> Iterator[Part]:
    shapes = [{n: v.shape[1:] for n, v in run.outputs.items()} for run in (reference, candidate)]
    if shapes[0] == shapes[1]:
        for name in shapes[0]:
            yield name, reference.outputs[name][0], candidate.outputs[name][0]


def _split(layout: HeadLayout, values: NDArray[Any]) -> list[tuple[str, NDArray[Any]]]:
    match layout.head:
        case Head.YOLOV5:
            return [('boxes', values[:, :4]), ('scores', values[:, 4:])]
        case Head.YOLOV8:
            return [('boxes', values[:4]), ('scores', values[4:])]
    return [('', values)]


def _compare_candidates(
    reference: Run, candidate: Run, tolerance: Tolerance
) -> list[TensorFigures]:
    """Compare the best candidates in network pixels, whatever order they come in."""
    floor = max(run.session.score_floor for run in (reference, candidate))
    found = [_candidates(run, floor) for run in (reference, candidate)]
    best = [_best_rows(item, floor) for item in found]
    num_best = sum(map(len, best))
    if num_best == 0:
        raise DetectionError(
            f'neither network has a candidate with a score above {floor + SCORE_MARGIN:g} on this '
            'input; give a picture of what they know with --input'
        )
    partners = [_partners(found[0][best[0]], found[1]), _partners(found[1][best[1]], found[0])]
    num_lonely = sum(int(np.count_nonzero(rows < 0)) for rows in partners)
    is_paired = partners[0] >= 0
    left, right = found[0][best[0][is_paired]], found[1][partners[0][is_paired]]
    num_lonely += int(np.count_nonzero(_is_of_other_class(left, right)))
    return [
        compare_tensors('boxes', left.boxes_xyxy, right.boxes_xyxy, tolerance),
        compare_tensors('scores', left.scores, right.scores, tolerance),
        _lonely_figures(num_lonely, num_best),
    ]


def _candidates(run: Run, floor: float) -> Detections:
    layout = run.layout
    if layout is None or layout.head.is_suppressed:
        raise ConfigError(
            'networks',
            str(run.session.path),
            'drops overlapping boxes itself, so its candidates are not those of the other; use '
            '`compare`, which looks at the objects that both find',
        )
    return decode([run.outputs[name][0] for name in layout.output_names], layout, floor)


def _best_rows(found: Detections, floor: float) -> NDArray[np.intp]:
    """Choose the best candidates that cannot be on the other side of the floor by rounding."""
    order = np.argsort(-found.scores, kind='stable')[:NUM_BEST]
    return order[found.scores[order] >= (floor + SCORE_MARGIN if floor else 0.0)]


def _partners(from_: Detections, to: Detections) -> NDArray[np.intp]:
    """
    Find for each candidate the one most like it among those of the other network.

    :returns: rows of ``to``; -1 where none is like it at all.
    """
    rows = np.full(len(from_), -1, np.intp)
    if len(to) == 0:
        return rows
    for row, box in enumerate(from_.boxes_xyxy):
        side = max(float(np.ptp(box.reshape(2, 2), axis=0).max()), 1.0)
        cost = np.abs(to.boxes_xyxy - box).max(axis=1) / side
        cost += np.abs(to.scores - from_.scores[row])
        nearest = int(cost.argmin())
        if cost[nearest] <= _MAX_COST:
            rows[row] = nearest
    return rows


def _is_of_other_class(left: Detections, right: Detections) -> NDArray[np.bool_]:
    """Tell where the class differs and means something: of faint scores, none is the best."""
    return np.asarray(
        (left.class_ids != right.class_ids) & (left.scores >= SCORE_MARGIN), np.bool_
    )


def _lonely_figures(num_lonely: int, num_sure: int) -> TensorFigures:
    share = num_lonely / num_sure
    return TensorFigures(
        name='candidates without partner',
        shape=(num_sure,),
        max_abs=float(num_lonely),
        mean_abs=share,
        max_rel=share,
        mean_rel=share,
        worst_index=(),
        num_nonfinite=(0, 0),
        num_nonfinite_differing=0,
        agrees=num_lonely <= max(1, UNPAIRED_SHARE * num_sure),
    )


def _shapes(run: Run) -> str:
    return ', '.join(f'{name} {list(values.shape)}' for name, values in run.outputs.items())
