# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``agree --layers`` through Polygraphy and without it."""

from contextlib import closing
import json
import sys

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test import networks
from test.trt.engines import OWN_SOURCES
from yolotrt_ros.core.errors import BackendError, ConfigError, GraphError
from yolotrt_ros.demo import DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.tools.layer_agreement import main
from yolotrt_ros.tools.layer_agreement_engine import build_with_layers
from yolotrt_ros.tools.layer_agreement_layers import OnnxLayers
from yolotrt_ros.tools.layer_agreement_runner import choose_runner, RunnerChoice
from yolotrt_ros.trt.precision import Precision

SHAPE = (1, 3, 64, 96)
FIGURES = ('max_abs', 'mean_abs', 'max_rel', 'mean_rel')


@pytest.fixture
def polygraphy():
    """Return the module, or skip the test."""
    return pytest.importorskip('polygraphy', reason='Polygraphy is not installed')


@pytest.fixture
def no_polygraphy(monkeypatch):
    """Hide Polygraphy as if it were not installed."""
    monkeypatch.setitem(sys.modules, 'polygraphy', None)


@pytest.fixture
def noisy_copy(tmp_path, rng):
    """Return a function that copies a network with other weights."""

    def copy(path):
        from onnx import numpy_helper

        model = networks.onnx.load(str(path))
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.ndim == 4:
                values = (values * rng.normal(1, 0.01, values.shape)).astype(values.dtype)
                tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        copied = tmp_path / f'noisy_{path.name}'
        networks.onnx.save(model, str(copied))
        return copied

    return copy


@pytest.fixture
def agree(capsys, tmp_path):
    """Return a function that runs the command; it gives status, output and JSON."""

    def run(*words):
        path = tmp_path / 'figures.json'
        status = main([*map(str, words), '--json', str(path)])
        return status, capsys.readouterr().out, json.loads(path.read_text())

    return run


def same_figures(agree, *words):
    """Compare with both runners, check that they tell the same, and return the status."""
    status, output, found = agree(*words, '--layers', '--all', '--runner', 'polygraphy')
    own_status, own_output, own = agree(*words, '--layers', '--all', '--runner', 'own')
    assert (status, found['runner'], own['runner']) == (own_status, 'polygraphy', 'own')
    assert output.splitlines()[0].startswith('layers run by Polygraphy ')
    assert own_output.splitlines()[0] == 'layers run by the runtimes of the detector'
    assert output.splitlines()[1] == own_output.splitlines()[1]
    keys = [[(item['name'], item['shape']) for item in run['tensors']] for run in (found, own)]
    assert keys[0] == keys[1]
    for mine, other in zip(found['tensors'], own['tensors'], strict=True):
        assert mine['agrees'] == other['agrees'], mine['name']
        expected = {key: pytest.approx(other[key], rel=1e-3, abs=1e-6) for key in FIGURES}
        assert {key: mine[key] for key in FIGURES} == expected, mine['name']
    return status


def test_both_runners_give_the_same_figures(polygraphy, agree, noisy_copy):
    assert same_figures(agree, HEADS_MODEL, noisy_copy(HEADS_MODEL)) == 1
    assert same_figures(agree, DECODED_MODEL, HEADS_MODEL) == 0


@pytest.mark.parametrize('name', ['yolov5n', 'yolov8n_dynamic'])
def test_both_runners_give_the_same_figures_of_a_real_network(
    polygraphy, agree, noisy_copy, test_data, name
):
    path = test_data(f'models/{name}.onnx')
    assert same_figures(agree, path, noisy_copy(path), '--input', test_data('photos/bus.jpg'))


def test_polygraphy_is_the_choice_where_it_is_installed(polygraphy, agree):
    status, output, content = agree(HEADS_MODEL, HEADS_MODEL, '--layers')
    assert status == 0
    assert output.startswith(f'layers run by Polygraphy {polygraphy.__version__}\ntensor ')
    assert content['runner'] == 'polygraphy'


def test_own_way_is_the_choice_where_polygraphy_is_missing(no_polygraphy, agree):
    status, output, content = agree(HEADS_MODEL, HEADS_MODEL, '--layers')
    assert status == 0
    assert output.startswith('layers run by the runtimes of the detector, as Polygraphy is not')
    assert content['runner'] == 'own'


def test_missing_polygraphy_is_not_replaced_where_it_was_asked_for(no_polygraphy):
    with pytest.raises(BackendError, match=r'not installed; .*pip install polygraphy.*own'):
        choose_runner(RunnerChoice.POLYGRAPHY)


def test_outputs_need_no_runner(agree):
    _, output, content = agree(HEADS_MODEL, HEADS_MODEL)
    assert content['runner'] is None
    assert 'run by' not in output
    with pytest.raises(ConfigError, match=r'runner.*own.*add --layers'):
        main([str(HEADS_MODEL), str(HEADS_MODEL), '--runner', 'own'])


def test_names_that_polygraphy_takes_for_patterns(polygraphy, agree, tmp_path):
    node = networks.helper.make_node
    nodes = [node('Relu', ['images'], ['a[0]']), node('Sigmoid', ['a[0]'], ['output0'])]
    path = networks.save(tmp_path / 'a.onnx', nodes, {}, ['output0'], input_shape=SHAPE)
    with pytest.raises(GraphError, match=r"a\.onnx: has tensors .*'a\[0\]'.* use --runner own"):
        agree(path, path, '--layers', '--runner', 'polygraphy')
    assert agree(path, path, '--layers', '--runner', 'own')[0] == 0


def test_a_network_that_cannot_be_run_is_named(polygraphy, tmp_path):
    node = networks.helper.make_node('Gemm', ['images', 'images'], ['output0'])
    path = networks.save(tmp_path / 'a.onnx', [node], {}, ['output0'], input_shape=SHAPE)
    runner = choose_runner(RunnerChoice.POLYGRAPHY)
    with pytest.raises(GraphError, match=r'a\.onnx: cannot be run by Polygraphy .*--runner own'):
        runner.run_network(OnnxLayers(path), np.zeros(SHAPE[1:], np.float32))


@pytest.mark.tensorrt
def test_both_runners_see_the_same_in_an_engine(tensorrt_module, polygraphy, tmp_path, rng):
    from yolotrt_ros.gpu.device import find_device

    weights = networks.HeadWeights.random(rng, 3)
    path = networks.raw_heads_network(
        tmp_path / 'a.onnx', weights, has_sigmoid=True, input_shape=SHAPE
    )
    layers, image = OnnxLayers(path), rng.random(SHAPE[1:], np.float32)
    own, other = choose_runner(RunnerChoice.OWN), choose_runner(RunnerChoice.POLYGRAPHY)
    device = find_device('0')
    plan = build_with_layers(
        layers,
        other.run_network(layers, image),
        image,
        precision=Precision.FP32,
        device=device,
        tactic_sources=OWN_SOURCES,
    )
    with (
        closing(own.run_engine(layers, image, plan, device)) as expected,
        closing(other.run_engine(layers, image, plan, device)) as found,
    ):
        assert sorted(found.names) == sorted(expected.names) == sorted(layers.names)
        values = expected.fetch(layers.names), found.fetch(layers.names)
    for name in layers.names:
        np.testing.assert_allclose(values[1][name], values[0][name], 1e-6, 1e-6, err_msg=name)


@pytest.mark.tensorrt
def test_a_broken_engine_is_said_to_be_one(tensorrt_module, polygraphy, tmp_path):
    from yolotrt_ros.gpu.device import find_device

    runner = choose_runner(RunnerChoice.POLYGRAPHY)
    image = np.zeros((3, 64, 64), np.float32)
    with pytest.raises(BackendError, match=r'Polygraphy .* cannot run the engine: .*--runner own'):
        runner.run_engine(OnnxLayers(HEADS_MODEL), image, b'no engine at all', find_device('0'))
