# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the candidates of a batch lie on the device: what decoding fills and suppression reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CandidateArrays:
    """
    Addresses of arrays with B images of N places each, in no particular order.

    The four outputs of the decode plugin and those of EfficientNMS in single precision are such
    arrays.

    :param counts: int32 ``(B,)``, candidates of each image; what lies behind them means nothing.
    :param boxes: float32 ``(B, N, 4)``, x1 y1 x2 y2 in network pixels; divisible by 16.
    :param scores: float32 ``(B, N)``.
    :param class_ids: int32 ``(B, N)``.
    :param rejected: int32 ``(B,)``, candidates that decoding left out as not being numbers; 0 for
        a network that does not tell.
    """

    counts: int
    boxes: int
    scores: int
    class_ids: int
    rejected: int = 0
