# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros detect``."""

import json
import re
import resource
import subprocess
import sys

import cv2
import numpy as np
import onnx
import pytest

from test.color_network import expected_box
from yolotrt_ros.__main__ import main


def records(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_prints_one_object_a_picture(network, pictures, capsys):
    assert main(['detect', str(network), str(pictures), '--json', '--score-threshold', '0.5']) == 0
    red, black = records(capsys)
    assert red['file'] == str(pictures / 'a_red.png')
    assert (red['width'], red['height']) == (64, 48)
    (found,) = red['detections']
    assert (found['class_id'], found['class_name']) == (0, 'red')
    assert found['score'] > 0.5
    assert found['xyxy'] == pytest.approx(expected_box('red', (64, 48)).tolist(), abs=1e-3)
    assert black['detections'] == []


def test_without_json_a_line_says_what_was_found(network, pictures, capsys):
    main(['detect', str(network), str(pictures), '--quiet', '--score-threshold', '0.5'])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(': ')[1] for line in lines] == ['1 red', 'nothing']


def test_candidates_that_are_no_numbers_are_counted(network, pictures, capsys):
    model = onnx.load(str(network))
    [table] = [item for item in model.graph.initializer if item.name == 'table']
    values = onnx.numpy_helper.to_array(table).copy()
    values[0, 0] = np.nan
    table.CopyFrom(onnx.numpy_helper.from_array(values, 'table'))
    onnx.save(model, str(network))
    assert main(['detect', str(network), str(pictures), '--quiet']) == 0
    assert '2 candidates of the network are NaN or infinite' in capsys.readouterr().err


def test_a_video_counts_its_frames(network, video, capsys):
    main(['detect', str(network), str(video), '--json', '--score-threshold', '0.5'])
    found = records(capsys)
    assert [record['file'] for record in found] == [f'{video}#{index}' for index in range(5)]
    assert all(len(record['detections']) == 1 for record in found)


def test_save_writes_annotated_pictures(network, pictures, tmp_path):
    main(['detect', str(network), str(pictures), '--save', str(tmp_path / 'out')])
    before = cv2.imread(str(pictures / 'a_red.png'))
    after = cv2.imread(str(tmp_path / 'out' / 'a_red.png'))
    assert after.shape == before.shape
    assert (after != before).any()


def test_save_writes_an_annotated_video(network, video, tmp_path):
    main(['detect', str(network), str(video), '--save', str(tmp_path / 'out')])
    result = cv2.VideoCapture(str(tmp_path / 'out' / 'video.mp4'))
    assert int(result.get(cv2.CAP_PROP_FRAME_COUNT)) == 5
    assert result.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    _, frame = result.read()
    # The strip with time and rate is dark, the rest of the frame is red.
    assert frame[1:8, 4:40, 2].mean() + 50 < frame[-8:, :, 2].mean()


def test_a_damaged_picture_is_reported_and_the_others_are_read(network, pictures, capsys):
    (pictures / 'a_damaged.jpg').write_bytes(b'no picture')
    assert main(['detect', str(network), str(pictures), '--json']) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 2
    assert 'a_damaged.jpg cannot be decoded as a picture' in output.err


def test_a_damaged_video_is_reported_and_the_others_are_read(network, pictures, video, capsys):
    (pictures / 'a_damaged.mp4').write_bytes(b'no video')
    damaged = pictures.parent / 'damaged.mp4'
    damaged.write_bytes(b'no video')
    assert main(['detect', str(network), str(damaged), str(pictures), str(video), '--json']) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 2 + 5
    assert 'a_damaged.mp4 cannot be decoded as a video' in output.err
    assert f'{damaged} cannot be decoded as a video' in output.err


def test_a_video_that_was_cut_short_is_reported(network, video, capsys):
    data = video.read_bytes()
    video.write_bytes(data[: data.index(b'movi') + (len(data) - data.index(b'movi')) // 3])
    assert main(['detect', str(network), str(video), '--json']) == 1
    output = capsys.readouterr()
    num_read = len(output.out.splitlines())
    assert 0 < num_read < 4
    assert f'video.avi ends after {num_read} frames, but 5 were expected' in output.err


def test_a_picture_that_no_network_takes_is_named_and_the_others_are_read(
    network, pictures, capsys
):
    cv2.imwrite(str(pictures / 'a_long.png'), np.zeros((2, 32769, 3), np.uint8))
    assert main(['detect', str(network), str(pictures), '--json']) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 2
    assert 'a_long.png is 32769x2 pixels' in output.err


def test_a_video_in_a_folder_that_cannot_be_made_is_reported(network, video, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert main(['detect', str(network), str(video), '--save', str(tmp_path / 'file')]) == 1
    assert 'video.mp4 cannot be written; check the folder: ' in capsys.readouterr().err


def test_a_video_that_does_not_fit_on_the_disk_is_reported(network, video, tmp_path):
    arguments = ['detect', str(network), str(video), '--quiet', '--save', str(tmp_path / 'out')]
    done = subprocess.run(
        [sys.executable, '-m', 'yolotrt_ros', *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)),
    )
    assert done.returncode == 1
    assert re.search(r'video\.mp4 holds \d of 5 frames; check the space', done.stderr)


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (['{network}', 'absent.png'], 'absent.png does not exist'),
        (['absent.onnx', '{pictures}'], 'absent.onnx does not exist'),
        (['network.pt', '{pictures}'], 'must be an .onnx network or a TensorRT .engine'),
        (['{network}', '{pictures}', '--score-threshold', '2'], 'must be between 0 and 1'),
        (['{network}', '{pictures}', '--class-filter', 'purple'], "'purple' is no class"),
        (['{network}', '{pictures}', '--save', '{pictures}'], 'would be overwritten'),
        (['{network}', '{pictures}', '{pictures}', '--save', 'out'], 'would both be written to'),
        (['a.engine', '{pictures}'], 'a.engine does not exist'),
    ],
)
def test_what_cannot_be_done_is_explained(network, pictures, capsys, arguments, text):
    given = [argument.format(network=network, pictures=pictures) for argument in arguments]
    assert main(['detect', *given]) == 1
    assert text in capsys.readouterr().err
