# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Measure a network's decoding: solve YOLOv5's formulae for the anchors on values of one run.

With s the sigmoid of a head, (x, y) the cell and (aw, ah) the anchor (Ultralytics, "YOLOv5
architecture", section 4.3)::

    cx = (2*s[0] - 0.5 + x) * stride    w = (2*s[2])**2 * aw
    cy = (2*s[1] - 0.5 + y) * stride    h = (2*s[3])**2 * ah

Each cell gives one equation for each anchor's side. They are linear in it, so least squares
solves them; what is left over tells whether the network decodes so at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.decode import sigmoid
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.core.heads import ANCHORS_PER_CELL

# A box goes through some six roundings on its way. In float16, of 11 bits, they add up to
# 6*2**-11; in float32 the fast sigmoids of runtimes, wrong by up to 1e-6, weigh more than those.
TOLERANCES = {np.dtype(np.float32): 2.0**-17, np.dtype(np.float16): 2.0**-8}
"""Largest difference of a score, and of a box as a part of the image's or its own size."""

DIGITS = {np.dtype(np.float32): 6, np.dtype(np.float16): 4}
"""Significant digits of an anchor: what the type of the decoding can tell apart."""


def per_anchor(head: NDArray[Any]) -> NDArray[Any]:
    """Bring a head ``(B, 3*(5+nc), H, W)`` into the order of rows, ``(B, 3, H, W, 5+nc)``."""
    batch, channels, height, width = head.shape
    cells = head.reshape(batch, ANCHORS_PER_CELL, channels // ANCHORS_PER_CELL, height, width)
    return np.moveaxis(cells, 2, -1)


def has_sigmoid(head: NDArray[Any]) -> bool:
    """Tell whether a head lies behind its sigmoid: thousands of logits leave 0 to 1."""
    return bool(np.all((head >= 0) & (head <= 1)))


def after_sigmoid(head: NDArray[Any]) -> NDArray[np.float32]:
    """Return a head's values as the formulae take them."""
    return head.astype(np.float32) if has_sigmoid(head) else sigmoid(head)


def split_levels(
    decoded: NDArray[Any], heads: Sequence[NDArray[Any]]
) -> list[NDArray[np.float32]]:
    """
    Split decoded rows into the levels of the heads, whichever of them comes first.

    :param decoded: ``(B, A, 5+nc)`` with the rows of a level in the order of ``per_anchor``.
    :param heads: the levels after their sigmoid, finest first.
    :returns: for each head the rows as ``(B, 3, H, W, 5+nc)``.
    """
    cells = [per_anchor(head) for head in heads]

    def split(order: Sequence[int]) -> list[NDArray[np.float32]]:
        ends = np.cumsum([cells[level][0, ..., 0].size for level in order])
        parts = np.split(decoded.astype(np.float32), ends[:-1], axis=1)
        found = dict(zip(order, parts, strict=True))
        return [found[level].reshape(cells[level].shape) for level in range(len(cells))]

    def mismatch(rows: Sequence[NDArray[np.float32]]) -> float:
        pairs = zip(rows, cells, strict=True)
        return float(np.mean([np.abs(a[..., 4] - b[..., 4]).mean() for a, b in pairs]))

    return min(map(split, permutations(range(len(cells)))), key=mismatch)


def fit_anchors(
    decoded: NDArray[Any],
    heads: Sequence[NDArray[Any]],
    strides: Sequence[int],
    image_wh: tuple[int, int],
    tolerance: float,
) -> NDArray[np.float64]:
    """
    Solve for the anchors, and refuse what is not decoded by YOLOv5's formulae.

    The first image of the batch has equations enough.

    :param decoded: ``(B, A, 5+nc)``: cx cy w h in pixels, objectness, class scores.
    :param heads: for each level ``(B, 3*(5+nc), H, W)`` after its sigmoid.
    :param strides: network pixels between neighbouring cells of each level.
    :param tolerance: one of ``TOLERANCES``.
    :returns: ``(levels, 3, 2)``, width and height in network pixels.
    :raises GraphError: scores, centres or sizes follow another formula.
    """
    first = [head[:1] for head in heads]
    levels = zip(split_levels(decoded[:1], first), map(per_anchor, first), strides, strict=True)
    return np.stack([_fit_level(*level, image_wh, tolerance) for level in levels])


# What is no number is found by the comparisons, so NumPy need not warn of it as well.
@np.errstate(invalid='ignore')
def _fit_level(
    rows: NDArray[np.float32],
    cells: NDArray[np.float32],
    stride: int,
    image_wh: tuple[int, int],
    tolerance: float,
) -> NDArray[np.float64]:
    height, width = cells.shape[2:4]
    corner_xy = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - 0.5
    centres = (2.0 * cells[..., :2] + corner_xy) * stride
    squares = (2.0 * cells[..., 2:4]) ** 2
    measured = rows[..., 2:4].astype(np.float64)
    axes = (0, 2, 3)
    anchors = (measured * squares).sum(axis=axes) / (squares**2).sum(axis=axes)
    sizes = squares * anchors[:, np.newaxis, np.newaxis]
    # What is no number shall show up as a difference, not as a limit.
    scale = max(*image_wh, measured[np.isfinite(measured)].max(initial=0.0))
    where = f'at stride {stride} its'
    _compare(f'{where} scores', rows[..., 4:], cells[..., 4:], 4, tolerance)
    _compare(f'{where} box centres', rows[..., :2], centres, 0, tolerance * scale)
    _compare(f'{where} box sizes', measured, sizes, 2, tolerance * scale)
    return np.asarray(anchors, np.float64)


def _compare(
    what: str, found: NDArray[Any], expected: NDArray[Any], first_column: int, limit: float
) -> None:
    differences = np.abs(found.astype(np.float64) - expected)
    # Written so that a NaN is a mismatch too.
    if not differences.max() <= limit:
        worst = differences.reshape(-1, differences.shape[-1]).max(axis=0).argmax()
        raise GraphError(
            f'is not decoded as YOLOv5 is: {what} (worst in column {first_column + worst}) differ '
            f'by {differences.max():.4g} from the formula, where {limit:.2g} would be rounding'
        )


def settle_anchors(
    anchors: NDArray[np.float64], constants: Sequence[NDArray[Any]], tolerance: float, digits: int
) -> NDArray[np.float32]:
    """
    Replace measured anchors by the numbers that they are measurements of.

    :param constants: those of the decoding. The nearest of their numbers is taken where it lies
        within the tolerance; an anchor that stands nowhere is rounded to ``digits``.
    :param tolerance: largest error of a measured anchor, as a part of it.
    """
    numbers = [np.ravel(item) for item in constants if np.issubdtype(item.dtype, np.floating)]
    pool = np.unique(np.concatenate([np.zeros(1), *numbers]).astype(np.float64))
    settled = []
    for value in np.ravel(anchors):
        nearest = pool[np.abs(pool - value).argmin()]
        is_near = abs(nearest - value) <= tolerance * value
        settled.append(nearest if is_near else float(f'{value:.{digits}g}'))
    return np.asarray(settled, np.float32).reshape(anchors.shape)
