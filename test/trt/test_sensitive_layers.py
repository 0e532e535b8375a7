# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which layers of a network are asked to compute in FP16, of plain objects like TensorRT's."""

from enum import Enum
from types import SimpleNamespace

from yolotrt_ros.trt.sensitive_layers import sensitive_layers

LayerType = Enum('LayerType', 'CONVOLUTION ACTIVATION QUANTIZE DEQUANTIZE FILL ELEMENTWISE')
TRT = SimpleNamespace(LayerType=LayerType, float32='f')


class Layer:
    """A layer with one output, of the name of the layer."""

    num_outputs = 1

    def __init__(self, name, kind, inputs, dtype='f'):
        self.name, self.type, self.num_inputs = name, LayerType[kind], len(inputs)
        self._inputs = [SimpleNamespace(name=each) for each in inputs]
        self._output = SimpleNamespace(name=name, dtype=dtype)

    def get_input(self, index):
        return self._inputs[index]

    def get_output(self, index):
        return self._output


def network_of(*layers):
    """Return a network that ends in the last layer."""
    return SimpleNamespace(
        num_layers=len(layers),
        get_layer=lambda index: layers[index],
        num_outputs=1,
        get_output=lambda index: layers[-1].get_output(0),
    )


def test_layers_whose_type_the_network_fixes_are_left_alone():
    network = network_of(
        Layer('body', 'CONVOLUTION', ['images']),
        Layer('head', 'CONVOLUTION', ['body']),
        Layer('q', 'QUANTIZE', ['head'], 'i8'),
        Layer('dq', 'DEQUANTIZE', ['q']),
        Layer('sigmoid', 'ACTIVATION', ['dq']),
        Layer('grid', 'FILL', []),
        Layer('boxes', 'ELEMENTWISE', ['sigmoid', 'grid']),
    )
    names = {layer.name for layer in sensitive_layers(TRT, network)}
    assert names == {'head', 'sigmoid', 'boxes'}
