# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros build_engine`` from the network to the verified engine."""

import json
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from yolotrt_ros.__main__ import main
from yolotrt_ros.core.heads import PLUGIN_OUTPUTS
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.tools.demo_dataset import write_demo_dataset
from yolotrt_ros.tools.rebuild_words import rebuild_words
from yolotrt_ros.trt.compat import can_choose_precision, describe
from yolotrt_ros.trt.engine_card import card_path, EngineCard
from yolotrt_ros.trt.machine import this_machine
from yolotrt_ros.trt.precision import Precision

ROOT = Path(__file__).resolve().parents[2]
# The fastest build, with what comes with TensorRT itself: the rest wants cuBLAS and cuDNN.
FAST = (
    '--optimization-level',
    '0',
    '--tactic-sources',
    'EDGE_MASK_CONVOLUTIONS,JIT_CONVOLUTIONS',
)


def test_missing_tensorrt_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    assert main(['build_engine', str(DECODED_MODEL)]) == 1
    assert 'TensorRT is not installed for this Python' in capsys.readouterr().err


def test_wrong_call_ends_with_status_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['build_engine', str(DECODED_MODEL), '--batch', 'many'])
    assert stop.value.code == 2
    assert "'many' must be a number, or min,opt,max" in capsys.readouterr().err


def test_launcher_starts_from_any_folder(tmp_path):
    child = subprocess.run(
        [sys.executable, ROOT / 'scripts' / 'build_engine.py', '--help'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    assert '--calibration-method' in child.stdout


def test_engine_to_verify_that_does_not_exist_is_named(tmp_path, capsys):
    engine = tmp_path / 'absent.engine'
    assert main(['build_engine', str(DECODED_MODEL), '--verify-only', str(engine)]) == 1
    assert capsys.readouterr().err  # the machine lacks a GPU or TensorRT, or the engine is missing


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('engines')


@pytest.fixture(scope='module')
def scenes(folder):
    """Pictures of the arena, enough to see every class."""
    pictures = folder / 'pictures'
    pictures.mkdir()
    write_demo_dataset(pictures, 24)
    return pictures


@pytest.fixture
def build(tensorrt_module, folder, scenes, capsys):
    """Return a function that builds an engine of the demo network: status, record and messages."""

    def build_engine(name, *words):
        capsys.readouterr()
        engine = folder / name
        status = main(
            [
                'build_engine', str(DECODED_MODEL), '--output', str(engine), '--batch', '1',
                '--timing-cache', str(folder / 'timing.cache'), '--json', *FAST, *words,
            ]
        )  # fmt: skip
        output = capsys.readouterr()
        return status, json.loads(output.out), output.err

    return build_engine


@pytest.mark.slow
@pytest.mark.tensorrt
def test_fp16_engine_with_plugin_is_as_good_as_its_network(
    build, tensorrt_module, folder, scenes, capsys
):
    trt = tensorrt_module
    precision = 'fp16' if can_choose_precision(trt) else 'fp32'
    status, record, messages = build(
        'plugin.engine', '--precision', precision, '--verify', str(scenes), '--verbose'
    )
    engine = folder / 'plugin.engine'
    assert status == 0, messages
    assert record['engine'] == str(engine)
    assert record['verification']['as_expected']
    assert record['verification']['num_frames'] == 24
    assert record['verification']['num_matched'] > 50
    card = EngineCard.read(engine)
    assert json.loads(card_path(engine).read_text()) == record['card']
    assert card.head == 'PLUGIN'
    assert card.precision is Precision(precision)
    assert ('FP16' in card.flags) == (precision == 'fp16')
    assert card.class_names == CLASS_NAMES
    assert card.strides == (8, 16, 32)
    assert len(card.anchors) == 18
    assert card.score_threshold == pytest.approx(0.01)
    assert {output.name for output in card.outputs} == set(PLUGIN_OUTPUTS)
    assert card.input.max_shape == (1, 3, 384, 640)
    assert card.plugin_sha256
    device = find_device('auto')
    assert card.tensorrt_version == describe(trt)
    assert card.reasons_against(this_machine(device)) == []
    assert card.figures['plan_bytes'] == engine.stat().st_size
    assert card.figures['layers_by_type']
    assert card.figures['verification'] == record['verification']
    assert str(DECODED_MODEL) in card.rebuild_command()
    assert f'--output {engine}' in card.rebuild_command()
    # The layer table, and whether the plugin's inputs are copied.
    assert 'YoloLayer' in messages
    assert 'plugin    ' in messages

    # The same engine again, without building it.
    words = ['build_engine', str(DECODED_MODEL), '--verify-only', str(engine)]
    assert main([*words, '--verify', str(scenes), '--verify-images', '4']) == 0
    assert 'as expected' in capsys.readouterr().out
    assert EngineCard.read(engine).figures['verification']['num_frames'] == 4


@pytest.mark.slow
@pytest.mark.tensorrt
def test_network_as_it_is_and_no_pictures(build, folder):
    status, record, messages = build('plain.engine', '--precision', 'fp32', '--no-plugin')
    assert status == 0, messages
    card = EngineCard.read(folder / 'plain.engine')
    assert card.head == 'YOLOV5'
    assert card.plugin_sha256 is None
    assert card.score_threshold == 0
    assert [output.name for output in card.outputs] == ['output0']
    assert record['verification']['pictures'] == '16 synthetic pictures'
    assert record['verification']['as_expected'] is None
    assert 'give pictures with --verify PATH' in messages
    assert record['verification']['num_frames'] == 16


@pytest.mark.slow
@pytest.mark.tensorrt
def test_int8_engine_is_calibrated_and_verified(build, tensorrt_module, folder, scenes):
    if not can_choose_precision(tensorrt_module):
        pytest.skip(f'TensorRT {describe(tensorrt_module)} takes INT8 scales from the ONNX')
    table = folder / 'calibration.cache'
    status, record, messages = build(
        'int8.engine', '--calibration', str(scenes), '--calibration-cache', str(table)
    )
    assert status in (0, 3), messages  # two dozen pictures are few
    card = EngineCard.read(folder / 'int8.engine')
    assert card.precision is Precision.INT8
    assert {'INT8', 'FP16'} <= set(card.flags)
    counts = card.figures['layers_by_type']
    assert counts['FP16'] > 0  # the heads at least
    assert ('INT8' in counts) == (card.figures['precision_warning'] is None)
    assert table.read_bytes().startswith(b'TRT-')
    assert re.search(
        r' s  calibrating: 0 of (\d+)\n(.*\n)*.* s  calibrating: \1 of \1\n', messages
    )
    found = record['verification']
    assert found['num_matched'] > 0.7 * found['num_reference'] > 0
    assert (status == 3) == (not found['as_expected'])


@pytest.mark.slow
@pytest.mark.tensorrt
def test_engine_that_finds_other_things_ends_with_status_3(
    tensorrt_module, folder, scenes, tmp_path, capsys
):
    # An engine of the same form, whose weights are zero: it finds nothing where the network does.
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(DECODED_MODEL))
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim == 4:
            tensor.CopyFrom(numpy_helper.from_array(values * 0, tensor.name))
    path, engine = tmp_path / 'zero.onnx', tmp_path / 'zero.engine'
    onnx.save(model, str(path))
    words = ['--batch', '1', '--timing-cache', str(folder / 'timing.cache'), *FAST]
    words += ['--precision', 'fp32', '--no-plugin', '--no-verify', '--output', str(engine)]
    assert main(['build_engine', str(path), *words]) == 0
    capsys.readouterr()
    words = ['--verify-only', str(engine), '--verify', str(scenes), '--verify-images', '4']
    assert main(['build_engine', str(DECODED_MODEL), *words]) == 3
    output = capsys.readouterr()
    assert 'NOT AS EXPECTED' in output.out
    assert 'was built from another file' in output.err
    assert not EngineCard.read(engine).figures['verification']['as_expected']


@pytest.mark.tensorrt
def test_what_cannot_be_built_is_explained_before_anything_is_written(
    tensorrt_module, tmp_path, capsys
):
    network = str(shutil.copy(DECODED_MODEL, tmp_path / 'demo.onnx'))
    for words, text in (
        ([], 'leaves its batch open; add --batch 1'),
        (['--batch', '1', '--size', '640x640'], 'takes 384x640 (height x width) only'),
        (['--batch', '1', '--precision', 'int8'], 'give --calibration PATH'),
        (['--batch', '1', '--verify', str(tmp_path / 'absent')], 'does not exist'),
        (['--batch', '1', '-o', str(tmp_path / 'absent' / 'x.engine')], 'cannot be written'),
        (['--batch', '1', '--device', '99'], "must be 'auto' or the index of a GPU"),
        (['--batch', '1', '--plugin', str(tmp_path / 'absent.so')], 'absent.so'),
        (['--batch', '1', '--tactic-sources', 'ODD', '--no-plugin'], 'has no tactic source ODD'),
    ):
        assert main(['build_engine', network, *words]) == 1
        assert text in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['demo.onnx']


@pytest.mark.slow
@pytest.mark.tensorrt
def test_interrupt_leaves_nothing_behind(tensorrt_module, tmp_path):
    engine = tmp_path / 'demo.engine'
    options = parse([str(DECODED_MODEL), '--batch', '1', '--timing-cache', 'none', *FAST])
    words = rebuild_words(options, engine)
    child = subprocess.Popen(
        [sys.executable, '-m', 'yolotrt_ros', 'build_engine', str(DECODED_MODEL), *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in child.stderr:
            if line.startswith('building'):
                break
        time.sleep(2)  # into TensorRT's own call
        child.send_signal(signal.SIGINT)
        _, messages = child.communicate(timeout=120)
    finally:
        child.kill()
    assert child.returncode == 130, messages
    assert 'nothing was written' in messages
    assert list(tmp_path.iterdir()) == []
