# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What YoloLayer_TRT does not take, and the reasons that it logs."""

import ctypes
from dataclasses import replace
import os

import numpy as np
import pytest

from test.plugins.engines import (
    attributes_of,
    build_plan,
    create_plugin,
    EngineRunner,
    from_onnx,
    from_registry,
    onnx_model,
)
from test.plugins.expectation import random_heads
from yolotrt_ros.trt import compat
from yolotrt_ros.trt.logger import collect_errors, get_logger
from yolotrt_ros.trt.plugin_source import plugin_source_digest

pytestmark = pytest.mark.tensorrt


@pytest.fixture(scope='module')
def trt(tensorrt_module, plugin_library):
    # The plugin logs to the logger that the first builder or runtime of the process has brought.
    runtime = tensorrt_module.Runtime(get_logger())
    yield tensorrt_module
    del runtime


@pytest.fixture
def logged(capfd):
    """Return a function that gives what the plugin has logged since the test began."""
    with collect_errors() as errors:
        # Without a logger of TensorRT it is the standard error.
        yield lambda: '\n'.join(errors) + capfd.readouterr().err


@pytest.fixture
def heads(rng):
    return random_heads(rng, (96, 64), 3)


def test_library_tells_what_it_was_compiled_for(trt, plugin_library):
    major, minor = map(int, trt.__version__.split('.')[:2])
    version = plugin_library.yolotrt_plugin_tensorrt_version()
    assert (version // 10000, version // 100 % 100) == (major, minor)
    digest = plugin_library.yolotrt_plugin_source_digest
    digest.restype = ctypes.c_char_p
    assert digest() == plugin_source_digest().encode() or 'YOLOTRT_PLUGIN' in os.environ


def test_creator_is_found_and_names_its_fields(trt):
    creator = compat.plugin_creator(trt, 'YoloLayer_TRT', '1', '')
    assert (creator.name, creator.plugin_version, creator.plugin_namespace) == (
        'YoloLayer_TRT',
        '1',
        '',
    )
    names = [field.name for field in creator.field_names]
    assert names == ['max_stride', 'num_classes', 'anchors', 'prenms_score_threshold']


def test_good_fields_make_a_plugin(trt, heads):
    assert create_plugin(trt, attributes_of(heads)) is not None
    without_threshold = attributes_of(heads)
    del without_threshold['prenms_score_threshold']
    assert create_plugin(trt, without_threshold) is not None


ANCHORS = np.arange(1, 19, dtype=np.float32)


@pytest.mark.parametrize(
    ('name', 'values', 'reason'),
    [
        ('max_stride', None, "'max_stride' must be 1 value of INT32, but it is missing"),
        ('num_classes', None, "'num_classes' must be 1 value of INT32, but it is missing"),
        ('anchors', None, "'anchors' must be 18 values of FLOAT32, but it is missing"),
        ('max_stride', np.float32([32]), 'INT32, but 1 value of FLOAT32 came'),
        ('num_classes', np.int8([3]), 'INT32, but 1 value of type number 3 came'),
        ('anchors', ANCHORS.astype(np.int32), 'FLOAT32, but 18 values of INT32 came'),
        ('anchors', ANCHORS.astype(np.float64), 'FLOAT32, but 18 values of FLOAT64 came'),
        ('prenms_score_threshold', np.int32([0]), 'FLOAT32, but 1 value of INT32 came'),
        ('max_stride', np.int32([8, 16, 32]), 'INT32, but 3 values of INT32 came'),
        ('anchors', ANCHORS[:12], 'FLOAT32, but 12 values of FLOAT32 came'),
        ('anchors', np.tile(ANCHORS, 2), 'FLOAT32, but 36 values of FLOAT32 came'),
        ('max_stride', np.int32([0]), "'max_stride' must be 1 or more, but is 0"),
        ('num_classes', np.int32([-1]), "'num_classes' must be 1 or more, but is -1"),
        ('anchors', ANCHORS - 1, "'anchors' must be finite numbers above 0, but is 0"),
        ('anchors', ANCHORS * np.float32(np.inf), 'numbers above 0, but is inf'),
        ('anchors', ANCHORS * np.float32(np.nan), 'numbers above 0, but is nan'),
        ('prenms_score_threshold', np.float32([-0.5]), 'must be from 0 to 1, but is -0.5'),
        ('prenms_score_threshold', np.float32([1.5]), 'must be from 0 to 1, but is 1.5'),
        ('prenms_score_threshold', np.float32([np.nan]), 'must be from 0 to 1, but is nan'),
        ('kernels', np.int32([1]), "unknown attribute 'kernels'; known are max_stride, "),
    ],
)
def test_wrong_field_is_refused_with_the_reason(name, values, reason, trt, heads, logged):
    attributes = attributes_of(heads)
    attributes[name] = values
    if values is None:
        del attributes[name]
    assert create_plugin(trt, attributes) is None
    text = logged()
    assert 'YoloLayer_TRT: ' in text
    assert reason in text


def test_whole_numbers_as_anchors_of_an_onnx_node_are_refused(trt, heads, logged):
    pytest.importorskip('onnx', reason='needs onnx, which is not installed')
    model = onnx_model(
        [head.shape for head in heads.values],
        np.float32,
        max_stride=32,
        num_classes=3,
        anchors=list(range(1, 19)),
        prenms_score_threshold=0.25,
    )
    with pytest.raises(ValueError, match='is not parsed'):
        build_plan(trt, from_onnx(trt, model))
    assert 'write it with a decimal point, such as 10.0 in place of 10' in logged()


@pytest.fixture
def refusal(trt, device, logged):
    """Return a function that gives what is logged of inputs that do not fit the attributes."""

    def refuse(heads, attributes):
        shapes = [head.shape for head in heads.values]
        plan = build_plan(trt, from_registry(trt, shapes, np.float32, attributes))
        # TensorRT 8 gives plugins no way to refuse before they run.
        assert plan is None or EngineRunner(trt, plan, device).run(heads) is None
        return logged()

    return refuse


def test_channels_that_do_not_fit_the_classes_are_refused(refusal, heads):
    attributes = attributes_of(heads) | {'num_classes': np.int32([4])}
    text = refusal(heads, attributes)
    assert 'must be [B, 27, H, W] for 4 classes' in text
    assert 'is p3 [1, 24, 8, 12]' in text


def test_levels_in_reverse_order_are_refused(refusal, heads):
    reverse = replace(heads, values=heads.values[::-1])
    text = refusal(reverse, attributes_of(heads))
    assert 'p3 [1, 24, 2, 3] has none for a network of 384x256 pixels' in text
    assert 'give p3, p4, p5 in this order' in text


def test_level_with_two_strides_is_refused(refusal, heads):
    values = [heads.values[0], heads.values[1][..., :3], heads.values[2]]
    text = refusal(replace(heads, values=values), attributes_of(heads))
    assert 'p4 [1, 24, 4, 3] has none for a network of 96x64 pixels' in text


def test_levels_of_different_batches_are_refused(refusal, heads):
    values = [np.concatenate([heads.values[0]] * 2), *heads.values[1:]]
    text = refusal(replace(heads, values=values), attributes_of(heads))
    assert 'the same batch size, but came as p3 [2, 24, 8, 12] and p5 [1, 24, 2, 3]' in text


@pytest.mark.parametrize(
    ('spoil', 'reason'),
    [
        (lambda record: b'', 'must hold 88 bytes of this plugin, but holds 0'),
        (lambda record: record[:-1], 'must hold 88 bytes of this plugin, but holds 87'),
        (lambda record: record + b'\0', 'must hold 88 bytes of this plugin, but holds 89'),
        (lambda record: b'\2' + record[1:], 'must hold format 1 of this plugin, but holds 2'),
        (lambda record: record[:8] + b'\0' * 4 + record[12:], "'num_classes' must be 1 or more"),
    ],
)
def test_foreign_bytes_of_an_engine_file_are_refused(spoil, reason, trt, heads, logged):
    creator = compat.plugin_creator(trt, 'YoloLayer_TRT')
    if not hasattr(creator, 'deserialize_plugin'):
        pytest.skip('this TensorRT keeps fields in its engine files, not bytes')
    record = bytes(create_plugin(trt, attributes_of(heads)).serialize())
    assert creator.deserialize_plugin('YoloLayer', record) is not None
    assert creator.deserialize_plugin('YoloLayer', spoil(record)) is None
    assert reason in logged()
