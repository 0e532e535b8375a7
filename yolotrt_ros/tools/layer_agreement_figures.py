# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far the same tensor of two networks differs, and whether that is still the same network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tolerance:
    """
    The largest difference of two tensors that agree: one of the two suffices.

    :param absolute: in the unit of the tensor.
    :param relative: as a part of the reference's largest value. Measured against each value
        alone, those near zero, which mean nothing, would decide.
    """

    absolute: float
    relative: float


@dataclass(frozen=True)
class TensorFigures:
    """
    The differences of one tensor, without sign; values that are not finite are counted apart.

    :param name: of the tensor in the reference.
    :param shape: of both.
    :param max_abs: largest difference.
    :param mean_abs: mean difference.
    :param max_rel: the largest, as a part of the reference's largest value.
    :param mean_rel: the mean, as a part of the reference's mean value without sign.
    :param worst_index: where the largest is; empty for a tensor without values.
    :param num_nonfinite: values that are NaN or infinite, in reference and candidate.
    :param num_nonfinite_differing: places where one of the two is not finite and the other is
        another value.
    :param agrees: whether the differences are within the tolerance.
    """

    name: str
    shape: tuple[int, ...]
    max_abs: float
    mean_abs: float
    max_rel: float
    mean_rel: float
    worst_index: tuple[int, ...]
    num_nonfinite: tuple[int, int]
    num_nonfinite_differing: int
    agrees: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for a JSON file."""
        return asdict(self)


@np.errstate(invalid='ignore', over='ignore')
def compare_tensors(
    name: str, reference: NDArray[Any], candidate: NDArray[Any], tolerance: Tolerance
) -> TensorFigures:
    """
    Compare two tensors of the same shape value by value.

    :raises ValueError: the shapes differ.
    """
    if reference.shape != candidate.shape:
        raise ValueError(f'{name} is {reference.shape} and {candidate.shape}')
    expected, found = reference.astype(np.float64), candidate.astype(np.float64)
    is_finite = np.isfinite(expected), np.isfinite(found)
    both = is_finite[0] & is_finite[1]
    same = (expected == found) | (np.isnan(expected) & np.isnan(found))
    differences = np.where(both, np.abs(found - expected), 0.0)
    magnitudes = np.where(both, np.abs(expected), 0.0)
    max_abs, mean_abs = _max(differences), _mean(differences, both)
    max_rel = _ratio(max_abs, _max(magnitudes))
    num_differing = int(np.count_nonzero(~both & ~same))
    worst = np.unravel_index(int(differences.argmax()), differences.shape) if both.any() else ()
    return TensorFigures(
        name=name,
        shape=reference.shape,
        max_abs=max_abs,
        mean_abs=mean_abs,
        max_rel=max_rel,
        mean_rel=_ratio(mean_abs, _mean(magnitudes, both)),
        worst_index=tuple(int(place) for place in worst),
        num_nonfinite=(_count_false(is_finite[0]), _count_false(is_finite[1])),
        num_nonfinite_differing=num_differing,
        agrees=num_differing == 0
        and (max_abs <= tolerance.absolute or max_rel <= tolerance.relative),
    )


def _max(values: NDArray[np.float64]) -> float:
    return float(values.max(initial=0.0))


def _mean(values: NDArray[np.float64], counted: NDArray[np.bool_]) -> float:
    count = np.count_nonzero(counted)
    return float(values.sum() / count) if count else 0.0


def _ratio(difference: float, magnitude: float) -> float:
    if difference == 0:
        return 0.0
    return difference / magnitude if magnitude else float('inf')


def _count_false(mask: NDArray[np.bool_]) -> int:
    return int(mask.size - np.count_nonzero(mask))
