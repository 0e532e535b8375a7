# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An ONNX graph with its edges: who makes a tensor, who reads it, what lies before it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.onnx_file import node_inputs

if TYPE_CHECKING:
    import onnx

SIZE_OPS = frozenset({'Shape', 'Size'})
"""These read how large a tensor is, not what it holds."""


class OnnxGraph:
    """
    The graph of a model that ``onnx_file.read_model`` returned; it is never changed.

    :raises GraphError: the network has another input than one batch of RGB images in floats.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes: list[onnx.NodeProto] = list(model.graph.node)
        self.output_names = [item.name for item in model.graph.output]
        self.weights = {tensor.name: tensor for tensor in model.graph.initializer}
        self._makers: dict[str, int] = {}
        self._readers: dict[str, list[int]] = {}
        for index, node in enumerate(self.nodes):
            self._makers.update((name, index) for name in node.output if name)
            for name in dict.fromkeys(node_inputs(node)):
                self._readers.setdefault(name, []).append(index)
        self.input = self._image_input()

    @property
    def input_shape(self) -> tuple[int | str, ...]:
        """The sizes of the input; an open one is a name."""
        return _shape(self.input)

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """The type of the input's values."""
        from onnx import helper

        kind = self.input.type.tensor_type.elem_type
        dtype: np.dtype[Any] = helper.tensor_dtype_to_np_dtype(kind)
        return dtype

    def has_tensor(self, name: str) -> bool:
        """Tell whether a node makes a tensor of this name."""
        return name in self._makers

    def maker(self, tensor: str) -> onnx.NodeProto | None:
        """Return the node that makes a tensor; None for inputs and weights."""
        index = self._makers.get(tensor)
        return None if index is None else self.nodes[index]

    def readers(self, tensor: str) -> list[onnx.NodeProto]:
        """Return the nodes that read what a tensor holds."""
        nodes = (self.nodes[index] for index in self._readers.get(tensor, ()))
        return [node for node in nodes if node.op_type not in SIZE_OPS]

    def before(
        self,
        tensors: Iterable[str],
        stop: Callable[[onnx.NodeProto], bool] = lambda node: False,
        given: Collection[str] = (),
    ) -> list[onnx.NodeProto]:
        """
        List the nodes that tensors are computed from, in the order of the graph.

        :param stop: nodes to list without what lies before them.
        :param given: tensors that need not be computed.
        """
        found: set[int] = set()
        waiting = list(tensors)
        while waiting:
            name = waiting.pop()
            index = self._makers.get(name)
            if index is None or index in found or name in given:
                continue
            found.add(index)
            if not stop(self.nodes[index]):
                waiting += node_inputs(self.nodes[index])
        return [self.nodes[index] for index in sorted(found)]

    def constants_of(self, nodes: Iterable[onnx.NodeProto]) -> list[NDArray[Any]]:
        """Return the constants that nodes read or are."""
        from onnx import numpy_helper

        tensors = []
        for node in nodes:
            tensors += [self.weights[name] for name in node_inputs(node) if name in self.weights]
            tensors += [item.t for item in node.attribute if item.HasField('t')]
        return [numpy_helper.to_array(tensor) for tensor in tensors]

    def shorten(
        self, outputs: Sequence[str], inputs: Sequence[onnx.ValueInfoProto] = ()
    ) -> onnx.ModelProto:
        """
        Return a copy of the model that ends in tensors of its own.

        What only other outputs need is left out, metadata stays.

        :param inputs: tensors that are given to the copy instead of being computed by it.
        """
        from onnx import ModelProto

        model = ModelProto()
        model.CopyFrom(self.model)
        nodes = self.before(outputs, given={item.name for item in inputs})
        made = {name for node in nodes for name in node.output}
        read = {name for node in nodes for name in node_inputs(node)} | set(outputs)
        graph = model.graph
        types = {item.name: item for item in [*graph.value_info, *graph.output]}
        ends = [types.get(name) or _untyped(name) for name in outputs]
        _refill(graph.output, ends)
        _refill(graph.node, nodes)
        graph.input.extend(inputs)
        _keep(graph.initializer, read)
        _keep(graph.value_info, made - set(outputs))
        _refill(
            graph.quantization_annotation,
            [item for item in graph.quantization_annotation if item.tensor_name in made | read],
        )
        return model

    def _image_input(self) -> onnx.ValueInfoProto:
        from onnx import TensorProto

        inputs = self.model.graph.input
        shapes = [_shape(item) for item in inputs]
        is_image = len(shapes) == 1 and len(shapes[0]) == 4
        if not is_image or not (shapes[0][1] == 3 or isinstance(shapes[0][1], str)):
            found = [f'{item.name} {list(_shape(item))}' for item in inputs]
            raise GraphError(
                'the network must have one input [B, 3, H, W], but its inputs are '
                f'{", ".join(found) or "none"}; export it for RGB images'
            )
        kind = inputs[0].type.tensor_type.elem_type
        if kind not in (TensorProto.FLOAT, TensorProto.FLOAT16):
            raise GraphError(
                f'the input {inputs[0].name} must be FLOAT or FLOAT16, but is '
                f'{TensorProto.DataType.Name(kind)}; export the network with a float input'
            )
        return inputs[0]


def _shape(item: onnx.ValueInfoProto) -> tuple[int | str, ...]:
    dims = item.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField('dim_value') else dim.dim_param for dim in dims)


def _untyped(name: str) -> onnx.ValueInfoProto:
    from onnx import ValueInfoProto

    return ValueInfoProto(name=name)


def _keep(field: Any, names: Collection[str]) -> None:  # noqa: ANN401
    _refill(field, [item for item in field if item.name in names])


def _refill(field: Any, items: Sequence[Any]) -> None:  # noqa: ANN401
    """Replace the items of a repeated field, some of which may be its own."""
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    del field[:]
    field.extend(copies)
