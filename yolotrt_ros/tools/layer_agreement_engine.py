# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
An engine of which every tensor can be seen.

An engine for use shows none of them: its layers are fused. So the network is built once more with
every tensor an output, which keeps TensorRT from fusing across it: what a layer computes is seen,
not what fusion adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TYPE_CHECKING

import numpy as np

from yolotrt_ros.tools.layer_agreement_layers import OnnxLayers
from yolotrt_ros.tools.layer_agreement_networks import Image
from yolotrt_ros.tools.layer_agreement_runner import CHUNK, LayerValues

if TYPE_CHECKING:
    import onnx

    from yolotrt_ros.gpu.device import CudaDevice
    from yolotrt_ros.trt.precision import Precision


def build_with_layers(
    layers: OnnxLayers,
    values: LayerValues,
    image: Image,
    *,
    precision: Precision,
    device: CudaDevice,
    tactic_sources: Sequence[str] = (),
) -> bytes:
    """
    Build a network for one size, with every tensor of floats an output; takes minutes.

    :param values: what the tensors hold, which tells their types.
    :param image: the input that the engine is for.
    :param precision: what TensorRT may compute in.
    :param tactic_sources: kernel libraries to use; empty for TensorRT's own choice.
    :returns: the serialised engine.
    :raises BuildError: TensorRT cannot build the network so.
    :raises BackendError: there is no TensorRT, or no GPU.
    """
    from yolotrt_ros.gpu.session import CudaSession
    from yolotrt_ros.trt.build_options import BuildOptions
    from yolotrt_ros.trt.builder import build_plan

    size, batch = (image.shape[2], image.shape[1]), layers.batch
    options = BuildOptions(
        precision=precision,
        batch=(batch, batch, batch),
        sizes=(size, size, size),
        detailed=False,
        tactic_sources=tuple(tactic_sources),
    )
    model = _marked(layers, values)
    with CudaSession(device):
        return build_plan(model.SerializeToString(), options).plan


def _marked(layers: OnnxLayers, values: LayerValues) -> onnx.ModelProto:
    """Make every tensor of floats an output, with its type, which TensorRT asks for."""
    from onnx import helper

    types: dict[str, np.dtype[Any]] = {}
    for start in range(0, len(values.names), CHUNK):
        found = values.fetch(values.names[start : start + CHUNK])
        types |= {name: value.dtype for name, value in found.items()}
    model = layers.graph.shorten(list(types))
    ends = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), None)
        for name, dtype in types.items()
    ]
    del model.graph.output[:]
    model.graph.output.extend(ends)
    return model
