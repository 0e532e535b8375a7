# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""scripts/compare_engines.py: one table for a network and what was made of it."""

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

pytest.importorskip('pycocotools', reason='pycocotools is not installed: run scripts/setup.sh')

from yolotrt_ros.demo import DECODED_MODEL, HEADS_MODEL

ROOT = Path(__file__).resolve().parents[2]


def compare(*arguments):
    return subprocess.run(
        [sys.executable, 'scripts/compare_engines.py', *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {'PYTHONPATH': str(ROOT)},
    )


def test_two_forms_of_one_network_are_equal(tmp_path):
    figures, picture = tmp_path / 'figures.json', tmp_path / 'plot.png'
    options = ('--demo-scenes', 4, '--runs', 3, '--json', figures, '--plot', picture)
    done = compare(DECODED_MODEL, HEADS_MODEL, *options)
    assert done.returncode == 0, done.stderr
    decoded, heads = json.loads(figures.read_text())['rows']
    assert decoded['map50'] > 0.7
    assert heads['map50_95'] == pytest.approx(decoded['map50_95'], abs=1e-3)
    assert decoded['p99_ms'] >= decoded['median_ms'] > 0
    assert decoded['file_bytes'] == DECODED_MODEL.stat().st_size
    assert decoded['device_bytes'] is None
    lines = [line for line in done.stdout.splitlines() if line.startswith('|')]
    assert len(lines) == 4
    assert lines[2].startswith('| demo.onnx | ONNX Runtime ')
    assert picture.read_bytes().startswith(b'\x89PNG')


def test_file_that_does_not_exist_is_named(tmp_path):
    done = compare(DECODED_MODEL, tmp_path / 'absent.engine', '--demo-scenes', 1)
    assert done.returncode == 1
    assert "compare_engines: parameter 'networks' is" in done.stderr
    assert 'absent.engine' in done.stderr


def test_engine_that_cannot_run_is_explained(tmp_path):
    # Without a GPU this is what is missing; with one, the file is seen to be no engine.
    path = tmp_path / 'rubbish.engine'
    path.write_text('no engine')
    done = compare(DECODED_MODEL, path, '--demo-scenes', 1)
    assert done.returncode == 1
    assert 'compare_engines: ' in done.stderr
    assert 'Traceback' not in done.stderr


def test_pictures_must_be_named():
    done = compare(DECODED_MODEL)
    assert done.returncode == 2
    assert 'give --annotations and --images, or --demo-scenes' in done.stderr
