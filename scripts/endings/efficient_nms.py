# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's EfficientNMS_TRT behind a network that decodes its boxes itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TYPE_CHECKING

import numpy as np

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.core.heads import HeadLayout, recognise
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_run import run_model

if TYPE_CHECKING:
    import onnx

OP_TYPE, PLUGIN_VERSION = 'EfficientNMS_TRT', '1'
BOXES, SCORES = 'efficient_nms/boxes', 'efficient_nms/scores'
OUTPUTS = ('num_detections', 'detection_boxes', 'detection_scores', 'detection_classes')
CENTER_SIZE_CODING = 1
NO_BACKGROUND_CLASS = -1
MIN_OPSET = 10  # Slice takes its bounds as inputs from here on


@dataclass(frozen=True)
class DecodedOutput:
    """
    The output ``[B, A, 5+nc]`` of a network.

    :param layout: of YOLOv5, with the output's name.
    :param num_rows: A.
    :param dtype: float32 or float16.
    """

    layout: HeadLayout
    num_rows: int
    dtype: np.dtype[Any]

    @property
    def name(self) -> str:
        """The tensor."""
        return self.layout.output_names[0]


def find_decoded(model: onnx.ModelProto, network_wh: tuple[int, int]) -> DecodedOutput:
    """
    Run a network once in ONNX Runtime to see which of its outputs is the decoded one.

    :param model: as ``onnx_file.read_model`` returns it, with a ``Head.YOLOV5``.
    :raises ModelError: its outputs have no known layout.
    """
    graph = OnnxGraph(model)
    batch = graph.input_shape[0] if isinstance(graph.input_shape[0], int) else 1
    grey = np.full((batch, 3, *reversed(network_wh)), 0.5, graph.input_dtype)
    outputs = run_model(model, {graph.input.name: grey})
    layout = recognise(outputs, network_wh)
    values = outputs[layout.output_names[0]]
    return DecodedOutput(layout, values.shape[1], values.dtype)


def with_scores(model: onnx.ModelProto, output: DecodedOutput) -> onnx.ModelProto:
    """
    Return a copy that ends in what EfficientNMS takes, which any runtime can compute.

    :returns: outputs ``BOXES`` ``[B, A, 4]``, cx cy w h in network pixels, and ``SCORES``
        ``[B, A, nc]``, objectness times class score.
    :raises GraphError: the network's opset is too old.
    """
    from onnx import helper

    _check_opset(model)
    graph = OnnxGraph(model)
    copy = graph.shorten([output.name])
    num_classes = output.layout.num_classes
    objectness, classes = 'efficient_nms/objectness', 'efficient_nms/classes'
    for name, columns in ((BOXES, (0, 4)), (objectness, (4, 5)), (classes, (5, 5 + num_classes))):
        _append_slice(copy, output.name, name, columns)
    copy.graph.node.append(helper.make_node('Mul', [objectness, classes], [SCORES], name=SCORES))
    batch = graph.input_shape[0]
    shapes = {BOXES: (batch, output.num_rows, 4), SCORES: (batch, output.num_rows, num_classes)}
    kind = helper.np_dtype_to_tensor_dtype(output.dtype)
    _set_outputs(copy, [(name, kind, shape) for name, shape in shapes.items()])
    return copy


def with_efficient_nms(
    model: onnx.ModelProto, output: DecodedOutput, selection: Selection
) -> onnx.ModelProto:
    """
    Return a copy that ends in suppressed boxes.

    Unlike the decode plugin, EfficientNMS makes a candidate of every class of a box whose score
    reaches the threshold.

    :param selection: thresholds and the number of boxes, which are fixed in the graph.
    :raises GraphError: the network's opset is too old.
    """
    from onnx import helper, TensorProto

    copy = with_scores(model, output)
    node = helper.make_node(
        OP_TYPE,
        [BOXES, SCORES],
        list(OUTPUTS),
        name='EfficientNMS',
        score_threshold=float(selection.score_threshold),
        iou_threshold=float(selection.iou_threshold),
        max_output_boxes=int(selection.max_detections),
        background_class=NO_BACKGROUND_CLASS,
        score_activation=0,
        class_agnostic=int(selection.class_agnostic_nms),
        box_coding=CENTER_SIZE_CODING,
        plugin_version=PLUGIN_VERSION,
        plugin_namespace='',
    )
    copy.graph.node.append(node)
    batch, rows = OnnxGraph(model).input_shape[0], selection.max_detections
    shapes = ((batch, 1), (batch, rows, 4), (batch, rows), (batch, rows))
    floats = helper.np_dtype_to_tensor_dtype(output.dtype)
    kinds = (TensorProto.INT32, floats, floats, TensorProto.INT32)
    _set_outputs(copy, list(zip(OUTPUTS, kinds, shapes, strict=True)))
    return copy


def _append_slice(
    model: onnx.ModelProto, source: str, name: str, columns: tuple[int, int]
) -> None:
    from onnx import helper, numpy_helper

    bounds = {'begin': columns[0], 'end': columns[1], 'axis': 2}
    model.graph.initializer.extend(
        numpy_helper.from_array(np.array([value], np.int64), f'{name}/{bound}')
        for bound, value in bounds.items()
    )
    inputs = [source, *(f'{name}/{bound}' for bound in bounds)]
    model.graph.node.append(helper.make_node('Slice', inputs, [name], name=name))


def _set_outputs(
    model: onnx.ModelProto, outputs: Sequence[tuple[str, int, Sequence[int | str]]]
) -> None:
    from onnx import helper

    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(*output) for output in outputs)


def _check_opset(model: onnx.ModelProto) -> None:
    opset = max(
        (item.version for item in model.opset_import if item.domain in ('', 'ai.onnx')), default=1
    )
    if opset < MIN_OPSET:
        raise GraphError(
            f'the network has opset {opset}, but {OP_TYPE} is appended to {MIN_OPSET} and above; '
            'export it with opset 13'
        )
