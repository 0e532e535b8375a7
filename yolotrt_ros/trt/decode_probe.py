# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Feed values of our choice to a network's decoding, and see what boxes it makes of them.

The values of a real run would not do: a head may be so sure that there is nothing that its
sigmoids are all but zero, and then any anchor explains its boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.trt.decode_fit import after_sigmoid, has_sigmoid
from yolotrt_ros.trt.head_probe import HeadProbe
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_run import run_model

LARGEST_LOGIT = 4.0
"""Its sigmoid is 0.98: boxes from next to nothing to nearly four times their anchor."""


@dataclass(frozen=True)
class DecodeProbe:
    """
    Values fed to a decoding and the boxes that came out.

    :param heads: for each level float32 ``(B, 3*(5+nc), H, W)`` after its sigmoid, finest first.
    :param decoded: ``(B, A, 5+nc)``.
    """

    heads: list[NDArray[np.float32]]
    decoded: NDArray[Any]


def probe_decoding(
    graph: OnnxGraph, probe: HeadProbe, rng: np.random.Generator
) -> DecodeProbe | None:
    """
    Run the part of the network behind its heads on random values.

    :returns: None where no output is decoded from them.
    :raises GraphError: ONNX Runtime cannot run it.
    """
    from onnx import helper

    if probe.decoded is None:
        return None
    fed = {
        head.tensor: _random_like(values, rng)
        for head, values in zip(probe.heads, probe.values, strict=True)
    }
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape
        )
        for name, values in fed.items()
    ]
    model = graph.shorten([probe.decoded.name], inputs)
    run = run_model(model, {graph.input.name: probe.images, **fed})
    heads = [after_sigmoid(values) for values in fed.values()]
    return DecodeProbe(heads, run[probe.decoded.name])


def _random_like(values: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return random values on the same side of the sigmoid."""
    logits = rng.uniform(-LARGEST_LOGIT, LARGEST_LOGIT, values.shape)
    chosen = 1 / (1 + np.exp(-logits)) if has_sigmoid(values) else logits
    return chosen.astype(values.dtype)
