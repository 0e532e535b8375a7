# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny ONNX networks made on the fly, so that no binary file lives in the repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip('onnx')
helper, numpy_helper = onnx.helper, onnx.numpy_helper

OPSET = 13
IR_VERSION = 8  # old enough for the ONNX Runtime of every supported system
STRIDES = (8, 16, 32)
ANCHORS_PER_CELL = 3
# YOLOv5's own anchors for COCO (models/yolov5n.yaml), width and height, finest level first.
ANCHORS = np.array(
    [
        [[10, 13], [16, 30], [33, 23]],
        [[30, 61], [62, 45], [59, 119]],
        [[116, 90], [156, 198], [373, 326]],
    ],
    np.float32,
)


def save(
    path: Path,
    nodes: Sequence,
    constants: Mapping[str, np.ndarray],
    outputs: Sequence[str],
    *,
    input_shape: Sequence[int | str] | None = (1, 3, 64, 64),
    dtype: type = np.float32,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """
    Write a network with the input ``images``.

    :param input_shape: a string leaves a dimension open; None makes a network without input.
    """
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = [] if input_shape is None else [('images', input_shape)]
    graph = helper.make_graph(
        list(nodes),
        'tiny',
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)])
    model.ir_version = IR_VERSION
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))
    return path


def brightness_network(
    path: Path,
    outputs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    dtype: type = np.float32,
    **details,
) -> Path:
    """
    Write a network that puts out ``table + mask * b`` with b the mean of each image.

    What it sees is therefore known without running it, and differs between images of a batch.

    :param outputs: name to table and mask, both without the batch.
    """
    nodes = [helper.make_node('ReduceMean', ['images'], ['mean'], axes=[1, 2, 3], keepdims=1)]
    constants = {}
    for name, (table, mask) in outputs.items():
        constants[f'{name}_table'] = table[np.newaxis].astype(dtype)
        constants[f'{name}_mask'] = mask[np.newaxis].astype(dtype)
        shape = np.array([-1, *[1] * table.ndim], np.int64)
        constants[f'{name}_shape'] = shape
        nodes += [
            helper.make_node('Reshape', ['mean', f'{name}_shape'], [f'{name}_mean']),
            helper.make_node('Mul', [f'{name}_mask', f'{name}_mean'], [f'{name}_varying']),
            helper.make_node('Add', [f'{name}_table', f'{name}_varying'], [name]),
        ]
    return save(path, nodes, constants, list(outputs), dtype=dtype, **details)


def yolov5_table(
    rows: Sequence[Sequence[float]], *, num_classes: int = 3, num_anchors: int = 252
) -> np.ndarray:
    """
    Return a YOLOv5 output ``(A, 5+nc)`` without objects but for the rows given.

    The 252 anchors are those of an input of 64x64 pixels.
    """
    table = np.zeros((num_anchors, 5 + num_classes), np.float32)
    table[:, 2:4] = 8
    for index, row in enumerate(rows):
        table[index * 7 % num_anchors] = row
    return table


def objectness_mask(table: np.ndarray) -> np.ndarray:
    """Let the brightness of the image be the objectness of every row that has none but a class."""
    mask = np.zeros_like(table)
    mask[(table[:, 4] == 0) & (table[:, 5:].max(axis=1) > 0), 4] = 1
    return mask


@dataclass(frozen=True)
class HeadWeights:
    """
    Random weights of a network with one 1x1 convolution a level.

    :param kernels: for each level float32 ``(3*(5+nc), 3, 1, 1)``.
    :param biases: for each level float32 ``(3*(5+nc),)``.
    """

    kernels: list[np.ndarray]
    biases: list[np.ndarray]

    @classmethod
    def random(cls, rng: np.random.Generator, num_classes: int) -> 'HeadWeights':
        channels = ANCHORS_PER_CELL * (5 + num_classes)
        return cls(
            [rng.normal(0, 3, (channels, 3, 1, 1)).astype(np.float32) for _ in STRIDES],
            [rng.normal(0, 1, channels).astype(np.float32) for _ in STRIDES],
        )


def raw_heads_network(
    path: Path,
    weights: HeadWeights,
    *,
    has_sigmoid: bool,
    order: Sequence[int] = (0, 1, 2),
    dtype: type = np.float32,
    **details,
) -> Path:
    """
    Write a network that puts out the three heads before their decoding.

    It takes any batch and size: each level is the mean colour of its cells times a matrix.

    :param order: the levels in the order of the outputs.
    """
    nodes, constants = _heads(weights, dtype, has_sigmoid)
    outputs = [f'head{level}' for level in order]
    details.setdefault('input_shape', ('batch', 3, 'height', 'width'))
    return save(path, nodes, constants, outputs, dtype=dtype, **details)


def decoded_heads_network(
    path: Path, weights: HeadWeights, network_wh: tuple[int, int], **details
) -> Path:
    """Write the network of ``raw_heads_network`` with YOLOv5's decoding as a part of it."""
    nodes, constants = _heads(weights, np.float32, True)
    width, height = network_wh
    values_per_anchor = weights.biases[0].size // ANCHORS_PER_CELL
    for level, stride in enumerate(STRIDES):
        rows, columns = height // stride, width // stride
        # Both box formulas are parabolas in the sigmoid s: square*s**2 + linear*s + offset.
        shape = (1, ANCHORS_PER_CELL, rows, columns, values_per_anchor)
        square, linear, offset = np.zeros(shape), np.ones(shape), np.zeros(shape)
        square[..., 2:4] = 4 * ANCHORS[level].reshape(1, ANCHORS_PER_CELL, 1, 1, 2)
        linear[..., :2], linear[..., 2:4] = 2 * stride, 0
        offset[..., 0] = (np.arange(columns) - 0.5) * stride
        offset[..., 1] = (np.arange(rows)[:, np.newaxis] - 0.5) * stride
        for name, value in (('square', square), ('linear', linear), ('offset', offset)):
            constants[f'{name}{level}'] = value.astype(np.float32)
        constants[f'split{level}'] = np.array(
            [-1, ANCHORS_PER_CELL, values_per_anchor, rows, columns], np.int64
        )
        constants['rows'] = np.array([0, -1, values_per_anchor], np.int64)
        nodes += [
            helper.make_node('Reshape', [f'head{level}', f'split{level}'], [f'cells{level}']),
            helper.make_node('Transpose', [f'cells{level}'], [f's{level}'], perm=[0, 1, 3, 4, 2]),
            helper.make_node('Mul', [f's{level}', f'square{level}'], [f'a{level}']),
            helper.make_node('Add', [f'a{level}', f'linear{level}'], [f'b{level}']),
            helper.make_node('Mul', [f's{level}', f'b{level}'], [f'c{level}']),
            helper.make_node('Add', [f'c{level}', f'offset{level}'], [f'd{level}']),
            helper.make_node('Reshape', [f'd{level}', 'rows'], [f'rows{level}']),
        ]
    rows = [f'rows{level}' for level in range(len(STRIDES))]
    nodes.append(helper.make_node('Concat', rows, ['output0'], axis=1))
    details.setdefault('input_shape', ('batch', 3, height, width))
    return save(path, nodes, constants, ['output0'], **details)


def nms_network(path: Path, iou_threshold: float, max_per_class: int) -> Path:
    """Write ONNX's NonMaxSuppression alone: inputs ``boxes`` and ``scores``, output ``kept``."""
    node = helper.make_node(
        'NonMaxSuppression', ['boxes', 'scores', 'max', 'iou', 'score'], ['kept']
    )
    constants = {
        'max': np.array([max_per_class], np.int64),
        'iou': np.array([iou_threshold], np.float32),
        'score': np.array([0], np.float32),
    }
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [node],
        'nms',
        [
            helper.make_tensor_value_info('boxes', floats, (1, 'rows', 4)),
            helper.make_tensor_value_info('scores', floats, (1, 'classes', 'rows')),
        ],
        [helper.make_tensor_value_info('kept', onnx.TensorProto.INT64, ('kept', 3))],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)])
    model.ir_version = IR_VERSION
    onnx.save(model, str(path))
    return path


def _heads(weights: HeadWeights, dtype: type, has_sigmoid: bool) -> tuple[list, dict]:
    nodes, constants = [], {}
    for level, stride in enumerate(STRIDES):
        constants[f'kernel{level}'] = weights.kernels[level].astype(dtype)
        constants[f'bias{level}'] = weights.biases[level].astype(dtype)
        convolved = f'logits{level}' if has_sigmoid else f'head{level}'
        sides = [stride, stride]
        nodes += [
            helper.make_node(
                'AveragePool', ['images'], [f'mean{level}'], kernel_shape=sides, strides=sides
            ),
            helper.make_node(
                'Conv', [f'mean{level}', f'kernel{level}', f'bias{level}'], [convolved]
            ),
        ]
        if has_sigmoid:
            nodes.append(helper.make_node('Sigmoid', [convolved], [f'head{level}']))
    return nodes, constants
