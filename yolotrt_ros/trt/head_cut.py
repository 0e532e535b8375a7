# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""End a network in its three heads after their sigmoid: p3, p4 and p5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.core.heads import PLUGIN_OUTPUTS
from yolotrt_ros.trt.decode_fit import has_sigmoid
from yolotrt_ros.trt.head_probe import HeadProbe
from yolotrt_ros.trt.onnx_file import subgraphs
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_metadata import write_anchors
from yolotrt_ros.trt.yolo_node import HEAD_NAMES

if TYPE_CHECKING:
    import onnx

# The first that may leave weights out of the inputs, and one that ONNX Runtime and TensorRT's
# parsers of every supported system read.
OLDEST_IR, NEWEST_IR = 4, 8


def cut_at_heads(
    graph: OnnxGraph, probe: HeadProbe, anchors: NDArray[np.float32]
) -> onnx.ModelProto:
    """
    Return the network up to its heads, each followed by a sigmoid.

    A head that ends in a ``Sigmoid`` already gets one in its place; where another node computes
    it (a composed sigmoid, or quantisation behind it), the values pass unchanged.

    :raises GraphError: what is left breaks a rule of ONNX.
    """
    from onnx import checker

    ends = [
        _end(graph, head.tensor, has_sigmoid(values))
        for head, values in zip(probe.heads, probe.values, strict=True)
    ]
    sources = [source for source, _ in ends]
    model = graph.shorten(sources)
    sources = _free_names(model, sources)
    _append_heads(model, sources, [op for _, op in ends], graph, probe)
    write_anchors(model, anchors, probe.strides)
    model.ir_version = _ir_version(model)
    try:
        checker.check_model(model)
    except Exception as error:  # of onnx or protobuf
        raise GraphError(
            f'breaks a rule of ONNX before its heads: {error}; export the network again'
        ) from error
    return model


def _end(graph: OnnxGraph, tensor: str, is_done: bool) -> tuple[str, str]:
    """Return the tensor to cut behind, and the operator that makes a head of it."""
    maker = graph.maker(tensor)
    while maker is not None and maker.op_type == 'Identity':
        tensor = maker.input[0]
        maker = graph.maker(tensor)
    if maker is not None and maker.op_type == 'Sigmoid':
        return maker.input[0], 'Sigmoid'
    return tensor, 'Identity' if is_done else 'Sigmoid'


def _append_heads(
    model: onnx.ModelProto, sources: list[str], ops: list[str], graph: OnnxGraph, probe: HeadProbe
) -> None:
    from onnx import helper

    del model.graph.output[:]
    levels = zip(HEAD_NAMES, sources, ops, probe.values, probe.strides, strict=True)
    for name, source, op, values, stride in levels:
        model.graph.node.append(helper.make_node(op, [source], [name], name=f'{name}/{op}'))
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        batch, _, height, width = graph.input_shape
        shape = [batch, values.shape[1], _divided(height, stride), _divided(width, stride)]
        model.graph.output.append(helper.make_tensor_value_info(name, kind, shape))


def _divided(size: int | str, stride: int) -> int | str:
    return size // stride if isinstance(size, int) else f'{size}/{stride}'


def _ir_version(model: onnx.ModelProto) -> int:
    """Return an old version that the operator sets still belong to."""
    from onnx import helper

    needed = helper.find_min_ir_version_for(model.opset_import, ignore_unknown=True)
    return int(max(OLDEST_IR, min(model.ir_version, max(NEWEST_IR, needed))))


def _free_names(model: onnx.ModelProto, sources: list[str]) -> list[str]:
    """
    Rename tensors that have the name of an output to come.

    :returns: the new names of ``sources``.
    """
    taken = _tensor_names(model.graph)
    renamed = {}
    for name in (*HEAD_NAMES, *PLUGIN_OUTPUTS):
        if name in taken:
            renamed[name] = f'{name}_inner'
            while renamed[name] in taken:
                renamed[name] += '_'
    _rename(model.graph, renamed)
    return [renamed.get(name, name) for name in sources]


def _tensor_names(graph: onnx.GraphProto) -> set[str]:
    names = {item.name for item in [*graph.input, *graph.initializer]}
    for node in graph.node:
        names.update(node.input, node.output, *map(_tensor_names, subgraphs(node)))
    return names


def _rename(graph: onnx.GraphProto, new_names: Mapping[str, str]) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = new_names.get(name, name)
        for inner in subgraphs(node):
            _rename(inner, new_names)
    for item in [*graph.input, *graph.output, *graph.value_info, *graph.initializer]:
        item.name = new_names.get(item.name, item.name)
    for item in graph.quantization_annotation:
        item.tensor_name = new_names.get(item.tensor_name, item.tensor_name)
