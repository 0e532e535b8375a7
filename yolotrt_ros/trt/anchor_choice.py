# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which anchors a network has: measured, told by its file, or given by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.decode_fit import DIGITS, fit_anchors, settle_anchors, TOLERANCES
from yolotrt_ros.trt.decode_probe import DecodeProbe
from yolotrt_ros.trt.head_probe import HeadProbe
from yolotrt_ros.trt.onnx_metadata import AGREEMENT


def choose_anchors(
    probe: HeadProbe,
    measured: NDArray[np.float32] | None,
    told: NDArray[np.float32] | None,
    source: str,
) -> NDArray[np.float32]:
    """
    Take the anchors that the network decodes with; where it does not decode, those told.

    :param measured: what ``measure_anchors`` returned.
    :param told: what somebody wrote down, and in ``source``, where.
    :raises GraphError: there are none, or the two contradict each other.
    """
    if measured is None and told is None:
        raise GraphError(
            f'no output shows which anchors the network decodes with ({probe.obstacles}), and '
            "there is no metadata entry 'anchors'; give their 18 widths and heights with --anchors"
        )
    if measured is None or told is None:
        return np.asarray(told if measured is None else measured, np.float32)
    if not np.allclose(told, measured, rtol=AGREEMENT, atol=0):
        raise GraphError(
            f'decodes its boxes with the anchors {_anchor_text(measured)}, but the {source} says '
            f'{_anchor_text(told)}; correct or remove the latter'
        )
    return measured


def measure_anchors(probe: HeadProbe, decoding: DecodeProbe | None) -> NDArray[np.float32] | None:
    """
    Solve for the anchors that a network decodes with.

    :returns: float32 ``(3, 3, 2)``; None for a network that does not decode.
    :raises GraphError: it decodes by other formulae than YOLOv5.
    """
    decoded = probe.decoded
    if decoded is None or decoding is None:
        return None
    tolerance = TOLERANCES[decoded.dtype]
    try:
        anchors = fit_anchors(
            decoding.decoded, decoding.heads, probe.strides, probe.image_wh, tolerance
        )
    except GraphError as error:
        nodes = ', '.join(head.name for head in probe.heads)
        raise GraphError(
            f'output {decoded.name!r} {error}. It was taken to be decoded from {nodes}; name '
            'others with --heads, or build the network with the decoding it has with --no-plugin'
        ) from error
    # Thousands of equations together are some ten times as exact as one.
    return settle_anchors(anchors, decoded.constants, tolerance / 8, DIGITS[decoded.dtype])


def _anchor_text(anchors: NDArray[np.float32]) -> str:
    return ' '.join(f'{side:g}' for side in np.ravel(anchors))
