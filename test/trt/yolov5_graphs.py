# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny networks with the detection part of YOLOv5, in the many forms that exporters give it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from test.networks import ANCHORS

onnx = pytest.importorskip('onnx')
helper, numpy_helper = onnx.helper, onnx.numpy_helper


@dataclass(frozen=True)
class Spec:
    """
    What a network is like.

    :param decoding: a name in ``yolov5_decodings.DECODINGS``; '' for one that ends in its heads.
    :param raw: the heads among the outputs: none, '4d', '5d' or 'sigmoid'.
    :param head: the form of a detection convolution: 'conv', 'add' (its bias is a node of its
        own), 'quantised', 'transposed' (to NHWC), 'sigmoid' or 'composed' (a sigmoid before the
        Reshape, the latter in four nodes).
    :param is_dynamic: whether batch, height and width are open.
    :param order: the levels in the order of rows and outputs.
    :param dtype: of weights and computation; ``io_dtype`` of input and outputs.
    """

    decoding: str = 'split'
    raw: str = ''
    head: str = 'conv'
    num_classes: int = 3
    num_masks: int = 0
    anchors: np.ndarray = field(default_factory=lambda: ANCHORS)
    strides: tuple[int, ...] = (8, 16, 32)
    network_wh: tuple[int, int] = (160, 96)
    batch: int = 1
    is_dynamic: bool = False
    order: tuple[int, ...] = (0, 1, 2)
    dtype: type = np.float32
    io_dtype: type | None = None
    opset: int = 13
    ir_version: int = 8
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Values of one anchor."""
        return 5 + self.num_classes + self.num_masks

    def cells(self, level: int) -> tuple[int, int]:
        """Columns and rows of a level, of a network of fixed size."""
        columns, rows = (side // self.strides[level] for side in self.network_wh)
        return columns, rows


class Graph:
    """Collects nodes and constants; each method returns the name of the tensor it makes."""

    def __init__(self, spec: Spec, rng: np.random.Generator) -> None:
        self.spec, self.rng = spec, rng
        self.nodes, self.constants = [], {}

    def add(self, op, *inputs, num_outputs=1, **attributes):
        index = len(self.nodes)
        names = [f'{op.lower()}{index}_{number}' for number in range(num_outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f'/{op}_{index}', **attributes))
        return names[0] if num_outputs == 1 else names

    def const(self, value, dtype=None):
        """Make a constant: an initializer or a node, in turns, for exporters make both."""
        array = np.asarray(value, self.spec.dtype if dtype is None else dtype)
        if len(self.nodes) % 2:
            return self.add('Constant', value=numpy_helper.from_array(array))
        name = f'constant{len(self.constants)}'
        self.constants[name] = array
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def cast(self, tensor, dtype):
        return self.add('Cast', tensor, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def features(self, images):
        """Yield the input of each detection convolution, 8 channels."""
        source, channels, stride = images, 3, 1
        for level_stride in self.spec.strides:
            side = level_stride // stride
            scale = 3 / np.sqrt(channels * side * side)
            kernel = self.const(self.rng.normal(0, scale, (8, channels, side, side)))
            convolved = self.add('Conv', source, kernel, strides=[side, side])
            source = self.add('Mul', convolved, self.add('Sigmoid', convolved))
            channels, stride = 8, level_stride
            yield source

    def head(self, features):
        """Add a detection convolution; returns the tensor before it is reshaped."""
        form, channels = self.spec.head, 3 * self.spec.width
        kernel = self.rng.normal(0, 1, (channels, 8, 1, 1))
        bias = self.rng.normal(0, 1, channels)
        if form == 'quantised':
            integers = self.const(np.clip(kernel / 0.02, -127, 127).round(), np.int8)
            step, zero = self.const(0.02), self.const(0, np.int8)
            weights = self.add('DequantizeLinear', integers, step, zero)
            convolved = self.add('Conv', self.quantised(features, 0.05), weights)
            biased = self.add('Add', convolved, self.const(bias.reshape(1, -1, 1, 1)))
            return self.quantised(biased, 0.08)
        if form == 'add':
            convolved = self.add('Conv', features, self.const(kernel))
            return self.add('Add', convolved, self.const(bias.reshape(1, -1, 1, 1)))
        convolved = self.add('Conv', features, self.const(kernel), self.const(bias))
        if form in ('sigmoid', 'composed'):
            return self.sigmoid(convolved, form == 'composed')
        return convolved

    def sigmoid(self, tensor, is_composed=False):
        if not is_composed:
            return self.add('Sigmoid', tensor)
        one = self.const(1)
        return self.add('Div', one, self.add('Add', one, self.add('Exp', self.add('Neg', tensor))))

    def quantised(self, tensor, step):
        scale, zero = self.const(step), self.const(0, np.int8)
        integers = self.add('QuantizeLinear', tensor, scale, zero)
        return self.add('DequantizeLinear', integers, scale, zero)

    def per_anchor(self, head, level):
        """Reshape ``[B, 3*width, H, W]`` to ``[B, 3, H, W, width]``."""
        spec = self.spec
        if spec.head == 'transposed':
            rows = self.add('Transpose', head, perm=[0, 2, 3, 1])
            split = self.add('Reshape', rows, self.ints(0, 0, 0, 3, spec.width))
            return self.add('Transpose', split, perm=[0, 3, 1, 2, 4])
        if spec.is_dynamic:
            shape = self.add('Concat', self.ints(-1, 3, spec.width), *self.sizes(head), axis=0)
        else:
            columns, rows = spec.cells(level)
            shape = self.ints(spec.batch, 3, spec.width, rows, columns)
        split = self.add('Reshape', head, shape)
        return self.add('Transpose', split, perm=[0, 1, 3, 4, 2])

    def sizes(self, tensor):
        """Return axes 2 and 3 of a tensor's shape, one element each."""
        shape = self.add('Shape', tensor)
        return [self.add('Gather', shape, self.ints(axis), axis=0) for axis in (2, 3)]

    def grid(self, cells, level, offset):
        """Return the cell of each value plus an offset, ``[1, 1, H, W, 2]``."""
        if not self.spec.is_dynamic:
            columns, rows = map(np.arange, self.spec.cells(level))
            xy = np.stack(np.meshgrid(columns, rows), axis=-1)
            return self.const(xy[np.newaxis, np.newaxis] + offset)
        ramps = []
        for size in self.sizes(cells):
            limit = self.add('Reshape', size, self.ints())
            first, step = self.const(0, np.int64), self.const(1, np.int64)
            ramps.append(self.cast(self.add('Range', first, limit, step), self.spec.dtype))
        y = self.add('Reshape', ramps[0], self.ints(1, 1, -1, 1, 1))
        x = self.add('Reshape', ramps[1], self.ints(1, 1, 1, -1, 1))
        nothing = self.const(0)
        x_everywhere = self.add('Add', x, self.add('Mul', y, nothing))
        y_everywhere = self.add('Add', y, self.add('Mul', x, nothing))
        xy = self.add('Concat', x_everywhere, y_everywhere, axis=4)
        return self.add('Add', xy, self.const(offset))

    def slice(self, tensor, start, end):
        return self.add('Slice', tensor, self.ints(start), self.ints(end), self.ints(4))

    def anchor_grid(self, level, factor=1.0):
        return self.const(factor * self.spec.anchors[level].reshape(1, 3, 1, 1, 2))

    def result(self, tensor):
        """Name an output, in the type that outputs have."""
        spec = self.spec
        is_cast = spec.io_dtype is not None
        return self.cast(tensor, spec.io_dtype) if is_cast else self.add('Identity', tensor)

    def save(self, path: Path, outputs) -> Path:
        spec = self.spec
        io_dtype = np.dtype(spec.io_dtype or spec.dtype)
        kind = helper.np_dtype_to_tensor_dtype(io_dtype)
        width, height = spec.network_wh
        fixed = (spec.batch, 3, height, width)
        shape = ('batch', 3, 'height', 'width') if spec.is_dynamic else fixed
        graph = helper.make_graph(
            self.nodes,
            'tiny',
            [helper.make_tensor_value_info('images', kind, shape)],
            [helper.make_tensor_value_info(name, kind, None) for name in outputs],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', spec.opset)])
        model.ir_version = spec.ir_version
        helper.set_model_props(model, dict(spec.metadata))
        onnx.save(model, str(path))
        return path
