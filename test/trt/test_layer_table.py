# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine inspector's JSON in words, in the forms of TensorRT 8.6 and of later versions."""

import json

import pytest

from yolotrt_ros.trt.layer_table import (
    count_precisions,
    layer_precision,
    layer_table,
    missing_precision,
    read_layers,
    reformat_text,
    reformats_before_plugin,
)
from yolotrt_ros.trt.precision import Precision

LINEAR_FP32 = 'Row major linear FP32'
LINEAR_FP16 = 'Row major linear FP16 format'
NHWC_FP16 = 'Channel major FP16 format where channel % 8 == 0'
INT8 = 'Thirty-two wide channel vectorized row major Int8 format'


def tensor(name, layout, *dimensions):
    return {
        'Name': name,
        'Location': 'Device',
        'Dimensions': list(dimensions),
        'Format/Datatype': layout,
    }


def layer(name, kind, inputs, outputs, **facts):
    return {'Name': name, 'LayerType': kind, 'Inputs': inputs, 'Outputs': outputs, **facts}


def network(head_layout, *, plugin_kind, reformat_kind=None):
    """Return the layers of a network with one head, whose plugin reads ``head_layout``."""
    head = tensor('p3', NHWC_FP16, 1, 24, 8, 8)
    copy = tensor('Reformatted Input Tensor 0 to YoloLayer', head_layout, 1, 24, 8, 8)
    layers = [
        layer(
            'Reformatting CopyNode for Input Tensor 0 to /model.0/Conv',
            'Reformat',
            [tensor('images', LINEAR_FP32, 1, 3, 64, 64)],
            [tensor('Reformatted Input Tensor 0 to /model.0/Conv', NHWC_FP16, 1, 3, 64, 64)],
            ParameterType='Reformat',
        ),
        layer(
            '/model.0/Conv + PWN(/model.0/Sigmoid)',
            'CaskConvolution',
            [tensor('Reformatted Input Tensor 0 to /model.0/Conv', NHWC_FP16, 1, 3, 64, 64)],
            [head],
            Weights={'Type': 'Half', 'Count': 648},
            Metadata='[ONNX Layer: /model.0/Conv]\x1e[ONNX Layer: /model.0/Sigmoid]',
        ),
    ]
    if reformat_kind:
        name = 'Reformatting CopyNode for Input Tensor 0 to YoloLayer'
        layers.append(layer(name, reformat_kind, [head], [copy]))
    layers.append(
        layer(
            'YoloLayer',
            plugin_kind,
            [copy if reformat_kind else head],
            [
                tensor('DecodeNumDetection', 'Row major linear Int32', 1, 1),
                tensor('DecodeDetectionBoxes', LINEAR_FP32, 1, 192, 4),
            ],
        )
    )
    return layers


def text_of(layers, bindings_key):
    # TensorRT writes the separator of its metadata as it is, which strict JSON forbids.
    text = json.dumps({'Layers': layers, bindings_key: ['images', 'DecodeNumDetection']})
    return text.replace('\\u001e', '\x1e')


@pytest.mark.parametrize(
    ('plugin_kind', 'bindings_key'), [('PluginV2', 'Bindings'), ('PluginV3', 'I/O Tensors')]
)
def test_every_layer_is_read_and_shown(plugin_kind, bindings_key):
    layers = network(LINEAR_FP16, plugin_kind=plugin_kind, reformat_kind='Reformat')
    assert read_layers(text_of(layers, bindings_key)) == layers
    lines = layer_table(layers).splitlines()
    assert lines[0].split() == ['layer', 'kind', 'type', 'outputs']
    assert lines[2].split() == [
        '/model.0/Conv', '+', 'PWN(/model.0/Sigmoid)', 'CaskConvolution', 'FP16', '1x24x8x8',
    ]  # fmt: skip
    assert lines[4].split()[:2] == ['YoloLayer', plugin_kind]
    assert lines[4].endswith('1x1, 1x192x4')


def test_layers_without_detail_have_their_names():
    layers = read_layers('{"Layers": ["conv", "YoloLayer"], "Bindings": []}')
    assert layers == [{'Name': 'conv'}, {'Name': 'YoloLayer'}]
    assert layer_table(layers).splitlines()[1].split() == ['conv', '-', '-', '-']
    assert count_precisions(layers) == {}
    assert missing_precision(layers, Precision.FP16) is None
    assert reformat_text(layers) is None


def test_long_names_are_cut():
    table = layer_table([{'Name': 'x' * 300}])
    assert max(map(len, table.splitlines())) < 100
    assert 'x…' in table


@pytest.mark.parametrize(
    ('layout', 'expected'),
    [
        (LINEAR_FP32, 'FP32'),
        (LINEAR_FP16, 'FP16'),
        (INT8, 'INT8'),
        ('Row major linear INT8 format (kLINEAR)', 'INT8'),
        ('Row major linear Int32', 'INT32'),
        ('Row major linear BFloat16 format', 'BF16'),
        ('Half', 'FP16'),
        ('Float', 'FP32'),
        ('N/A due to dynamic shapes', None),
        ('', None),
    ],
)
def test_type_of_a_layer_is_that_of_its_input(layout, expected):
    item = layer('x', 'y', [tensor('a', layout, 1)], [])
    assert layer_precision(item) == expected
    assert (
        layer_precision({'Name': 'x', 'Inputs': [{'Name': 'a', 'Datatype': layout}]}) == expected
    )


def test_weights_tell_more_than_tensors():
    item = layer('x', 'y', [tensor('a', INT8, 1)], [], Weights={'Type': 'Half', 'Count': 2})
    assert layer_precision(item) == 'FP16'


@pytest.mark.parametrize(
    ('reformat_kind', 'expected'),
    [
        (None, []),
        ('NoOp', []),
        ('Reformat', ['Reformatting CopyNode for Input Tensor 0 to YoloLayer']),
    ],
)
@pytest.mark.parametrize('plugin_kind', ['PluginV2', 'PluginV3'])
def test_copies_before_the_plugin_are_found(plugin_kind, reformat_kind, expected):
    layers = network(LINEAR_FP16, plugin_kind=plugin_kind, reformat_kind=reformat_kind)
    assert reformats_before_plugin(layers) == expected
    assert ('no reformat before it' in reformat_text(layers)) == (not expected)
    if expected:
        assert expected[0] in reformat_text(layers)


def test_network_without_plugin_has_no_copies_before_one():
    assert reformats_before_plugin(network(LINEAR_FP16, plugin_kind='CaskConvolution')) is None


def test_copies_count_in_no_precision():
    layers = network(LINEAR_FP32, plugin_kind='PluginV2', reformat_kind='Reformat')
    assert count_precisions(layers) == {'FP16': 1, 'FP32': 1}


def test_precision_that_no_layer_has_is_told():
    layers = network(LINEAR_FP32, plugin_kind='PluginV2', reformat_kind='Reformat')
    assert missing_precision(layers, Precision.FP16) is None
    assert missing_precision(layers, Precision.FP32) is None
    text = missing_precision(layers, Precision.INT8)
    assert text.startswith('int8 was asked for')
    assert '(1 in FP16, 1 in FP32)' in text
