# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run a network once and look at its heads: their sizes, their values, what is decoded of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.core.heads import ANCHORS_PER_CELL
from yolotrt_ros.trt.decode_fit import TOLERANCES
from yolotrt_ros.trt.head_match import find_heads, HeadTensor, LAYER_OPS
from yolotrt_ros.trt.onnx_graph import OnnxGraph, SIZE_OPS
from yolotrt_ros.trt.onnx_run import random_images, run_model

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class Decoded:
    """
    An output of the network that holds decoded boxes.

    :param name: the output.
    :param values: ``(B, A, 5+nc)``, on the images of the probe.
    :param dtype: the coarsest type on the way from the heads to it.
    :param constants: the constants on that way.
    """

    name: str
    values: NDArray[Any]
    dtype: np.dtype[Any]
    constants: list[NDArray[Any]]


@dataclass(frozen=True)
class HeadProbe:
    """
    The three heads of a network and what they hold on one batch of images.

    :param images: ``(B, 3, H, W)``, the input of the run.
    :param heads: where they end, finest level first.
    :param values: for each head ``(B, 3*(5+nc), H, W)``, float32 or float16.
    :param strides: network pixels between neighbouring cells of each level.
    :param decoded: the output decoded from them, None where there is none to compare with.
    :param obstacles: why which outputs were not taken for decoded ones.
    """

    images: NDArray[np.floating]
    heads: tuple[HeadTensor, ...]
    values: tuple[NDArray[Any], ...]
    strides: tuple[int, ...]
    decoded: Decoded | None
    obstacles: str

    @property
    def image_wh(self) -> tuple[int, int]:
        """Width and height of the images, network pixels."""
        return self.images.shape[3], self.images.shape[2]

    @property
    def num_classes(self) -> int:
        """The number of class scores."""
        return int(self.values[0].shape[1]) // ANCHORS_PER_CELL - 5


def probe_heads(graph: OnnxGraph, names: Sequence[str], rng: np.random.Generator) -> HeadProbe:
    """
    Find the heads of a network and run it on random images.

    :param names: nodes or tensors of the three convolutions; empty to find them.
    :raises GraphError: they are not found, or are no heads of YOLOv5.
    """
    heads = find_heads(graph, names)
    tensors = [head.tensor for head in heads]
    routes = {output: _route(graph, tensors, output) for output in graph.output_names}
    obstacles = {output: _obstacle(route, tensors) for output, route in routes.items()}
    outputs = [output for output, obstacle in obstacles.items() if not obstacle]
    images = random_images(graph.input_shape, graph.input_dtype, rng)
    model = graph.shorten(list(dict.fromkeys([*tensors, *outputs])))
    run = run_model(model, {graph.input.name: images})
    _check_heads(heads, [run[name] for name in tensors])
    heads = tuple(sorted(heads, key=lambda head: -run[head.tensor].shape[2]))
    values = tuple(run[head.tensor] for head in heads)
    decoded, clear = None, [name for name in outputs if run[name].shape == _decoded_shape(values)]
    if clear:
        decoded = _decoded(graph, routes[clear[0]], clear[0], run, values)
    obstacles |= {
        name: f'has the shape {list(run[name].shape)} instead of {list(_decoded_shape(values))}'
        for name in outputs
        if name not in clear
    }
    reasons = '; '.join(f'{name} {reason}' for name, reason in obstacles.items() if reason)
    return HeadProbe(images, heads, values, _strides(heads, values, images), decoded, reasons)


def _decoded_shape(values: Sequence[NDArray[Any]]) -> tuple[int, ...]:
    num_rows = sum(ANCHORS_PER_CELL * value[0, 0].size for value in values)
    batch, channels = values[0].shape[:2]
    return batch, num_rows, channels // ANCHORS_PER_CELL


def _decoded(
    graph: OnnxGraph,
    route: Sequence[onnx.NodeProto],
    name: str,
    run: Mapping[str, NDArray[Any]],
    values: Sequence[NDArray[Any]],
) -> Decoded:
    constants = graph.constants_of(route)
    types = {item.dtype for item in [run[name], *values, *constants]}
    dtype = np.float16 if np.dtype(np.float16) in types else np.float32
    return Decoded(name, run[name], np.dtype(dtype), constants)


def _route(graph: OnnxGraph, tensors: Sequence[str], output: str) -> list[onnx.NodeProto]:
    """List the nodes between the heads, which are included, and an output."""
    return graph.before(
        [output],
        lambda node: node.op_type in SIZE_OPS or not set(tensors).isdisjoint(node.output),
    )


def _obstacle(route: Sequence[onnx.NodeProto], tensors: Sequence[str]) -> str:
    """
    Say why an output cannot show how exactly the heads are decoded; nothing where it may.

    It must come from all of them and from nothing else, through operators that ONNX Runtime
    knows. Where the decoding itself is quantised its boxes are too coarse to compare with.
    """
    from onnx import defs

    made = {name for node in route for name in node.output}
    if not made.issuperset(tensors):
        return 'does not come from all three heads'
    for node in route:
        is_between = set(tensors).isdisjoint(node.output)
        if is_between and (
            node.op_type in LAYER_OPS | {'QuantizeLinear'}
            or not defs.has(node.op_type, node.domain)
        ):
            return f'is reached through {node.op_type} {node.name or node.output[0]}'
    return ''


def _check_heads(heads: Sequence[HeadTensor], values: Sequence[NDArray[Any]]) -> None:
    found = '; '.join(
        f'{head.name} {list(value.shape)} {value.dtype}'
        for head, value in zip(heads, values, strict=True)
    )
    channels = {value.shape[1] if value.ndim == 4 else 0 for value in values}
    values_per_anchor, remainder = divmod(channels.pop(), ANCHORS_PER_CELL)
    if channels or remainder or values_per_anchor <= 5:
        raise GraphError(
            'the three heads of YOLOv5 have the shape [B, 3*(5+nc), H, W] with nc of 1 or more, '
            f'the same for all, but the convolutions before the outputs give {found}; name other '
            'ones with --heads, or build the network with the decoding it has with --no-plugin'
        )
    dtypes = {value.dtype for value in values}
    if len(dtypes) > 1 or not dtypes <= set(TOLERANCES):
        raise GraphError(
            f'the three heads must all be float32 or all float16, but are {found}; '
            'export the network in one of these'
        )


def _strides(
    heads: Sequence[HeadTensor], values: Sequence[NDArray[Any]], images: NDArray[Any]
) -> tuple[int, ...]:
    height, width = images.shape[2:]
    strides = tuple(height // value.shape[2] for value in values)
    exact = [
        value.shape[2:] == (height // stride, width // stride) and height % stride == 0
        for value, stride in zip(values, strides, strict=True)
    ]
    if not all(exact) or len(set(strides)) != len(strides):
        found = '; '.join(
            f'{head.name} {list(value.shape)}' for head, value in zip(heads, values, strict=True)
        )
        raise GraphError(
            f'the heads must divide the input of {width}x{height} pixels into cells of three '
            f'sizes, such as 8, 16 and 32 pixels, but their shapes are {found}; name other '
            'convolutions with --heads, or build the network with --no-plugin'
        )
    return strides
