# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The numbers that an engine computes with, and who decides on them.

Up to TensorRT 10 the builder chooses a type for every layer among those that its flags allow.
Later versions compute exactly in the types of the ONNX file, so there the file must carry the
precision. A precision that cannot be had is refused here, before anything is built.
"""

from __future__ import annotations

from enum import Enum
from types import ModuleType
from typing import Any

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.trt.compat import can_calibrate, can_choose_precision, describe, has_fast

# The operators that do the work, and so decide what a network computes in.
_PRODUCTS = frozenset({'Conv', 'ConvTranspose', 'Gemm', 'MatMul'})


class Precision(Enum):
    """The coarsest type that layers may compute in; finer ones are allowed beside it."""

    FP32 = 'fp32'
    FP16 = 'fp16'
    INT8 = 'int8'


def carried_precision(model: Any) -> Precision:  # noqa: ANN401 - onnx.ModelProto
    """
    Find the precision that an ONNX graph computes in.

    INT8 for one with QuantizeLinear nodes, FP16 for one that multiplies by FP16 weights or takes
    its image in FP16. Weights that are only kept in FP16 and cast before their use do not count.
    """
    from onnx import TensorProto

    nodes = model.graph.node
    if any(node.op_type == 'QuantizeLinear' for node in nodes):
        return Precision.INT8
    weights = {item.name: item.data_type for item in model.graph.initializer}
    weights |= {
        node.output[0]: attribute.t.data_type
        for node in nodes
        if node.op_type == 'Constant'
        for attribute in node.attribute
    }
    used = (name for node in nodes if node.op_type in _PRODUCTS for name in node.input)
    types = {weights.get(name) for name in used}
    types |= {i.type.tensor_type.elem_type for i in model.graph.input if i.name not in weights}
    return Precision.FP16 if TensorProto.FLOAT16 in types else Precision.FP32


def default_precision(carried: Precision) -> Precision:
    """Return the precision of a build that asks for none: FP16, or INT8 for a quantised file."""
    return Precision.INT8 if carried is Precision.INT8 else Precision.FP16


def flags_for(precision: Precision) -> tuple[str, ...]:
    """
    Return the builder flags that allow a precision, for versions that have them.

    INT8 comes with FP16: layers that cannot be quantised would run in FP32 without it.
    """
    return {
        Precision.FP32: (),
        Precision.FP16: ('FP16',),
        Precision.INT8: ('INT8', 'FP16'),
    }[precision]


def needs_calibration(trt: ModuleType, precision: Precision, carried: Precision) -> bool:
    """Whether the builder itself has to measure the ranges of the tensors."""
    wants_scales = precision is Precision.INT8 and carried is not Precision.INT8
    return wants_scales and can_choose_precision(trt) and can_calibrate(trt)


def needs_conversion(trt: ModuleType, precision: Precision, carried: Precision) -> bool:
    """Whether the ONNX must be rewritten in the precision before it is built."""
    return not can_choose_precision(trt) and precision is not carried


def check_carried(precision: Precision, carried: Precision) -> None:
    """
    Refuse a build in finer numbers than the file has.

    :raises BuildError: the ONNX is FP16 or quantised, and something finer is asked.
    """
    order = list(Precision)
    if order.index(precision) < order.index(carried):
        what = {
            Precision.FP16: 'has FP16 weights or an FP16 input',
            Precision.INT8: 'is quantised (it has QuantizeLinear nodes)',
        }[carried]
        raise BuildError(
            f'the ONNX {what}, so an {precision.value} engine cannot be built from it; use '
            f'--precision {carried.value}, or export the network in FP32'
        )


def check_machine(trt: ModuleType, builder: Any, precision: Precision) -> None:  # noqa: ANN401
    """
    Refuse a precision that the GPU cannot compute fast.

    :raises BuildError: such an engine would be slower than one in FP32.
    """
    for name in (flag.lower() for flag in flags_for(precision)):
        if not has_fast(builder, name):
            raise BuildError(
                f'TensorRT {describe(trt)} reports no fast {name.upper()} on this GPU, so an '
                f'{precision.value} engine would gain nothing; use --precision fp32'
            )
