# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which precision a network has, which can be had from it, and who decides."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

import onnx

from test.networks import HeadWeights, helper, raw_heads_network, save
from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.trt.precision import (
    carried_precision,
    check_carried,
    check_machine,
    default_precision,
    flags_for,
    needs_calibration,
    needs_conversion,
    Precision,
)

FP32, FP16, INT8 = Precision
OLD = SimpleNamespace(
    __version__='8.6.1',
    BuilderFlag=SimpleNamespace(FP16=0, INT8=1),
    IInt8MinMaxCalibrator=object,
)
NEW = SimpleNamespace(__version__='11.1.0', BuilderFlag=SimpleNamespace())


def convolution(path, *, weights, cast=False, is_constant=False):
    """Write a network of one convolution, whose weights may be cast before they are used."""
    kernel = np.zeros((4, 3, 1, 1), weights)
    nodes, constants = [], {'stored': kernel}
    if is_constant:
        value = onnx.numpy_helper.from_array(kernel)
        nodes, constants = [helper.make_node('Constant', [], ['stored'], value=value)], {}
    if cast:
        nodes.append(helper.make_node('Cast', ['stored'], ['kernel'], to=onnx.TensorProto.FLOAT))
    nodes.append(helper.make_node('Conv', ['images', 'kernel' if cast else 'stored'], ['output']))
    return onnx.load(str(save(path, nodes, constants, ['output'])))


@pytest.mark.parametrize('is_constant', [False, True])
@pytest.mark.parametrize(
    ('weights', 'cast', 'expected'),
    [(np.float32, False, FP32), (np.float16, False, FP16), (np.float16, True, FP32)],
    ids=['fp32', 'fp16', 'kept in fp16 only'],
)
def test_precision_is_that_of_the_weights_where_they_are_used(
    weights, cast, expected, is_constant, tmp_path
):
    model = convolution(tmp_path / 'x.onnx', weights=weights, cast=cast, is_constant=is_constant)
    assert carried_precision(model) is expected


def test_image_in_fp16_makes_a_network_fp16(tmp_path, rng):
    weights = HeadWeights.random(rng, 2)
    path = raw_heads_network(tmp_path / 'x.onnx', weights, has_sigmoid=True, dtype=np.float16)
    assert carried_precision(onnx.load(str(path))) is FP16


def test_quantised_network_is_int8(tmp_path):
    scale = {'scale': np.float32(1 / 127), 'zero': np.int8(0)}
    nodes = [
        helper.make_node('QuantizeLinear', ['images', 'scale', 'zero'], ['whole']),
        helper.make_node('DequantizeLinear', ['whole', 'scale', 'zero'], ['output']),
    ]
    model = onnx.load(str(save(tmp_path / 'x.onnx', nodes, scale, ['output'])))
    assert carried_precision(model) is INT8


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('yolov5n', FP32),
        ('yolov5n_fp16io', FP16),
        ('yolov5n_fp16w_fp32io', FP16),
    ],
)
def test_precision_of_real_networks(name, expected, test_data):
    path = test_data(f'models/{name}.onnx')
    assert carried_precision(onnx.load(str(path))) is expected


def test_default_is_fp16_unless_the_network_is_quantised():
    assert default_precision(FP32) is FP16
    assert default_precision(FP16) is FP16
    assert default_precision(INT8) is INT8


def test_int8_comes_with_fp16():
    assert flags_for(FP32) == ()
    assert flags_for(FP16) == ('FP16',)
    assert set(flags_for(INT8)) == {'INT8', 'FP16'}


@pytest.mark.parametrize(
    ('precision', 'carried', 'old', 'new'),
    [
        # builder that chooses: calibrate, convert; builder that does not: calibrate, convert
        (FP32, FP32, (False, False), (False, False)),
        (FP16, FP32, (False, False), (False, True)),
        (FP16, FP16, (False, False), (False, False)),
        (INT8, FP32, (True, False), (False, True)),
        (INT8, FP16, (True, False), (False, True)),
        (INT8, INT8, (False, False), (False, False)),
    ],
)
def test_who_makes_the_precision(precision, carried, old, new):
    for trt, expected in ((OLD, old), (NEW, new)):
        found = (
            needs_calibration(trt, precision, carried),
            needs_conversion(trt, precision, carried),
        )
        assert found == expected


@pytest.mark.parametrize(
    ('precision', 'carried', 'reason'),
    [
        (FP32, FP16, r'has FP16 weights or an FP16 input, so an fp32 engine.*--precision fp16'),
        (FP32, INT8, r'is quantised .*so an fp32 engine.*--precision int8'),
        (FP16, INT8, r'is quantised .*so an fp16 engine.*--precision int8'),
    ],
)
def test_finer_precision_than_the_network_has_is_refused(precision, carried, reason):
    with pytest.raises(BuildError, match=reason):
        check_carried(precision, carried)


@pytest.mark.parametrize(('precision', 'carried'), [(FP16, FP32), (INT8, FP32), (INT8, FP16)])
def test_coarser_precision_than_the_network_has_can_be_had(precision, carried):
    check_carried(precision, carried)
    check_carried(carried, carried)


def test_precision_that_the_gpu_has_no_units_for_is_refused():
    slow = SimpleNamespace(platform_has_fast_fp16=False, platform_has_fast_int8=True)
    check_machine(OLD, slow, FP32)
    check_machine(NEW, SimpleNamespace(), INT8)
    for precision in (FP16, INT8):
        with pytest.raises(BuildError, match=r'8\.6\.1 reports no fast FP16 on this GPU'):
            check_machine(OLD, slow, precision)
