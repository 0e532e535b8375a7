# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The layers that an INT8 engine had better compute in FP16: the last convolutions and what follows.

Their outputs are box sizes and scores over a wide range, where 256 levels cost more accuracy than
the few layers gain in speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from yolotrt_ros.trt.compat import has_flag, set_flag

# What these compute in comes from the network, and TensorRT takes nothing else for it.
_FIXED = (
    *('CONSTANT', 'SHAPE', 'CAST', 'FILL', 'QUANTIZE', 'DEQUANTIZE'),
    *('PLUGIN', 'PLUGIN_V2', 'PLUGIN_V3'),
)


def keep_in_half(trt: ModuleType, network: Any, config: Any) -> list[str]:  # noqa: ANN401
    """
    Ask for FP16 in the sensitive layers of a ``trt.INetworkDefinition``.

    :returns: their names.
    """
    # PREFER falls back, with a warning, where a layer has no kernel in FP16; OBEY would fail.
    names = ('PREFER_PRECISION_CONSTRAINTS', 'OBEY_PRECISION_CONSTRAINTS')
    set_flag(trt, config, next((name for name in names if has_flag(trt, name)), names[0]))
    layers = list(sensitive_layers(trt, network))
    for layer in layers:
        layer.precision = trt.float16
        for index in range(layer.num_outputs):
            # The type of a network output is for the reader of the engine, not for its accuracy.
            if not layer.get_output(index).is_network_output:
                layer.set_output_type(index, trt.float16)
    return [str(layer.name) for layer in layers]


def sensitive_layers(trt: ModuleType, network: Any) -> Iterator[Any]:  # noqa: ANN401
    """Walk from the outputs back to the last convolution of each path, once a layer."""
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    writers = {
        layer.get_output(output).name: number
        for number, layer in enumerate(layers)
        for output in range(layer.num_outputs)
    }
    waiting = [network.get_output(index).name for index in range(network.num_outputs)]
    seen = set()
    while waiting:
        number = writers.get(waiting.pop())
        if number is None or number in seen:  # None: a network input
            continue
        seen.add(number)
        layer = layers[number]
        if _computes_floats(trt, layer):
            yield layer
        if layer.type != trt.LayerType.CONVOLUTION:
            waiting += _input_names(layer)


def _computes_floats(trt: ModuleType, layer: Any) -> bool:  # noqa: ANN401
    fixed = {getattr(trt.LayerType, name, None) for name in _FIXED}
    outputs = [layer.get_output(index).dtype for index in range(layer.num_outputs)]
    return layer.type not in fixed and all(dtype == trt.float32 for dtype in outputs)


def _input_names(layer: Any) -> Iterator[str]:  # noqa: ANN401
    for index in range(layer.num_inputs):
        tensor = layer.get_input(index)
        if tensor is not None:  # optional inputs may be absent
            yield tensor.name
