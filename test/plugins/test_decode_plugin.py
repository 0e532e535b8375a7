# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YoloLayer_TRT in engines of its own, against the definition in NumPy: the same bits."""

from dataclasses import replace
import json

import numpy as np
import pytest

from test.plugins.engines import (
    attributes_of,
    build_plan,
    EngineRunner,
    from_onnx,
    from_registry,
    INPUT_NAMES,
    onnx_model,
    OUTPUT_NAMES,
)
from test.plugins.expectation import (
    assert_is_definition,
    FORMATS,
    random_heads,
    STRIDES,
    with_special_values,
)
from yolotrt_ros.trt import compat

pytestmark = pytest.mark.tensorrt

SIZES = ((640, 640), (640, 384), (416, 320))
LARGEST_BATCH = 4

any_format = pytest.mark.parametrize(('dtype', 'is_hwc8'), FORMATS.values(), ids=FORMATS)


@pytest.fixture(scope='module')
def trt(tensorrt_module, plugin_library):
    return tensorrt_module


def shapes_of(heads):
    return [head.shape for head in heads.values]


def level_shapes(network_wh, num_classes, batch):
    channels = 3 * (5 + num_classes)
    return [(batch, channels, network_wh[1] // s, network_wh[0] // s) for s in STRIDES]


def open_profile(num_classes):
    return [
        level_shapes((416, 320), num_classes, 1),
        level_shapes((640, 640), num_classes, 2),
        level_shapes((640, 640), num_classes, LARGEST_BATCH),
    ]


def open_shapes(num_classes):
    return [(-1, 3 * (5 + num_classes), -1, -1)] * 3


def runner_of(trt, device, heads, shapes, **options):
    dtype = heads.values[0].dtype
    define = from_registry(trt, shapes, dtype, attributes_of(heads), is_hwc8=heads.is_hwc8)
    # A builder in a hurry may turn HWC8 into linear memory in front of the plugin.
    options = {'half': dtype == np.float16, 'quick': not heads.is_hwc8} | options
    return EngineRunner(trt, build_plan(trt, define, **options), device)


def static_runner(trt, device, heads, **options):
    return runner_of(trt, device, heads, shapes_of(heads), **options)


def open_runner(trt, device, heads, **options):
    shapes, profile = open_shapes(heads.num_classes), open_profile(heads.num_classes)
    return runner_of(trt, device, heads, shapes, profile=profile, **options)


@any_format
@pytest.mark.parametrize(
    ('num_classes', 'threshold'),
    [(1, 0.0), (1, 0.25), (8, 0.01), (8, 0.9), (80, 0.01), (80, 0.25), (80, 0.9)],
)
def test_open_engine_gives_the_definition_for_all_sizes(
    num_classes, threshold, dtype, is_hwc8, trt, device, rng
):
    kind = {'dtype': dtype, 'threshold': threshold, 'is_hwc8': is_hwc8}
    heads = random_heads(rng, SIZES[0], num_classes, **kind)
    runner = open_runner(trt, device, heads)
    for network_wh in SIZES:
        for batch in (1, LARGEST_BATCH):
            heads = random_heads(rng, network_wh, num_classes, batch=batch, **kind)
            assert assert_is_definition(runner.run(heads), heads) > 0


@any_format
@pytest.mark.parametrize(
    ('network_wh', 'num_classes', 'batch', 'threshold'),
    [
        ((640, 640), 80, 1, 0.0),
        ((640, 640), 8, 4, 0.25),
        ((640, 384), 1, 1, 0.01),
        ((416, 320), 80, 4, 0.9),
    ],
)
def test_static_engine_gives_the_definition(
    network_wh, num_classes, batch, threshold, dtype, is_hwc8, trt, device, rng
):
    kind = {'dtype': dtype, 'threshold': threshold, 'is_hwc8': is_hwc8}
    heads = random_heads(rng, network_wh, num_classes, batch=batch, **kind)
    runner = static_runner(trt, device, heads)
    assert assert_is_definition(runner.run(heads), heads) > 0
    spoiled = with_special_values(heads, rng, share=0.01)
    assert assert_is_definition(runner.run(spoiled), spoiled) > 0


@pytest.mark.parametrize('strides', [(4, 8, 16), (16, 32, 64), (6, 12, 48)])
def test_any_three_strides_do(strides, trt, device, rng):
    heads = random_heads(rng, (192, 192), 3, strides=strides, threshold=0.1)
    runner = static_runner(trt, device, heads)
    assert assert_is_definition(runner.run(heads), heads) > 0


def onnx_attributes(heads):
    return {
        'max_stride': heads.strides[-1],
        'num_classes': heads.num_classes,
        'anchors': heads.anchors.ravel().tolist(),
        'prenms_score_threshold': heads.threshold,
        'plugin_namespace': '',
    }


@pytest.mark.parametrize('is_open', [False, True], ids=['static', 'open'])
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_node_of_an_onnx_file_becomes_the_plugin(dtype, is_open, trt, device, rng):
    pytest.importorskip('onnx', reason='needs onnx, which is not installed')
    heads = random_heads(rng, (416, 320), 8, batch=2, dtype=dtype)
    shapes = shapes_of(heads)
    if is_open:
        shapes = [
            ('batch', shape[1], f'height_{name}', f'width_{name}')
            for name, shape in zip(INPUT_NAMES, shapes, strict=True)
        ]
    model = onnx_model(shapes, dtype, **onnx_attributes(heads))
    profile = open_profile(8) if is_open else None
    plan = build_plan(trt, from_onnx(trt, model), profile=profile, half=dtype == np.float16)
    runner = EngineRunner(trt, plan, device)
    assert assert_is_definition(runner.run(heads), heads) > 0


def test_threshold_of_an_onnx_node_has_a_default(trt, device, rng):
    pytest.importorskip('onnx', reason='needs onnx, which is not installed')
    heads = random_heads(rng, (416, 320), 8, threshold=0.01)
    attributes = onnx_attributes(heads)
    del attributes['prenms_score_threshold']
    model = onnx_model(shapes_of(heads), np.float32, **attributes)
    runner = EngineRunner(trt, build_plan(trt, from_onnx(trt, model)), device)
    assert assert_is_definition(runner.run(heads), heads) > 0


def test_outputs_have_the_types_and_shapes_of_the_contract(trt, device, rng):
    heads = random_heads(rng, (416, 320), 8, batch=3, dtype=np.float16)
    engine = static_runner(trt, device, heads).engine
    for name, output in zip(OUTPUT_NAMES, heads.empty_outputs(), strict=True):
        assert tuple(engine.get_tensor_shape(name)) == output.shape
        assert compat.numpy_type(trt, engine.get_tensor_dtype(name)) == output.dtype


def layers_of(trt, engine):
    inspector = engine.create_engine_inspector()
    text = inspector.get_engine_information(trt.LayerInformationFormat.JSON)
    return json.loads(text)['Layers']


@pytest.mark.parametrize('is_hwc8', [False, True], ids=['linear', 'hwc8'])
@pytest.mark.parametrize('make_runner', [static_runner, open_runner])
def test_half_inputs_are_read_as_they_are(make_runner, is_hwc8, trt, device, rng):
    heads = random_heads(rng, (640, 640), 8, dtype=np.float16, is_hwc8=is_hwc8)
    # Not quick: the builder is to find out itself that conversions do not pay.
    runner = make_runner(trt, device, heads, quick=False)
    layout = trt.TensorFormat.HWC8 if is_hwc8 else trt.TensorFormat.LINEAR
    assert [runner.engine.get_tensor_format(name) for name in INPUT_NAMES] == [layout] * 3
    layers = layers_of(trt, runner.engine)
    # Where sizes are open, the engine may hold more layers that compute with them.
    assert len(layers) == 1 or make_runner is open_runner, layers
    assert 'reformat' not in json.dumps(layers).lower()
    assert assert_is_definition(runner.run(heads), heads) > 0


def test_engine_survives_being_written_and_read_twice(trt, device, rng):
    heads = random_heads(rng, (416, 320), 8)
    again = bytes(static_runner(trt, device, heads).engine.serialize())
    assert assert_is_definition(EngineRunner(trt, again, device).run(heads), heads) > 0


def test_two_contexts_of_one_engine_do_not_meet(trt, device, rng):
    heads = [random_heads(rng, (416, 320), 8, threshold=0.1) for _ in range(2)]
    runner = static_runner(trt, device, heads[0])
    contexts = [runner.context, runner.engine.create_execution_context()]
    for _ in range(2):
        for context, each in zip(contexts, heads, strict=True):
            runner.context = context
            assert assert_is_definition(runner.run(each), each) > 0


def test_execution_is_captured_and_replayed_on_new_input(trt, device, rng):
    heads = random_heads(rng, (416, 320), 8, batch=2, dtype=np.float16)
    runner = static_runner(trt, device, heads)
    with device.tensors(heads) as (inputs, outputs):
        runner.bind(heads, inputs, outputs)
        assert runner.enqueue()  # the first execution allocates and loads, which no capture may
        device.synchronize()
        with device.graph(lambda: runner.enqueue() or pytest.fail('not captured')) as replay:
            for _ in range(3):
                heads = random_heads(rng, (416, 320), 8, batch=2, dtype=np.float16)
                inputs.upload(heads.values)
                outputs.upload(heads.empty_outputs())
                replay()
                device.synchronize()
                assert assert_is_definition(outputs.download(), heads) > 0


def test_sizes_change_from_one_execution_to_the_next(trt, device, rng):
    runner = open_runner(trt, device, random_heads(rng, (416, 320), 3, threshold=0.1))
    for batch in (1, 2, 3, 4, 1):
        wanted = (416, 320) if batch % 2 else (640, 384)
        heads = replace(random_heads(rng, wanted, 3, batch=batch), threshold=0.1)
        assert assert_is_definition(runner.run(heads), heads) > 0
