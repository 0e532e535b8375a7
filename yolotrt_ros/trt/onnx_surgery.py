# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Make a YOLOv5 network end in its three heads, and the decode plugin take them from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.anchor_choice import choose_anchors, measure_anchors
from yolotrt_ros.trt.decode_probe import probe_decoding
from yolotrt_ros.trt.head_cut import cut_at_heads
from yolotrt_ros.trt.head_probe import HeadProbe, probe_heads
from yolotrt_ros.trt.onnx_file import about, read_model
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_metadata import OnnxMetadata
from yolotrt_ros.trt.yolo_node import YoloNode

if TYPE_CHECKING:
    import onnx

DEFAULT_SCORE_THRESHOLD = 0.01
"""Low enough to measure accuracy with, and high enough to drop nearly every candidate."""

NUM_ANCHOR_SIDES = 18
MAX_ANCHOR_PX = 1e5
PROBE_SEED = 1


@dataclass(frozen=True)
class HeadGraph:
    """
    What was found in a network.

    :param input_shape: [B, 3, H, W]; a size that the network leaves open is a name.
    :param strides: network pixels between neighbouring cells, finest level first.
    :param anchors: float32 ``(3, 3, 2)``, width and height in network pixels, finest level first.
    :param class_names: the names in the file's metadata, none where it has none.
    :param nodes: the three detection convolutions, finest level first, by names that
        ``prepare`` takes as ``heads``.
    """

    input_name: str
    input_shape: tuple[int | str, ...]
    num_classes: int
    strides: tuple[int, int, int]
    anchors: NDArray[np.float32]
    class_names: tuple[str, ...]
    nodes: tuple[str, str, str]


@dataclass(frozen=True)
class Prepared:
    """
    A network in two forms.

    :param heads: what was found in the original.
    :param cut: ends in p3, p4 and p5 after their sigmoid; the form to quantise and calibrate.
    :param model: ``cut`` with ``YoloLayer_TRT`` behind it; the form to build an engine from.
    """

    heads: HeadGraph
    cut: onnx.ModelProto
    model: onnx.ModelProto


def prepare(
    onnx_path: Path,
    *,
    heads: Sequence[str] = (),
    anchors: Sequence[float] = (),
    strides: Sequence[int] = (),
    score_threshold: float = DEFAULT_SCORE_THRESHOLD,
) -> Prepared:
    """
    Cut a YOLOv5 network at its heads and append the node of the decode plugin.

    The network is run once in ONNX Runtime. What it decodes there says which anchors it has;
    numbers given by hand or in the metadata must agree with that.

    :param onnx_path: a network with decoded output, or one that ends in three heads.
    :param heads: nodes or tensors of the three convolutions; empty to find them.
    :param anchors: 18 widths and heights in network pixels, finest level first; empty to find.
    :param strides: three pixel distances, finest level first; empty to find.
    :param score_threshold: what the plugin drops, before the suppression of overlaps.
    :raises GraphError: the file or its graph does not fit, or numbers contradict each other.
    :raises BackendError: onnx or ONNX Runtime is not installed.
    """
    _check_numbers(anchors, strides, score_threshold)
    with about(onnx_path):
        graph = OnnxGraph(read_model(onnx_path))
        _check_threshold(graph.model, score_threshold)
        rng = np.random.default_rng(PROBE_SEED)
        probe = probe_heads(graph, heads, rng)
        measured = measure_anchors(probe, probe_decoding(graph, probe, rng))
        found = _describe(graph, probe, measured, anchors, strides)
        cut = cut_at_heads(graph, probe, found.anchors)
    node = YoloNode(max(found.strides), found.num_classes, found.anchors, score_threshold)
    return Prepared(found, cut, node.appended_to(cut))


def is_quantized(model: onnx.ModelProto) -> bool:
    """Tell whether a network says itself where it computes in integers."""
    return any(node.op_type == 'QuantizeLinear' for node in model.graph.node)


def _describe(
    graph: OnnxGraph,
    probe: HeadProbe,
    measured: NDArray[np.float32] | None,
    anchors: Sequence[float],
    strides: Sequence[int],
) -> HeadGraph:
    metadata = OnnxMetadata(graph.model)
    fine, middle, coarse = probe.heads
    _check_strides(probe, strides, metadata)
    return HeadGraph(
        input_name=graph.input.name,
        input_shape=graph.input_shape,
        num_classes=probe.num_classes,
        strides=(probe.strides[0], probe.strides[1], probe.strides[2]),
        anchors=choose_anchors(probe, measured, *_told_anchors(anchors, graph.model, metadata)),
        class_names=metadata.class_names(probe.num_classes),
        nodes=(fine.name, middle.name, coarse.name),
    )


def _told_anchors(
    given: Sequence[float], model: onnx.ModelProto, metadata: OnnxMetadata
) -> tuple[NDArray[np.float32] | None, str]:
    """Return the anchors that somebody wrote down, and where."""
    if len(given):
        return np.asarray(given, np.float32).reshape(3, 3, 2), 'option --anchors'
    if node := YoloNode.of(model):
        return node.anchors, 'node YoloLayer_TRT'
    return metadata.anchors(), "metadata entry 'anchors'"


def _check_threshold(model: onnx.ModelProto, score_threshold: float) -> None:
    """Refuse to change the threshold of a network that was prepared before."""
    node = YoloNode.of(model)
    if node and not np.isclose(node.score_threshold, score_threshold):
        raise GraphError(
            f'already ends in a YoloLayer_TRT that drops scores below {node.score_threshold:g}, '
            f'but {score_threshold:g} is asked for; give --score-threshold '
            f'{node.score_threshold:g}, or the network that it was made from'
        )


def _check_strides(probe: HeadProbe, given: Sequence[int], metadata: OnnxMetadata) -> None:
    told, source = tuple(given), 'option --strides'
    if not told:
        told, source = metadata.strides(), "metadata entry 'stride'"
    # Exporters of YOLOv5 write the largest alone.
    if told and told not in (probe.strides, probe.strides[-1:]):
        shapes = ', '.join(
            f'{head.name} {list(value.shape)}'
            for head, value in zip(probe.heads, probe.values, strict=True)
        )
        raise GraphError(
            f'has the strides {list(probe.strides)}, as the heads {shapes} show on images of '
            f'{probe.image_wh[0]}x{probe.image_wh[1]} pixels, but the {source} says '
            f'{list(told)}; correct or remove the latter'
        )


def _check_numbers(
    anchors: Sequence[float], strides: Sequence[int], score_threshold: float
) -> None:
    sides = np.asarray(anchors, np.float64)
    if sides.size not in (0, NUM_ANCHOR_SIDES):
        raise GraphError(
            f'--anchors must be {NUM_ANCHOR_SIDES} numbers, width and height of three anchors '
            f'for each of three levels, finest first, but {sides.size} came'
        )
    if not ((sides > 0) & (sides < MAX_ANCHOR_PX)).all():
        raise GraphError(
            f'--anchors must be widths and heights in pixels, above 0, but are {sides.tolist()}'
        )
    if len(strides) and (len(strides) != 3 or sorted({*strides}) != list(strides)):
        raise GraphError(
            '--strides must be three rising numbers of pixels, such as 8 16 32, '
            f'but are {list(strides)}'
        )
    if not 0 <= score_threshold <= 1:
        raise GraphError(f'--score-threshold must be between 0 and 1, but is {score_threshold}')
