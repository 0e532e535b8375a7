# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real recordings through a real network, beside detections that another program computed."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed: run scripts/setup.sh')

from test.tools.recordings import image_message, write_bag
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.color import to_bgr
from yolotrt_ros.tools import replay
from yolotrt_ros.tools.bag_images import read_recorded_image
from yolotrt_ros.tools.bag_recording import open_recording
from yolotrt_ros.tools.golden import Golden, GoldenDetection, GoldenFrame, write_golden

RAW, COMPRESSED = 'street_raw_bgr8_sqlite3', 'street_compressed_mcap'
TOPICS = {RAW: '/camera/image_raw', COMPRESSED: '/camera/image_raw/compressed'}


@pytest.fixture(scope='module')
def network(test_data):
    return test_data('models/yolov5n.onnx')


@pytest.fixture(scope='module')
def golden(test_data, network, tmp_path_factory):
    """What the network finds in the raw recording."""
    path = tmp_path_factory.mktemp('golden') / 'golden.json'
    args = [str(test_data(f'bags/{RAW}')), '--model', str(network), '--write-golden', str(path)]
    assert replay.main([*args, '--quiet']) == 0
    return path


@pytest.fixture
def run(network, capsys):
    def run(bag, *options, model=network):
        args = [str(bag), '--model', str(model), '--quiet', *map(str, options)]
        status = replay.main(args)
        return status, capsys.readouterr().out

    return run


def changed(bag, path, change):
    """Write the raw recording anew with changed pictures."""
    with open_recording(bag) as recording:
        messages = []
        for message in recording.messages({TOPICS[RAW]}):
            image = read_recorded_image(message)
            view = ImageView.from_array(np.ascontiguousarray(change(to_bgr(image.view))))
            messages.append(image_message(view, image.header.stamp_ns))
    return write_bag(path, {TOPICS[RAW]: messages})


@pytest.mark.parametrize('name', TOPICS)
def test_detections_are_those_of_the_reference(name, run, test_data, tmp_path):
    reference = json.loads(test_data('reference/bags_yolov5n.json').read_text())
    frames = tuple(
        GoldenFrame(
            TOPICS[name],
            item['stamp_ns'],
            tuple(
                GoldenDetection(**row | {'xyxy': tuple(row['xyxy'])}) for row in item['detections']
            ),
        )
        for item in reference['bags'][name]
    )
    expected = tmp_path / 'reference.json'
    write_golden(expected, Golden(name, {}, {}, {}, frames))
    report = tmp_path / 'report.json'
    options = ('--expect', expected, '--min-iou', 0.95, '--max-score-change', 0.02)
    status, text = run(test_data(f'bags/{name}'), *options, '--json', report)
    assert status == 0, text
    figures = json.loads(report.read_text())['golden']
    assert figures['frames'] == len(frames) == {RAW: 8, COMPRESSED: 51}[name]
    assert figures['matched'] == figures['golden'] == figures['found'] > 100
    assert figures['iou_min'] >= 0.95
    assert figures['score_change_max'] <= 0.02


def test_a_second_run_is_the_same_to_the_bit(run, golden, test_data, tmp_path):
    again = tmp_path / 'again.json'
    assert run(test_data(f'bags/{RAW}'), '--write-golden', again)[0] == 0
    assert again.read_bytes() == golden.read_bytes()


def test_half_precision_is_within_the_tolerances(run, golden, test_data):
    model = test_data('models/yolov5n_fp16io.onnx')
    status, text = run(test_data(f'bags/{RAW}'), '--expect', golden, model=model)
    assert status == 0, text
    assert (
        'note        network: another one: the file was yolov5n.onnx, but is yolov5n_fp1' in text
    )


@pytest.mark.parametrize(
    ('options', 'cause'),
    [
        (['--score-threshold', '0.4'], 'threshold: all 66 missing objects scored at most 0.38'),
        (['--score-threshold', '0.15'], 'a lower score threshold would have it'),
        (['--iou-threshold', '0.7'], 'a higher iou_threshold, or NMS by class'),
    ],
)
def test_changed_parameters_are_caught_by_their_figures(options, cause, run, golden, test_data):
    status, text = run(test_data(f'bags/{RAW}'), '--expect', golden, *options)
    assert status == 1
    assert cause in text


@pytest.mark.parametrize(
    ('change', 'cause'),
    [
        (lambda bgr: bgr[:, :, ::-1], 'scores: lower, with the boxes in place'),
        (
            # As if the rows of padding above the picture were forgotten.
            lambda bgr: cv2.copyMakeBorder(bgr, 20, 0, 0, 0, cv2.BORDER_CONSTANT, value=[114] * 3),
            'geometry: all boxes are shifted by (',
        ),
        (
            lambda bgr: cv2.resize(bgr, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
            'geometry: all boxes are scaled by 0.5',
        ),
    ],
)
def test_changed_pictures_are_caught_by_their_figures(
    change, cause, run, golden, test_data, tmp_path
):
    bag = changed(test_data(f'bags/{RAW}'), tmp_path / 'bag', change)
    status, text = run(bag, '--expect', golden)
    assert status == 1
    assert cause in text
