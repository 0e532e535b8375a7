# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An engine beside the golden detections of the network that it was built from."""

import json

import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')
pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test.tools.recordings import image_message, write_bag
from yolotrt_ros.__main__ import main
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.demo import DECODED_MODEL, HELD_OUT_SEED, render_scene
from yolotrt_ros.tools import replay

# The fastest build, with what comes with TensorRT itself: the rest wants cuBLAS and cuDNN.
FAST = (
    '--optimization-level',
    '0',
    '--tactic-sources',
    'EDGE_MASK_CONVOLUTIONS,JIT_CONVOLUTIONS',
)
NUM_SCENES = 12


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """A recording of the arena, and what the ONNX network finds in it."""
    folder = tmp_path_factory.mktemp('scenes')
    pictures = [render_scene(HELD_OUT_SEED + number).image_bgr for number in range(NUM_SCENES)]
    messages = [
        image_message(ImageView.from_array(picture), number)
        for number, picture in enumerate(pictures)
    ]
    bag = write_bag(folder / 'bag', {'/camera/image': messages})
    golden = folder / 'golden.json'
    assert run(bag, DECODED_MODEL, '--write-golden', golden) == 0
    return bag, golden


def run(bag, model, *options):
    return replay.main([str(bag), '--model', str(model), '--quiet', *map(str, options)])


def test_the_network_finds_objects_in_the_scenes(scenes):
    frames = json.loads(scenes[1].read_text())['frames']
    assert len(frames) == NUM_SCENES
    assert sum(len(frame['detections']) for frame in frames) > NUM_SCENES


@pytest.mark.slow
@pytest.mark.tensorrt
def test_an_engine_finds_what_its_network_found(scenes, tensorrt_module, tmp_path, capsys):
    bag, golden = scenes
    engine, report = tmp_path / 'demo.engine', tmp_path / 'report.json'
    words = ['build_engine', str(DECODED_MODEL), '--output', str(engine), '--batch', '1', *FAST]
    assert main([*words, '--precision', 'fp32']) == 0
    capsys.readouterr()
    options = ('--min-iou', '0.9', '--max-disagreeing', '0.04', '--json', report)
    status = run(bag, engine, '--expect', golden, *options)
    text = capsys.readouterr().out
    assert status == 0, text
    assert 'demo.engine now, made of the same ONNX network' in text
    figures = json.loads(report.read_text())
    assert figures['frames'] == NUM_SCENES
    assert figures['golden']['matched'] > NUM_SCENES

    # A threshold that has changed is caught with an engine too.
    assert run(bag, engine, '--expect', golden, '--score-threshold', '0.7') == 1
    assert 'parameter score_threshold was 0.25, but is 0.7 now' in capsys.readouterr().out
