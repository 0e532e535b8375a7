# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write the trained network as ONNX, once decoded and once with raw heads."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scripts.train_demo.network import ANCHORS, Conv, DecodedNet, DemoNet, HeadsNet, STRIDES
from yolotrt_ros.demo import CLASS_NAMES

INPUT_SHAPE = (1, 3, 384, 640)
OPSET = 13
SMALLEST_HALVED = 64
"""Constants with fewer numbers keep float32: biases cost nothing, shapes must stay exact."""


def export(network: DemoNet, out: Path) -> None:
    """Write demo.onnx and demo_heads.onnx into the folder ``out``."""
    fused = fused_copy(network)
    _write(DecodedNet(fused), out / 'demo.onnx', ['output0'])
    _write(HeadsNet(fused), out / 'demo_heads.onnx', ['p3', 'p4', 'p5'])


def fused_copy(network: DemoNet) -> DemoNet:
    """Return a copy whose batch normalisation has gone into the convolutions."""
    fused = copy.deepcopy(network).cpu().float().eval()
    for module in fused.modules():
        if isinstance(module, Conv):
            module[0] = fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    return fused


def _write(module: nn.Module, path: Path, outputs: list[str]) -> None:
    torch.onnx.export(
        module.eval(),
        torch.zeros(INPUT_SHAPE),
        str(path),
        input_names=['images'],
        output_names=outputs,
        dynamic_axes={name: {0: 'batch'} for name in ('images', *outputs)},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(path)
    _halve_weights(model.graph)
    helper.set_model_props(
        model,
        {
            'names': str(dict(enumerate(CLASS_NAMES))),
            'stride': str(list(STRIDES)),
            'anchors': json.dumps(ANCHORS),
            'author': 'The yolotrt_ros authors',
            'license': 'Apache-2.0',
            'description': 'demo detector of yolotrt_ros, trained on its rendered arena',
        },
    )
    model.producer_name, model.producer_version = 'yolotrt_ros', '1'
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _halve_weights(graph: onnx.GraphProto) -> None:
    """Store weights as float16 and cast them back; runtimes do so once, while they load."""
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST_HALVED:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f'{name}_half'))
        casts.append(helper.make_node('Cast', [f'{name}_half'], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
