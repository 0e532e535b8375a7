# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the graph surgery do to models and read from them."""

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

import onnx
import onnxruntime as ort

from test.networks import ANCHORS

OTHER_ANCHORS = ANCHORS[::-1] * np.float32(1.37)


def run(model, images):
    """Run a model held in memory; returns its outputs by name."""
    session = ort.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    names = [item.name for item in session.get_outputs()]
    return dict(
        zip(names, session.run(names, {session.get_inputs()[0].name: images}), strict=True)
    )


def op_types(model):
    return [node.op_type for node in model.graph.node]


def metadata(model):
    return {item.key: item.value for item in model.metadata_props}


def flat(anchors):
    return np.ravel(anchors).tolist()


def convolutions(path):
    """Return the detection convolutions by node and by tensor, finest level first."""
    nodes = [node for node in onnx.load(path).graph.node if node.op_type == 'Conv'][1::2]
    return [node.name for node in nodes], [node.output[0] for node in nodes]


def changed(path, change):
    model = onnx.load(path)
    change(model)
    onnx.save(model, str(path))
    return path


def rename(model, old, new):
    for item in model.graph.initializer:
        item.name = new if item.name == old else item.name
    for node in model.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = new if name == old else name
