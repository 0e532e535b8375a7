# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether an engine finds what its network finds: the same pictures through both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.tools.agreement import Agreement
from yolotrt_ros.trt.precision import Precision

SCORE_MARGIN = 0.05
"""How far below the threshold the partner of an object may score."""


@dataclass(frozen=True)
class Limits:
    """
    What is still the same network.

    :param disagreeing_share: objects missing, extra or of another class, of all objects; one is
        always allowed, since among few objects one box at the edge of suppression counts much.
    :param iou: lowest median intersection over union of boxes that belong together.
    :param score_difference: largest median difference of their scores.
    """

    disagreeing_share: float
    iou: float
    score_difference: float


# FP32 may be computed in TF32 (--tf32), with the ten mantissa bits of FP16, so both move boxes by
# fractions of a pixel and scores in the third place; published accuracies do not differ. INT8
# after training costs 1 to 6 points of mAP50-95 with a good calibration, and tens with a bad one:
# its limits tell the two apart.
LIMITS = {
    Precision.FP32: Limits(disagreeing_share=0.02, iou=0.98, score_difference=0.01),
    Precision.FP16: Limits(disagreeing_share=0.04, iou=0.97, score_difference=0.02),
    Precision.INT8: Limits(disagreeing_share=0.25, iou=0.85, score_difference=0.10),
}


@dataclass(frozen=True)
class Verification:
    """
    Figures of a comparison; those that no object stands behind are None.

    :param num_frames: pictures compared.
    :param num_reference: objects that the reference finds.
    :param num_candidate: objects that the candidate finds.
    :param num_matched: objects that both find, with the same class.
    :param num_missing: those that only the reference finds.
    :param num_extra: those that only the candidate finds.
    :param num_class_changes: those that both find, but with another class.
    :param num_nonfinite: values of the candidate that are NaN or infinite.
    :param iou_min: of the boxes that belong together, the worst intersection over union.
    :param iou_median: the median.
    :param score_difference_max: of the boxes that belong together, without sign.
    :param score_difference_median: the median.
    :param candidate_median_ms: milliseconds of a picture in the candidate, all stages.
    :param reference_median_ms: the same in the reference.
    """

    num_frames: int
    num_reference: int
    num_candidate: int
    num_matched: int
    num_missing: int
    num_extra: int
    num_class_changes: int
    num_nonfinite: int
    iou_min: float | None
    iou_median: float | None
    score_difference_max: float | None
    score_difference_median: float | None
    candidate_median_ms: float | None
    reference_median_ms: float | None

    @property
    def has_objects(self) -> bool:
        """Whether there was anything to compare."""
        return bool(self.num_reference or self.num_candidate)

    def reasons_against(self, precision: Precision) -> list[str]:
        """Say why this is no good engine of its precision; nothing if it is one."""
        if not self.has_objects:
            return [
                f'nothing to compare: neither network finds an object in {self.num_frames} '
                'pictures; give pictures that show what the network knows'
            ]
        limits = LIMITS[precision]
        num_disagreeing = self.num_missing + self.num_extra + self.num_class_changes
        num_objects = max(self.num_reference, self.num_candidate)
        allowed = max(1, int(limits.disagreeing_share * num_objects))
        reasons = []
        if self.num_nonfinite:
            reasons.append(f'{self.num_nonfinite} candidates are NaN or infinite')
        if num_disagreeing > allowed:
            reasons.append(
                f'{num_disagreeing} of {num_objects} objects are missing, extra or of another '
                f'class, more than {allowed}'
            )
        if self.iou_median is None or self.score_difference_median is None:
            return [*reasons, 'not one object is found by both']
        if self.iou_median < limits.iou:
            reasons.append(f'median IoU is {self.iou_median:.4f}, below {limits.iou}')
        if self.score_difference_median > limits.score_difference:
            reasons.append(
                f'median score difference is {self.score_difference_median:.4f}, above '
                f'{limits.score_difference}'
            )
        return reasons

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for the engine's card."""
        return asdict(self)

    def table(self) -> str:
        """Format the figures for people."""
        if not self.has_objects:
            return f'pictures            {self.num_frames}\nnothing to compare: no objects found'
        rows = {
            'pictures': f'{self.num_frames}',
            'objects': f'{self.num_reference} reference, {self.num_candidate} candidate',
            'matched': f'{self.num_matched}',
            'missing': f'{self.num_missing}',
            'extra': f'{self.num_extra}',
            'other class': f'{self.num_class_changes}',
            'NaN or infinite': f'{self.num_nonfinite}',
            'IoU': f'min {_text(self.iou_min)}, median {_text(self.iou_median)}',
            'score difference': f'max {_text(self.score_difference_max)}, '
            f'median {_text(self.score_difference_median)}',
            'time of a picture': f'reference {_text(self.reference_median_ms, 2)} ms, '
            f'candidate {_text(self.candidate_median_ms, 2)} ms',
        }
        return '\n'.join(f'{name:19s} {text}' for name, text in rows.items())


def verify(
    candidate: Pipeline,
    reference: Pipeline,
    frames: Iterable[ImageView],
    selection: Selection,
) -> Verification:
    """
    Run the same pictures through both pipelines and compare what they find.

    :param candidate: the engine.
    :param reference: the network that it was built from, in ONNX Runtime.
    :param frames: pictures that show what the network knows.
    :param selection: the rules for both; objects count from its score threshold on.
    :raises ConfigError: the two have different classes.
    """
    _check_classes(candidate, reference)
    agreement = Agreement(selection.score_threshold)
    loose = replace(selection, score_threshold=max(selection.score_threshold - SCORE_MARGIN, 0.0))
    num_nonfinite = 0
    times_ms: tuple[list[float], list[float]] = ([], [])
    for frame in frames:
        found = candidate.detect([frame], loose)[0]
        agreement.add(found, reference.detect([frame], loose)[0])
        num_nonfinite += found.num_nonfinite
        for times, pipeline in zip(times_ms, (candidate, reference), strict=True):
            times.append(sum(pipeline.stage_times.values()))
    return Verification(
        num_frames=len(times_ms[0]),
        num_reference=agreement.num_reference,
        num_candidate=agreement.num_candidate,
        num_matched=len(agreement.ious),
        num_missing=agreement.num_missing,
        num_extra=agreement.num_extra,
        num_class_changes=agreement.num_class_changes,
        num_nonfinite=num_nonfinite,
        iou_min=min(agreement.ious, default=None),
        iou_median=_median(agreement.ious),
        score_difference_max=max(agreement.score_differences, default=None),
        score_difference_median=_median(agreement.score_differences),
        candidate_median_ms=_median(times_ms[0]),
        reference_median_ms=_median(times_ms[1]),
    )


def _check_classes(candidate: Pipeline, reference: Pipeline) -> None:
    names = candidate.info.class_names, reference.info.class_names
    if names[0] != names[1]:
        raise ConfigError(
            'reference',
            reference.info.model_path,
            f'has the classes {_list(names[1])}, but {candidate.info.model_path} has '
            f'{_list(names[0])}; compare an engine with the network that it was built from',
        )


def _list(names: Sequence[str]) -> str:
    return f'{", ".join(names[:5])}{" …" if len(names) > 5 else ""} ({len(names)})'


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _text(figure: float | None, digits: int = 4) -> str:
    return '-' if figure is None else f'{figure:.{digits}f}'
