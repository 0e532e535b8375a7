# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node that stands for the decode plugin in an ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.core.heads import ANCHORS_PER_CELL, PLUGIN_OUTPUTS

if TYPE_CHECKING:
    import onnx

OP_TYPE = 'YoloLayer_TRT'
HEAD_NAMES = ('p3', 'p4', 'p5')


@dataclass(frozen=True)
class YoloNode:
    """
    The attributes of a ``YoloLayer_TRT``.

    :param max_stride: network pixels between neighbouring cells of p5; from it and the sizes of
        its inputs the plugin computes the other strides.
    :param anchors: float32 ``(3, 3, 2)``, width and height in network pixels, p3 to p5.
    :param score_threshold: lowest objectness, and lowest score, of a candidate that comes out.
    """

    max_stride: int
    num_classes: int
    anchors: NDArray[np.float32]
    score_threshold: float

    @classmethod
    def of(cls, model: onnx.ModelProto) -> YoloNode | None:
        """
        Read the attributes from the node of this kind in a model; None where it has none.

        :raises GraphError: it is a node of another project, whose plugin has the same name.
        """
        from onnx import helper

        nodes = [node for node in model.graph.node if node.op_type == OP_TYPE]
        if not nodes:
            return None
        values = {item.name: helper.get_attribute_value(item) for item in nodes[0].attribute}
        try:
            return cls(
                int(values['max_stride']),
                int(values['num_classes']),
                np.asarray(values['anchors'], np.float32).reshape(3, ANCHORS_PER_CELL, 2),
                float(values['prenms_score_threshold']),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise GraphError(
                f'its {OP_TYPE} has the attributes {", ".join(sorted(values))}, but that of this '
                'package has max_stride, num_classes, 18 anchors and prenms_score_threshold; '
                'another project has a plugin of the same name: give the network without it'
            ) from error

    def appended_to(self, cut: onnx.ModelProto) -> onnx.ModelProto:
        """
        Return a copy of a model that ends in p3, p4 and p5, with the node behind them.

        TensorRT's parser looks the plugin up by operator, version and namespace. Anchors have to
        be written as floats: a list of whole numbers would reach the plugin as integers.
        """
        from onnx import AttributeProto, helper, ModelProto

        kinds = AttributeProto
        attributes = [
            helper.make_attribute('max_stride', self.max_stride),
            helper.make_attribute('num_classes', self.num_classes),
            helper.make_attribute(
                'anchors', np.ravel(self.anchors).tolist(), attr_type=kinds.FLOATS
            ),
            helper.make_attribute(
                'prenms_score_threshold', float(self.score_threshold), attr_type=kinds.FLOAT
            ),
            helper.make_attribute('plugin_version', '1'),
            helper.make_attribute('plugin_namespace', ''),
        ]
        node = helper.make_node(OP_TYPE, HEAD_NAMES, PLUGIN_OUTPUTS, name='YoloLayer')
        node.attribute.extend(attributes)
        model = ModelProto()
        model.CopyFrom(cut)
        model.graph.node.append(node)
        outputs = _outputs(list(model.graph.output))
        del model.graph.output[:]
        model.graph.output.extend(outputs)
        return model


def _outputs(heads: list[onnx.ValueInfoProto]) -> list[onnx.ValueInfoProto]:
    """Describe the plugin's outputs: [B, 1], [B, N, 4], [B, N] and [B, N]."""
    from onnx import helper, TensorProto

    shapes = [[_size(dim) for dim in head.type.tensor_type.shape.dim] for head in heads]
    batch = shapes[0][0]
    sides = [side for shape in shapes for side in shape[2:]]
    num_rows: int | str = 'candidates'
    if all(isinstance(side, int) for side in sides):
        num_rows = ANCHORS_PER_CELL * sum(int(shape[2]) * int(shape[3]) for shape in shapes)
    kinds = (TensorProto.INT32, TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT32)
    ends = ([batch, 1], [batch, num_rows, 4], [batch, num_rows], [batch, num_rows])
    return [
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in zip(PLUGIN_OUTPUTS, kinds, ends, strict=True)
    ]


def _size(dim: onnx.TensorShapeProto.Dimension) -> int | str:
    return int(dim.dim_value) if dim.HasField('dim_value') else str(dim.dim_param)
