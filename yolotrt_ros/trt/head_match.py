# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Find the three detection heads of a YOLOv5 network by the shape of its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.onnx_graph import OnnxGraph, SIZE_OPS

if TYPE_CHECKING:
    import onnx

NUM_LEVELS = 3
# A way back from an output ends where weights are applied.
LAYER_OPS = frozenset(
    {'Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'Gemm', 'MatMul', 'QLinearMatMul'}
)
# What may stand between a convolution and its Reshape, value by value. After a sigmoid only
# what keeps the values may follow: what decodes boxes is no part of a head.
BEFORE_SIGMOID_OPS = frozenset({'Add', 'Sub', 'Mul', 'Div', 'BatchNormalization', 'Sigmoid'})
KEEPING_OPS = frozenset({'Identity', 'Cast', 'Dropout'})


@dataclass(frozen=True)
class HeadTensor:
    """
    Where one detection head ends.

    :param name: its convolution, or the node given by hand, as ``find_heads`` takes it.
    :param tensor: the last tensor [B, 3*(5+nc), H, W] before the decoding.
    """

    name: str
    tensor: str


def find_heads(graph: OnnxGraph, names: Sequence[str] = ()) -> tuple[HeadTensor, ...]:
    """
    Walk back from the outputs to the three convolutions that everything comes from.

    :param names: nodes or tensors to take instead, in any order.
    :raises GraphError: there are not exactly three, or a name is unknown.
    """
    if names:
        tensors = [_named_tensor(graph, name) for name in names]
        if len(set(tensors)) != NUM_LEVELS or len(names) != NUM_LEVELS:
            raise GraphError(
                f'--heads must name {NUM_LEVELS} different convolutions, but names '
                f'{", ".join(names)}; give one node or tensor for each level'
            )
    else:
        tensors = [node.output[0] for node in _three_convolutions(graph)]
    return tuple(_head(graph, tensor) for tensor in tensors)


def _head(graph: OnnxGraph, tensor: str) -> HeadTensor:
    """Follow a tensor to its head's end; the convolution before it names the head."""
    end = chain_end(graph, tensor)
    layers = [node.output[0] for node in last_layers(graph, tensor)]
    is_same = len(layers) == 1 and chain_end(graph, layers[0]) == end
    return HeadTensor(_short_name(graph, layers[0] if is_same else tensor), end)


def last_layers(graph: OnnxGraph, output: str) -> list[onnx.NodeProto]:
    """List the layers nearest to an output on each way back from it."""
    nodes = graph.before([output], lambda node: node.op_type in LAYER_OPS | SIZE_OPS)
    return [node for node in nodes if node.op_type in LAYER_OPS]


def chain_end(graph: OnnxGraph, tensor: str) -> str:
    """
    Follow a convolution's values as far as they stay one NCHW tensor with nothing decoded.

    Biases, scales, quantisation and a sigmoid may follow in nodes of their own.
    """
    maker = graph.maker(tensor)
    allowed = KEEPING_OPS | BEFORE_SIGMOID_OPS
    while True:
        if maker is not None and maker.op_type == 'Sigmoid':
            allowed = KEEPING_OPS
        following = _next(graph, tensor, allowed)
        if following is None:
            return tensor
        maker, tensor = following, following.output[0]


def _next(graph: OnnxGraph, tensor: str, allowed: frozenset[str]) -> onnx.NodeProto | None:
    readers = graph.readers(tensor)
    if len(readers) != 1:
        return None
    node = readers[0]
    if node.op_type == 'QuantizeLinear':
        # Its integers are no head; what they stand for is, and every copy of it is the same.
        copies = graph.readers(node.output[0])
        return copies[0] if {copy.op_type for copy in copies} == {'DequantizeLinear'} else None
    return node if node.op_type in allowed else None


def _three_convolutions(graph: OnnxGraph) -> list[onnx.NodeProto]:
    layers: dict[str, onnx.NodeProto] = {}
    for output in graph.output_names:
        layers |= {node.output[0]: node for node in last_layers(graph, output)}
    ops = {node.op_type for node in layers.values()}
    if len(layers) != NUM_LEVELS or ops != {'Conv'}:
        raise GraphError(_wrong_number_text(graph, list(layers.values())))
    return list(layers.values())


def _wrong_number_text(graph: OnnxGraph, layers: Sequence[onnx.NodeProto]) -> str:
    widths = [_num_channels(graph, node) for node in layers]
    lines = [
        f'  {node.op_type} {_short_name(graph, node.output[0])}, {width or "?"} channels'
        for node, width in zip(layers, widths, strict=True)
    ]
    kind = ''
    if any(node.op_type == 'QLinearConv' for node in layers):
        kind = 'TensorRT takes quantised networks with QuantizeLinear nodes only (format QDQ). '
    elif len(layers) == 4 and len(set(widths)) == 1:
        kind = 'Four levels are those of a P6 network, and the decode plugin takes three. '
    elif len(layers) > NUM_LEVELS:
        kind = (
            'Networks without anchors (YOLOv8, YOLO11) and such with masks or key points have '
            'more than three. '
        )
    return (
        f'the last layers before the outputs {", ".join(graph.output_names)} must be three '
        f'convolutions, one for each level, but are\n' + '\n'.join(lines or ['  none']) + '\n'
        f'{kind}Name three with --heads, or build the network with the decoding it has with '
        '--no-plugin'
    )


def _num_channels(graph: OnnxGraph, node: onnx.NodeProto) -> int | None:
    """Return the output channels of a convolution, whose weights may be cast or quantised."""
    name = node.input[1] if len(node.input) > 1 else ''
    while name and name not in graph.weights:
        maker = graph.maker(name)
        name = maker.input[0] if maker is not None and maker.input else ''
    return graph.weights[name].dims[0] if name and node.op_type == 'Conv' else None


def _short_name(graph: OnnxGraph, tensor: str) -> str:
    """Return the name of the node that makes a tensor where it is unique, else the tensor's."""
    node = graph.maker(tensor)
    if node is None or not node.name or graph.has_tensor(node.name):
        return tensor
    is_unique = sum(other.name == node.name for other in graph.nodes) == 1
    return node.name if is_unique and node.output[0] == tensor else tensor


def _named_tensor(graph: OnnxGraph, name: str) -> str:
    if graph.has_tensor(name):
        return name
    nodes = [node for node in graph.nodes if node.name == name]
    if len(nodes) == 1:
        return str(nodes[0].output[0])
    if nodes:
        raise GraphError(
            f'--heads names {name!r}, which {len(nodes)} nodes are called; '
            f'give a tensor instead: {", ".join(node.output[0] for node in nodes[:4])}'
        )
    known = [node.name for node in graph.nodes] + [
        item for node in graph.nodes for item in node.output
    ]
    near = ', '.join(get_close_matches(name, dict.fromkeys(filter(None, known)), cutoff=0.5))
    raise GraphError(
        f'--heads names {name!r}, but no node or tensor is called so; '
        + (f'similar names are {near}' if near else 'see the names with a viewer such as Netron')
    )
