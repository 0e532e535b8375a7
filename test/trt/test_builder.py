# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engines built from small networks, with and without the decode plugin, and what is refused."""

import logging
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test import networks
from test.trt.recorder import Recorder
from yolotrt_ros.core.errors import BackendError, BuildError
from yolotrt_ros.core.heads import PLUGIN_OUTPUTS
from yolotrt_ros.cpu.session import OnnxSession
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt import timing_cache
from yolotrt_ros.trt.build_options import BuildOptions
from yolotrt_ros.trt.builder import build_plan, create_builder
from yolotrt_ros.trt.compat import can_choose_precision, describe, has_progress_monitor
from yolotrt_ros.trt.engine_session import EngineSession
from yolotrt_ros.trt.layer_table import layer_table, missing_precision, reformats_before_plugin
from yolotrt_ros.trt.network_parser import parse_network
from yolotrt_ros.trt.onnx_surgery import prepare
from yolotrt_ros.trt.plugin_library import ensure_plugin, load_plugin
from yolotrt_ros.trt.precision import Precision
from yolotrt_ros.trt.progress import BuildCancelledError
from yolotrt_ros.trt.sensitive_layers import keep_in_half

ROOT = Path(__file__).resolve().parents[2]
NETWORK_WH = (96, 64)
NUM_CLASSES = 3
# These come with TensorRT itself; the others want cuBLAS and cuDNN on the machine.
OWN_SOURCES = ('EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS')


def make_options(precision=Precision.FP32, *, batch=(1, 1, 1), sizes=(NETWORK_WH,) * 3, **facts):
    """Return options for the fastest build there is."""
    return BuildOptions(
        precision=precision,
        batch=batch,
        sizes=sizes,
        optimization_level=0,
        tactic_sources=OWN_SOURCES,
        **facts,
    )


def test_missing_tensorrt_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(BackendError, match=r'TensorRT is not installed .*pip install tensorrt'):
        build_plan(b'', make_options())


@pytest.fixture(scope='module')
def trt(tensorrt_module):
    """Return TensorRT, with the first GPU current in this thread."""
    with CudaSession(find_device('0')):
        yield tensorrt_module


@pytest.fixture(scope='module')
def weights():
    return networks.HeadWeights.random(np.random.default_rng(7), NUM_CLASSES)


@pytest.fixture
def heads(weights, tmp_path):
    """Return a function that writes the network with three heads and no decoding."""

    def write(**details):
        details.setdefault('input_shape', (1, 3, NETWORK_WH[1], NETWORK_WH[0]))
        path = tmp_path / 'heads.onnx'
        return networks.raw_heads_network(path, weights, has_sigmoid=True, **details)

    return write


@pytest.fixture
def prepared(weights, tmp_path, trt):
    """Return a function that prepares the decoding network for the plugin, which is loaded."""
    device = find_device('0')
    load_plugin(ensure_plugin(describe(trt), device.compute_capability))

    def make(**details):
        path = tmp_path / 'decoded.onnx'
        networks.decoded_heads_network(path, weights, NETWORK_WH, **details)
        return prepare(path)

    return make


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a plan and gives its outputs by name."""

    def run_plan(plan, images):
        path = tmp_path / 'run.engine'
        path.write_bytes(plan)
        session = EngineSession(path, device=find_device('0'))
        try:
            return dict(zip(session.output_names, session.run(images), strict=True))
        finally:
            session.close()

    return run_plan


def random_images(rng, batch=1, wh=NETWORK_WH):
    return rng.random((batch, 3, wh[1], wh[0]), np.float32)


@pytest.mark.tensorrt
@pytest.mark.parametrize(
    ('precision', 'tf32', 'tolerance'),
    # TF32 and FP16 keep ten bits of each factor, and the logits reach some tens.
    [
        (Precision.FP32, False, 1e-3),
        (Precision.FP32, True, 0.02),
        (Precision.FP16, False, 0.05),
    ],
)
def test_engine_answers_as_its_network(trt, heads, run, rng, precision, tf32, tolerance):
    if precision is Precision.FP16 and not can_choose_precision(trt):
        pytest.skip(f'TensorRT {describe(trt)} takes FP16 from the ONNX')
    path = heads()
    built = build_plan(path.read_bytes(), make_options(precision, tf32=tf32))
    assert ('FP16' in built.flags) == (precision is Precision.FP16)
    if precision is Precision.FP32:
        assert ('TF32' in built.flags) == tf32
    assert built.seconds > 0
    assert [tensor.name for tensor in built.inputs] == ['images']
    assert built.inputs[0].max_shape == (1, 3, NETWORK_WH[1], NETWORK_WH[0])
    assert sorted(tensor.name for tensor in built.outputs) == ['head0', 'head1', 'head2']
    images = random_images(rng)
    found, reference = run(built.plan, images), OnnxSession(path)
    expected = dict(zip(reference.output_names, reference.run(images), strict=True))
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=tolerance)


@pytest.mark.tensorrt
def test_layers_tell_their_types(trt, heads):
    built = build_plan(heads().read_bytes(), make_options(detailed=True))
    assert built.layers
    assert missing_precision(built.layers, Precision.FP32) is None
    assert missing_precision(built.layers, Precision.INT8) is not None
    assert 'FP32' in layer_table(built.layers)
    plain = build_plan(heads().read_bytes(), make_options(detailed=False))
    assert all(layer['Name'] for layer in plain.layers)


@pytest.mark.tensorrt
@pytest.mark.parametrize(
    ('input_shape', 'facts', 'shapes'),
    [
        ((2, 3, 64, 96), {'batch': (2, 2, 2)}, [(2, 64, 96)]),
        (('b', 3, 64, 96), {'batch': (1, 2, 4)}, [(1, 64, 96), (4, 64, 96)]),
    ],
    ids=['fixed', 'open batch'],
)
@pytest.mark.parametrize('precision', [Precision.FP32, Precision.FP16])
def test_plugin_ends_the_engine(trt, prepared, run, rng, precision, input_shape, facts, shapes):
    if precision is Precision.FP16 and not can_choose_precision(trt):
        pytest.skip(f'TensorRT {describe(trt)} takes FP16 from the ONNX')
    model = prepared(input_shape=input_shape).model
    built = build_plan(model.SerializeToString(), make_options(precision, **facts))
    assert {tensor.name for tensor in built.outputs} == set(PLUGIN_OUTPUTS)
    assert reformats_before_plugin(built.layers) is not None
    num_rows = 3 * sum((64 // stride) * (96 // stride) for stride in networks.STRIDES)
    for batch, height, width in shapes:
        found = run(built.plan, random_images(rng, batch, (width, height)))
        counts, boxes, scores, classes = (found[name] for name in PLUGIN_OUTPUTS)
        assert boxes.shape == (batch, num_rows, 4)
        assert counts.shape == (batch, 1)
        assert np.all((counts > 0) & (counts <= num_rows))  # random weights see something
        for image, count in enumerate(counts[:, 0]):
            assert np.all(scores[image, :count] >= np.float32(0.01))
            assert np.all((classes[image, :count] >= 0) & (classes[image, :count] < NUM_CLASSES))
            assert np.all(np.isfinite(boxes[image, :count]))


@pytest.mark.tensorrt
def test_open_size_is_built_for_its_range(trt, heads, run, rng):
    path = heads(input_shape=('b', 3, 'h', 'w'))
    sizes = ((64, 32), (96, 64), (128, 96))
    built = build_plan(path.read_bytes(), make_options(batch=(1, 1, 2), sizes=sizes))
    assert built.inputs[0].min_shape == (1, 3, 32, 64)
    assert built.inputs[0].opt_shape == (1, 3, 64, 96)
    assert built.inputs[0].max_shape == (2, 3, 96, 128)
    assert missing_precision(built.layers, Precision.FP32) is None  # types in spite of open shapes
    for wh in sizes:
        found = run(built.plan, random_images(rng, 2, wh))
        assert found['head0'].shape == (2, 24, wh[1] // 8, wh[0] // 8)


@pytest.mark.tensorrt
def test_image_in_half_precision(trt, heads):
    if not can_choose_precision(trt):
        pytest.skip(f'TensorRT {describe(trt)} takes the type of the input from the ONNX')
    network = heads().read_bytes()
    built = build_plan(network, make_options(Precision.FP16, half_input=True))
    assert built.inputs[0].dtype == np.float16
    with pytest.raises(BuildError, match=r'--fp16-input needs --precision fp16 or int8'):
        build_plan(network, make_options(Precision.FP32, half_input=True))


@pytest.mark.tensorrt
def test_sensitive_layers_are_the_heads_and_what_follows(trt, prepared):
    if not can_choose_precision(trt):
        pytest.skip(f'TensorRT {describe(trt)} takes types from the ONNX')
    model = prepared(input_shape=(1, 3, NETWORK_WH[1], NETWORK_WH[0])).model
    builder = create_builder(trt)
    network, _parser = parse_network(trt, builder, model, model.SerializeToString())
    config = builder.create_builder_config()
    names = keep_in_half(trt, network, config)
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    kept = [layer for layer in layers if layer.name in names]
    kinds = [layer.type for layer in kept]
    assert kinds.count(trt.LayerType.CONVOLUTION) == 3
    assert kinds.count(trt.LayerType.ACTIVATION) == 3
    assert trt.LayerType.POOLING not in kinds
    assert all(layer.precision == trt.float16 for layer in kept)
    assert config.get_flag(trt.BuilderFlag.PREFER_PRECISION_CONSTRAINTS)


@pytest.mark.tensorrt
def test_operator_that_tensorrt_lacks_is_named(trt, tmp_path):
    node = networks.helper.make_node('NoSuchOperator', ['images'], ['output'], name='/odd/one')
    path = networks.save(tmp_path / 'odd.onnx', [node], {}, ['output'])
    with pytest.raises(BuildError) as error:
        build_plan(path.read_bytes(), make_options(sizes=((64, 64),) * 3))
    text = str(error.value)
    assert 'cannot parse the network' in text
    assert "NoSuchOperator '/odd/one'" in text
    assert 'does not take NoSuchOperator in this form' in text


@pytest.mark.tensorrt
def test_bytes_that_are_no_network_are_refused(trt):
    with pytest.raises(BuildError, match=r'is no ONNX model \(12 bytes\)'):
        build_plan(b'\xff' * 12, make_options())


@pytest.mark.tensorrt
def test_int8_needs_something_to_measure_with(trt, heads):
    reason = r'give --calibration' if can_choose_precision(trt) else r'convert it to int8'
    with pytest.raises(BuildError, match=reason):
        build_plan(heads().read_bytes(), make_options(Precision.INT8))


@pytest.mark.tensorrt
def test_precision_finer_than_the_network_is_refused(trt, heads):
    with pytest.raises(BuildError, match=r'so an fp32 engine cannot be built from it'):
        build_plan(heads(dtype=np.float16).read_bytes(), make_options())


@pytest.mark.tensorrt
def test_shape_that_the_network_does_not_take_is_refused(trt, heads):
    with pytest.raises(BuildError, match=r'is \[1, 3, 64, 96\], but a build for \[2, 3, 64, 96\]'):
        build_plan(heads().read_bytes(), make_options(batch=(2, 2, 2)))


@pytest.mark.tensorrt
def test_accelerator_that_the_machine_lacks_is_refused(trt, heads):
    if create_builder(trt).num_DLA_cores:
        pytest.skip('this machine has a DLA')
    with pytest.raises(BuildError, match=r'--dla 0 was asked, but this machine has 0 DLA cores'):
        build_plan(heads().read_bytes(), make_options(Precision.FP16, dla_core=0))


@pytest.mark.tensorrt
def test_progress_is_reported(trt, heads):
    recorder = Recorder()
    build_plan(heads().read_bytes(), make_options(), progress=recorder)
    kinds = [event[0] for event in recorder.events]
    assert kinds.count('start') == kinds.count('finish') > 0
    assert 'step' in kinds


@pytest.mark.tensorrt
def test_build_can_be_cancelled(trt, heads):
    if not has_progress_monitor(trt):
        pytest.skip(f'TensorRT {describe(trt)} cannot stop a build')
    recorder = Recorder()
    recorder.is_cancelled = True
    with pytest.raises(BuildCancelledError, match=r'nothing was written'):
        build_plan(heads().read_bytes(), make_options(), progress=recorder)


@pytest.mark.tensorrt
def test_kernel_times_serve_the_next_build(trt, heads, tmp_path, caplog):
    caplog.set_level(logging.WARNING, 'yolotrt_ros.trt.timing_cache')
    path = tmp_path / 'times' / 'timing.cache'
    options = make_options(timing_cache=path)
    build_plan(heads().read_bytes(), options)
    assert path.stat().st_size > 0
    config = create_builder(trt).create_builder_config()
    assert timing_cache.attach(config, path)
    build_plan(heads().read_bytes(), options)
    # TensorRT's own words are another matter: without cuBLAS, 8.6 cannot read all that it wrote.
    assert not [r for r in caplog.records if r.name == 'yolotrt_ros.trt.timing_cache']


# In a process of their own, because a library that crashes would take the other tests with it, and
# because a plugin that is loaded once stays.
BUILD = """\
from pathlib import Path
import sys
from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.build_options import BuildOptions
from yolotrt_ros.trt.builder import build_plan
from yolotrt_ros.trt.precision import Precision
network, cache = map(Path, sys.argv[1:])
options = BuildOptions(
    precision=Precision.FP32, batch=(1, 1, 1), sizes=((96, 64),) * 3, optimization_level=0,
    timing_cache=cache, tactic_sources=('EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS'),
)
with CudaSession(find_device('0')):
    try:
        print('built', len(build_plan(network.read_bytes(), options).plan))
    except BuildError as error:
        print('refused', error)
"""


def build_elsewhere(network, cache):
    return subprocess.run(
        [sys.executable, '-c', BUILD, str(network), str(cache)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.tensorrt
def test_damaged_kernel_times_are_replaced(trt, heads, tmp_path):
    cache = tmp_path / 'timing.cache'
    cache.write_bytes(b'no timing cache' * 99)
    child = build_elsewhere(heads(), cache)
    assert child.stdout.startswith('built'), child.stderr
    assert 'cache' in child.stderr  # said by this package, or by TensorRT where it takes anything
    assert not cache.read_bytes().startswith(b'no timing cache')


@pytest.mark.tensorrt
def test_plugin_that_is_not_loaded_is_asked_for(prepared, tmp_path):
    path = tmp_path / 'with_plugin.onnx'
    model = prepared(input_shape=(1, 3, NETWORK_WH[1], NETWORK_WH[0])).model
    path.write_bytes(model.SerializeToString())
    child = build_elsewhere(path, tmp_path / 'timing.cache')
    assert child.stdout.startswith('refused'), child.stderr
    assert 'YoloLayer_TRT' in child.stdout
    assert 'is not loaded: give its library with --plugin' in child.stdout
