# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From ONNX to TensorRT's network, with every error of the parser in words."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.trt.compat import describe, failed_node, network_flags
from yolotrt_ros.trt.cures import cure_for
from yolotrt_ros.trt.logger import get_logger
from yolotrt_ros.trt.yolo_node import OP_TYPE


def parse_network(
    trt: ModuleType,
    builder: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    model_bytes: bytes,
) -> tuple[Any, Any]:
    """
    Parse an ONNX network.

    :param model: the same as ``model_bytes``, to name the nodes in errors.
    :returns: the ``trt.INetworkDefinition`` and its parser, which must live as long.
    :raises BuildError: TensorRT cannot read a node; every one of its errors is listed.
    """
    network = builder.create_network(network_flags(trt))
    parser = trt.OnnxParser(network, get_logger())
    if not parser.parse(model_bytes):
        errors = [parser.get_error(index) for index in range(parser.num_errors)]
        raise BuildError(_refusal_text(describe(trt), errors, model))
    return network, parser


def _refusal_text(version: str, errors: Sequence[Any], model: Any) -> str:  # noqa: ANN401
    lines = [_error_text(error, model) for error in errors]
    nodes = [failed_node(error, model) for error in errors]
    operators = dict.fromkeys(node[1] for node in nodes if node is not None)
    listed = '\n'.join(f'  {line}' for line in lines) or '  (no details)'
    # For any operator that it does not know, the parser says that a plugin is missing.
    is_about_plugin = OP_TYPE in operators or not operators
    cure = cure_for(lines) if is_about_plugin else None
    if cure is None:
        cure = (
            f'TensorRT {version} does not take {", ".join(operators) or "this network"} in this '
            'form; simplify the network (`pip install onnxsim`, then '
            '`onnxsim model.onnx simple.onnx`), export it with opset 13 to 17 and without NMS, '
            'or use a newer TensorRT'
        )
    return f'TensorRT {version} cannot parse the network:\n{listed}\nWhat to do: {cure}'


def _error_text(error: Any, model: Any) -> str:  # noqa: ANN401
    node = failed_node(error, model)
    where = f'node {error.node()}' if node is None else f'{node[1]} {node[0]!r}'
    return f'{where}: {error.code()}: {error.desc()}'
