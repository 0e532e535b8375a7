# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tensors between the layers of an ONNX network: their names, and how they come about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.tools.layer_agreement_networks import Image
from yolotrt_ros.trt.onnx_file import about, node_inputs, read_model
from yolotrt_ros.trt.onnx_graph import OnnxGraph, SIZE_OPS

if TYPE_CHECKING:
    import onnx

SIGNATURE_DEPTH = 3
"""Operators before a tensor that must be the same for it to be the same tensor."""
_TRANSPARENT = frozenset({'Cast', 'Identity'})


class OnnxLayers:
    """
    Every tensor that an ONNX network computes from its image.

    :param path: the network.
    :param batch: pictures in its input, where it leaves that open.
    :ivar batch: pictures in its input.
    :ivar names: the tensors in the order of execution.
    :raises GraphError: the file cannot be read.
    """

    def __init__(self, path: Path, batch: int = 1) -> None:
        self.path = path
        with about(path):
            self.graph = OnnxGraph(read_model(path))
        fixed = self.graph.input_shape[0]
        self.batch = fixed if isinstance(fixed, int) else batch
        self.names = [name for node in _image_nodes(self.graph) for name in node.output if name]
        self._known = {*self.names, self.graph.input.name}

    def inputs_for(self, image: Image) -> dict[str, NDArray[Any]]:
        """Return name and value of the network's input: copies of the image."""
        batch = np.repeat(image[np.newaxis], self.batch, axis=0)
        return {self.graph.input.name: batch.astype(self.graph.input_dtype)}

    def signature(self, name: str, depth: int = SIGNATURE_DEPTH) -> str:
        """Describe a tensor by the operators that it last went through."""
        node = self.graph.maker(name)
        if node is None or name not in self._known:
            return ''
        inner = [item for item in node_inputs(node) if item in self._known]
        if node.op_type in _TRANSPARENT:
            return self.signature(inner[0], depth)
        before = ','.join(self.signature(item, depth - 1) for item in inner) if depth else '…'
        return f'{node.op_type}.{list(node.output).index(name)}({before})'


def only_floats(values: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Leave out what holds no floats: indices, masks, sizes."""
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)
    }


def _image_nodes(graph: OnnxGraph) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that compute something from what the image holds."""
    seen = {graph.input.name}
    for node in graph.nodes:
        if node.op_type not in SIZE_OPS and seen.intersection(node_inputs(node)):
            seen.update(node.output)
            yield node
