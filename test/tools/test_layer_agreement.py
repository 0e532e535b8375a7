# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``agree``: do two networks compute the same, and where do they begin not to."""

from dataclasses import replace
import json

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test import networks
from test.trt.engines import build_engine, OWN_SOURCES
from yolotrt_ros.core.errors import ConfigError, EngineError, ModelError
from yolotrt_ros.demo import DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.tools.layer_agreement import main

NETWORK_WH = (96, 64)
SHAPE = (1, 3, 64, 96)
NUM_CLASSES = 3
METADATA = {'anchors': str(networks.ANCHORS.tolist())}


@pytest.fixture
def weights(rng):
    return networks.HeadWeights.random(rng, NUM_CLASSES)


@pytest.fixture
def heads(tmp_path, weights):
    """Return a function that writes a network with three heads."""

    def write(name, weights=weights, **details):
        facts = {'has_sigmoid': True, 'metadata': METADATA, 'input_shape': SHAPE} | details
        return networks.raw_heads_network(tmp_path / f'{name}.onnx', weights, **facts)

    return write


@pytest.fixture(params=['own', 'polygraphy'])
def by_layer(request):
    """Return the words that ask for layers, once for each runner."""
    if request.param == 'polygraphy':
        pytest.importorskip('polygraphy', reason='Polygraphy is not installed')
    return ['--layers', '--runner', request.param]


def with_other_bias(weights, level, amount):
    """Return weights whose convolution at one level adds more."""
    biases = list(weights.biases)
    biases[level] = biases[level] + np.float32(amount)
    return replace(weights, biases=biases)


def agree(capsys, *words):
    """Return exit status and output."""
    status = main([str(word) for word in words])
    return status, capsys.readouterr().out


def figures_of(path):
    content = json.loads(path.read_text())
    return content['agrees'], {item['name']: item for item in content['tensors']}


def test_a_network_agrees_with_its_copy(heads, capsys, tmp_path):
    json_path = tmp_path / 'figures.json'
    status, output = agree(capsys, heads('a'), heads('b'), '--json', json_path)
    assert status == 0
    assert 'b.onnx agrees with' in output
    assert 'in 3 outputs within 0.001' in output
    agrees, tensors = figures_of(json_path)
    assert agrees
    assert list(tensors) == ['head0', 'head1', 'head2']
    assert all(item['max_abs'] == 0 for item in tensors.values())


def test_object_alone_is_on_the_output_where_it_is_asked_for(heads, capsys):
    status, output = agree(capsys, heads('a'), heads('b'), '--json', '-')
    assert (status, json.loads(output)['agrees']) == (0, True)


def test_file_that_cannot_be_written_is_refused_at_once(heads, capsys, tmp_path):
    with pytest.raises(ConfigError, match=r'absent/figures\.json.*cannot be written'):
        agree(capsys, heads('a'), heads('b'), '--json', tmp_path / 'absent' / 'figures.json')
    with pytest.raises(ConfigError, match='is read by this command; choose another file'):
        agree(capsys, heads('a'), heads('b'), '--json', heads('b'))


def test_the_first_layer_that_differs_is_named(heads, weights, capsys, tmp_path, by_layer):
    json_path = tmp_path / 'figures.json'
    other = heads('b', with_other_bias(weights, 1, 0.5))
    status, output = agree(capsys, heads('a'), other, *by_layer, '--json', json_path)
    assert status == 1
    assert '2 of 9 layers' in output
    assert 'the first is logits1: 0.5 at [0, ' in output
    _, tensors = figures_of(json_path)
    differing = [name for name, item in tensors.items() if not item['agrees']]
    assert differing == ['logits1', 'head1']
    assert tensors['logits1']['mean_abs'] == pytest.approx(0.5, rel=1e-5)
    assert tensors['mean1']['max_abs'] == 0


def test_outputs_tell_the_same_difference(heads, weights, capsys):
    status, output = agree(capsys, heads('a'), heads('b', with_other_bias(weights, 2, 0.5)))
    assert status == 1
    assert '1 of 3 outputs' in output
    assert 'the first is head2' in output


def test_tolerance_can_be_given(heads, weights, capsys):
    paths = heads('a'), heads('b', with_other_bias(weights, 2, 0.5))
    assert agree(capsys, *paths, '--atol', '0.2')[0] == 0
    assert agree(capsys, *paths, '--rtol', '0.2')[0] == 0
    assert agree(capsys, *paths, '--rtol', '1e-4')[0] == 1


@pytest.mark.parametrize(
    'words', [('--rtol', 'nan'), ('--atol', 'inf'), ('--rtol', '-1'), ('--seed', '-1')]
)
def test_numbers_that_say_nothing_are_refused(heads, capsys, words):
    with pytest.raises(SystemExit) as status:
        agree(capsys, heads('a'), heads('b'), *words)
    assert status.value.code == 2
    assert f"{words[0]}: '{words[1]}' must be a" in capsys.readouterr().err


def test_heads_agree_with_their_decoding(heads, weights, capsys, tmp_path):
    decoded = networks.decoded_heads_network(tmp_path / 'd.onnx', weights, NETWORK_WH)
    status, output = agree(capsys, decoded, heads('a'))
    assert status == 0
    assert 'candidates without partner' in output


def test_other_anchors_show_in_boxes_alone(heads, weights, capsys, tmp_path):
    decoded = networks.decoded_heads_network(tmp_path / 'd.onnx', weights, NETWORK_WH)
    anchors = {'anchors': str((networks.ANCHORS * 1.05).tolist())}
    json_path = tmp_path / 'figures.json'
    status, output = agree(capsys, decoded, heads('a', metadata=anchors), '--json', json_path)
    assert status == 1
    assert 'the first is boxes' in output
    _, tensors = figures_of(json_path)
    assert tensors['scores']['agrees']


def test_the_demo_network_and_its_heads(capsys, by_layer):
    # Random patches hold no robot: faint candidates have to do.
    assert agree(capsys, DECODED_MODEL, HEADS_MODEL)[0] == 0
    status, output = agree(capsys, DECODED_MODEL, HEADS_MODEL, *by_layer)
    assert status == 0
    assert 'layers within' in output


def test_layers_are_found_by_their_operators_where_names_differ(heads, capsys, tmp_path, by_layer):
    first, second = heads('a'), tmp_path / 'renamed.onnx'
    model = networks.onnx.load(str(first))
    inner = {name for node in model.graph.node for name in node.output}
    inner -= {item.name for item in model.graph.output}
    for node in model.graph.node:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = f'other/{name}' if name in inner else name
    networks.onnx.save(model, str(second))
    status, output = agree(capsys, first, second, *by_layer, '--all')
    assert status == 0
    assert 'logits1' in output
    assert 'in 9 layers' in output


def test_tensors_of_one_name_and_other_operators_are_not_paired(heads, capsys, tmp_path, by_layer):
    first, second = heads('a'), tmp_path / 'numbered.onnx'
    model = networks.onnx.load(str(first))
    names = {'mean0': 'logits0', 'logits0': 'mean0'}
    for node in model.graph.node:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = names.get(name, name)
    networks.onnx.save(model, str(second))
    status, output = agree(capsys, first, second, *by_layer, '--all')
    assert status == 0
    assert 'mean0' not in output
    assert 'in 7 layers' in output


def test_nan_is_found_where_it_begins(capsys, tmp_path, by_layer):
    helper = networks.helper
    paths = []
    for name, shift in (('a', 2.0), ('b', -0.5)):
        nodes = [
            helper.make_node('Add', ['images', 'shift'], ['shifted']),
            helper.make_node('Log', ['shifted'], ['logarithm']),
            helper.make_node('Relu', ['logarithm'], ['output0']),
        ]
        constants = {'shift': np.float32(shift)}
        path = tmp_path / f'{name}.onnx'
        paths.append(networks.save(path, nodes, constants, ['output0'], input_shape=SHAPE))
    status, output = agree(capsys, *paths, *by_layer, '--rtol', '1e6')
    assert status == 1
    assert 'the first is logarithm: ' in output
    assert 'NaN or infinite in one network and something else in the other' in output
    assert 'NaN or infinite values: first in logarithm, 0 and ' in output


def test_half_precision_has_a_wider_tolerance(heads, capsys, by_layer):
    status, output = agree(capsys, heads('a'), heads('b', dtype=np.float16), *by_layer)
    assert status == 0
    assert 'within 0.03' in output
    assert agree(capsys, heads('a'), heads('b', dtype=np.float16), '--rtol', '1e-6')[0] == 1


def test_a_picture_is_the_input(heads, weights, capsys, tmp_path, rng):
    picture = tmp_path / 'picture.png'
    cv2.imwrite(str(picture), rng.integers(0, 256, (48, 90, 3), np.uint8))
    paths = heads('a'), heads('b', with_other_bias(weights, 0, 1.0))
    assert agree(capsys, paths[0], paths[0], '--input', picture)[0] == 0
    assert agree(capsys, *paths, '--input', picture)[0] == 1


def test_a_fixed_batch_takes_copies_of_the_picture(heads, capsys, by_layer):
    batch = heads('b', input_shape=(3, *SHAPE[1:]))
    assert agree(capsys, heads('a'), batch)[0] == 0
    assert agree(capsys, batch, heads('a', input_shape=('n', 3, 'h', 'w')), *by_layer)[0] == 0


def test_networks_of_other_sizes_are_refused(heads):
    words = [str(heads('a')), str(heads('b', input_shape=(1, 3, 64, 64)))]
    with pytest.raises(ConfigError, match=r'different sizes, 96x64 \(.*a\.onnx\) and 64x64 .*use'):
        main(words)


def test_outputs_that_nobody_knows_are_compared_by_name(tmp_path, capsys):
    paths = []
    for name, output in (('a', 'odd'), ('b', 'odd'), ('c', 'other')):
        node = networks.helper.make_node('Relu', ['images'], [output])
        path = tmp_path / f'{name}.onnx'
        paths.append(networks.save(path, [node], {}, [output], input_shape=SHAPE))
    assert agree(capsys, *paths[:2])[0] == 0
    with pytest.raises(ModelError, match=r'odd \[1, 3, 64, 96\] of .*b\.onnx and other .*c\.onnx'):
        agree(capsys, *paths[1:])


def test_missing_engine_is_named_first(heads, tmp_path):
    missing = str(tmp_path / 'absent.engine')
    with pytest.raises(EngineError, match=r'absent\.engine does not exist'):
        main([str(heads('a')), missing])


def test_candidates_of_a_network_that_sees_nothing(heads, tmp_path, capsys):
    table = networks.yolov5_table([])
    names = {'names': "{0: 'a', 1: 'b', 2: 'c'}"}
    rows = {'output0': (table, np.zeros_like(table))}
    empty = networks.brightness_network(tmp_path / 'empty.onnx', rows, metadata=names)
    shape = (1, 3, 64, 64)
    raw = heads('a', input_shape=shape)
    status, output = agree(capsys, empty, raw)
    assert status == 1
    assert 'candidates without partner' in output


@pytest.fixture
def engine(tensorrt_module, heads):
    """Return an ONNX network and its engine."""
    path = heads('network', input_shape=SHAPE)
    engine_path = path.with_suffix('.engine')
    engine_path.write_bytes(build_engine(tensorrt_module, path))
    return path, engine_path


@pytest.mark.tensorrt
def test_an_engine_agrees_with_its_network(engine, capsys):
    words = [*engine, '--precision', 'fp32', '--device', '0', '--anchors']
    anchors = [str(side) for side in np.ravel(networks.ANCHORS)]
    status, output = agree(capsys, *words, *anchors)
    assert status == 0, output


@pytest.mark.tensorrt
def test_the_layers_of_an_engine_agree(engine, capsys, by_layer):
    words = [*engine, *by_layer, '--all', '--precision', 'fp32', '--device', '0']
    status, output = agree(capsys, *words, '--tactic-sources', ','.join(OWN_SOURCES))
    assert status == 0, output
    assert 'in 9 layers' in output
    assert 'logits1' in output


@pytest.mark.tensorrt
def test_the_engine_of_another_network_does_not_agree(engine, heads, weights, capsys):
    other = heads('other', with_other_bias(weights, 0, 1.0))
    assert agree(capsys, other, engine[1], '--precision', 'fp32', '--device', '0')[0] == 1


@pytest.mark.tensorrt
def test_layers_want_the_network_first_and_a_precision_that_can_be_had(engine, capsys):
    with pytest.raises(ConfigError, match=r'must be the ONNX network, with the engine behind it'):
        agree(capsys, engine[1], engine[0], '--layers', '--device', '0')
    with pytest.raises(ConfigError, match=r'is not quantised'):
        agree(capsys, *engine, '--layers', '--precision', 'int8', '--device', '0')
