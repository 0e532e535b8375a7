# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole way: three processes over DDS, as ``scripts/demo.sh`` starts them."""

import os
from pathlib import Path
import re
import subprocess
import sys

import cv2
import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2 or run scripts/setup.sh')

from yolotrt_ros.__main__ import main
from yolotrt_ros.cpu.contact_sheet import PANEL_WIDTH

pytestmark = pytest.mark.ros


def run(network, source, output) -> int:
    return main(
        [
            'demo', '--model', str(network), '--source', str(source), '--frames', '25',
            '--rate', '20', '--output', str(output),
        ]
    )  # fmt: skip


def test_ends_with_a_summary_whose_counts_agree(network, pictures, tmp_path, capsys):
    assert run(network, pictures / 'a_red.png', tmp_path / 'out') == 0
    summary = capsys.readouterr().out
    numbers = {name: int(value) for name, value in re.findall(r'^(\w+) +(\d+)', summary, re.M)}
    assert numbers['published'] == 25
    assert numbers['received'] == numbers['processed'] + numbers['dropped'] > 0
    assert numbers['messages'] == numbers['processed']
    assert re.search(rf' {numbers["processed"]} red$', summary, re.M)
    assert re.search(r'stamp to receipt median \d+\.\d ms, p99 \d+\.\d ms', summary)


def test_saves_a_contact_sheet(network, pictures, tmp_path):
    run(network, pictures / 'a_red.png', tmp_path / 'out')
    sheet = cv2.imread(str(tmp_path / 'out' / 'contact_sheet.png'))
    assert sheet.shape[1] > 3 * PANEL_WIDTH


def test_a_network_that_does_not_load_is_reported(pictures, tmp_path, capsys):
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'no network')
    assert run(broken, pictures, tmp_path / 'out') == 1
    assert 'cannot be loaded by ONNX Runtime' in capsys.readouterr().err


def test_a_source_that_does_not_exist_is_named(network, tmp_path, capsys):
    assert run(network, tmp_path / 'absent.mp4', tmp_path / 'out') == 1
    assert 'does not exist; choose another with --source' in capsys.readouterr().err


def children_of(process):
    return Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()


def test_no_process_outlives_one_that_is_terminated(network, pictures, tmp_path):
    words = ['--model', network, '--source', pictures, '--frames', '1000', '--output', tmp_path]
    with subprocess.Popen(
        [sys.executable, '-m', 'yolotrt_ros', 'demo', *map(str, words)], stderr=subprocess.PIPE
    ) as process:
        assert process.stderr.read(1)  # the progress bar comes once all are there
        children = children_of(process)
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert len(children) == 3
    assert not [number for number in children if Path('/proc', number).exists()]


def test_keeps_to_this_machine_on_humble_too(network, pictures, tmp_path):
    words = ['--model', network, '--source', pictures, '--frames', '1000', '--output', tmp_path]
    chosen = {name: value for name, value in os.environ.items() if name != 'ROS_LOCALHOST_ONLY'}
    with subprocess.Popen(
        [sys.executable, '-m', 'yolotrt_ros', 'demo', *map(str, words)],
        stderr=subprocess.PIPE,
        env=chosen | {'ROS_DISTRO': 'humble'},
    ) as process:
        assert process.stderr.read(1)  # the progress bar comes once all are there
        variables = [Path('/proc', child, 'environ').read_text() for child in children_of(process)]
        process.terminate()
        process.communicate(timeout=60)
    assert ['ROS_LOCALHOST_ONLY=1' in text.split('\0') for text in variables] == [True] * 3
