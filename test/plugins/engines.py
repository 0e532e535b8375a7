# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engines that hold nothing but the decode plugin, built in seconds, and running them."""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from test.plugins.decoder import Heads
from test.plugins.device import Device, DeviceArrays
from test.trt.engines import OWN_SOURCES
from yolotrt_ros.trt import compat
from yolotrt_ros.trt.logger import get_logger

INPUT_NAMES = ('p3', 'p4', 'p5')
OUTPUT_NAMES = (
    'DecodeNumDetection',
    'DecodeDetectionBoxes',
    'DecodeDetectionScores',
    'DecodeDetectionClasses',
)
FIELD_TYPES = {'int32': 'INT32', 'float32': 'FLOAT32', 'float64': 'FLOAT64', 'int8': 'INT8'}
Shapes = Sequence[Sequence[int]]
Define = Callable[[Any], None]


def attributes_of(heads: Heads) -> dict[str, np.ndarray]:
    return {
        'max_stride': np.array([heads.strides[-1]], np.int32),
        'num_classes': np.array([heads.num_classes], np.int32),
        'anchors': heads.anchors.ravel(),
        'prenms_score_threshold': np.array([heads.threshold], np.float32),
    }


def create_plugin(trt: ModuleType, attributes: Mapping[str, np.ndarray]) -> Any:
    """Ask the creator for a plugin; None where it refuses."""
    creator = compat.plugin_creator(trt, 'YoloLayer_TRT')
    types = {
        name: getattr(trt.PluginFieldType, FIELD_TYPES[values.dtype.name])
        for name, values in attributes.items()
    }
    fields = [trt.PluginField(name, attributes[name], types[name]) for name in attributes]
    phase = [trt.TensorRTPhase.BUILD] if hasattr(trt, 'TensorRTPhase') else []
    return creator.create_plugin('YoloLayer', trt.PluginFieldCollection(fields), *phase)


def from_registry(
    trt: ModuleType,
    shapes: Shapes,
    dtype: type,
    attributes: Mapping[str, np.ndarray],
    *,
    is_hwc8: bool = False,
) -> Define:
    """Define a network of three inputs, linear or all in HWC8, and the plugin."""

    def define(network: Any) -> None:
        kind = trt.float16 if dtype == np.float16 else trt.float32
        inputs = [
            network.add_input(name, kind, tuple(shape))
            for name, shape in zip(INPUT_NAMES, shapes, strict=True)
        ]
        if is_hwc8:
            for tensor in inputs:
                tensor.allowed_formats = 1 << int(trt.TensorFormat.HWC8)
        plugin = create_plugin(trt, attributes)
        if hasattr(trt, 'IPluginV3') and isinstance(plugin, trt.IPluginV3):
            layer = network.add_plugin_v3(inputs, [], plugin)
        else:
            layer = network.add_plugin_v2(inputs, plugin)
        for index, name in enumerate(OUTPUT_NAMES):
            layer.get_output(index).name = name
            network.mark_output(layer.get_output(index))

    return define


def from_onnx(trt: ModuleType, model: bytes) -> Define:
    """Define a network by parsing ONNX."""

    def define(network: Any) -> None:
        parser = trt.OnnxParser(network, get_logger())
        if not parser.parse(model):
            errors = [parser.get_error(index).desc() for index in range(parser.num_errors)]
            raise ValueError(f'the node is not parsed: {"; ".join(errors)}')

    return define


def onnx_model(shapes: Sequence[Sequence[int | str]], dtype: type, **attributes: object) -> bytes:
    """Write a graph that holds only the plugin's node."""
    from onnx import helper, TensorProto

    kind = TensorProto.FLOAT16 if dtype == np.float16 else TensorProto.FLOAT
    output_kinds = (TensorProto.INT32, TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT32)
    node = helper.make_node(
        'YoloLayer_TRT', INPUT_NAMES, OUTPUT_NAMES, 'YoloLayer', plugin_version='1', **attributes
    )
    graph = helper.make_graph(
        [node],
        'decode',
        [
            helper.make_tensor_value_info(name, kind, shape)
            for name, shape in zip(INPUT_NAMES, shapes, strict=True)
        ],
        [
            helper.make_tensor_value_info(name, kind, None)
            for name, kind in zip(OUTPUT_NAMES, output_kinds, strict=True)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    model.ir_version = 8
    return model.SerializeToString()


def build_plan(
    trt: ModuleType,
    define: Define,
    *,
    profile: Sequence[Shapes] | None = None,
    half: bool = False,
    quick: bool = True,
) -> bytes | None:
    """
    Build a network.

    :param profile: smallest, usual and largest shapes of the three inputs, where they are open.
    :param half: let the builder choose FP16, where that is its choice.
    :param quick: take the first implementation that works, not the fastest.
    :returns: the plan, or None where the builder refuses.
    """
    builder = trt.Builder(get_logger())
    network = builder.create_network(compat.network_flags(trt))
    define(network)
    config = builder.create_builder_config()
    compat.set_workspace(trt, config, 2**28)
    compat.set_tactic_sources(trt, config, OWN_SOURCES)
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    if half and compat.has_flag(trt, 'FP16'):
        compat.set_flag(trt, config, 'FP16')
    if quick and compat.has_optimization_level(trt):
        config.builder_optimization_level = 0
    if profile is not None:
        shapes = builder.create_optimization_profile()
        for name, limits in zip(INPUT_NAMES, zip(*profile, strict=True), strict=True):
            shapes.set_shape(name, *map(tuple, limits))
        config.add_optimization_profile(shapes)
    plan = builder.build_serialized_network(network, config)
    return None if plan is None else bytes(plan)


class EngineRunner:
    """A deserialised engine with one context."""

    def __init__(self, trt: ModuleType, plan: bytes, device: Device) -> None:
        self._device = device
        self._runtime = trt.Runtime(get_logger())
        self.engine = self._runtime.deserialize_cuda_engine(plan)
        assert self.engine is not None
        self.context = self.engine.create_execution_context()

    def bind(self, heads: Heads, inputs: DeviceArrays, outputs: DeviceArrays) -> None:
        """Set shapes and addresses for the next executions."""
        for name, head, address in zip(INPUT_NAMES, heads.values, inputs.addresses, strict=True):
            assert self.context.set_input_shape(name, head.shape)
            assert self.context.set_tensor_address(name, address)
        for name, shape, address in zip(
            OUTPUT_NAMES, outputs.shapes, outputs.addresses, strict=True
        ):
            assert tuple(self.context.get_tensor_shape(name)) == shape
            assert self.context.set_tensor_address(name, address)

    def enqueue(self) -> bool:
        return bool(self.context.execute_async_v3(self._device.stream))

    def run(self, heads: Heads) -> list[np.ndarray] | None:
        """Execute; None where the execution cannot be started."""
        with self._device.tensors(heads) as (inputs, outputs):
            self.bind(heads, inputs, outputs)
            is_started = self.enqueue()
            self._device.synchronize()
            return outputs.download() if is_started else None
