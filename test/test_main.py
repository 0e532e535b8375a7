# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros`` as a process: its output, whatever that is connected to, its end."""

import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]

# In the place of a library that takes its time, for a moment that a test can hit.
SLOW_MODULE = """\
import time
print('importing', flush=True)
time.sleep(60)
"""


def run(arguments, **options):
    """Run the program; returns it with what it said on the standard error."""
    words = [sys.executable, '-m', 'yolotrt_ros', *map(os.fspath, arguments)]
    return subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False, **options)


@pytest.fixture
def times(tmp_path):
    """Write the times of one frame, of a topic whose name is not ASCII."""
    path = tmp_path / os.fsdecode('zeiten_\u00fc'.encode() + b'_\xe9.json')
    path.write_text('[{"stamp": 1, "topic": "/t", "stage_times": {"inference": 2}}]')
    return path


@pytest.mark.parametrize('is_command', [False, True])
def test_a_reader_that_went_away_ends_it_without_a_word(is_command, times):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, 'wb') as output:
        done = run(['latency', times] if is_command else ['--help'], stdout=output)
    assert (done.returncode, done.stderr) == (141, '')


@pytest.mark.parametrize('is_command', [False, True])
def test_an_output_that_is_full_is_explained(is_command, times):
    with Path('/dev/full').open('wb') as output:
        done = run(['latency', times] if is_command else ['--help'], stdout=output)
    assert done.returncode == 1
    name = 'latency' if is_command else '--help'
    assert done.stderr == f'yolotrt_ros {name}: [Errno 28] No space left on device\n'


def test_a_closed_output_is_no_error(times):
    done = run(['latency', times], preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize(
    ('encoding', 'name'),
    [('ascii', b'zeiten_\\xfc_\\udce9'), ('utf-8', 'zeiten_\u00fc_\\udce9'.encode())],
)
def test_what_the_output_cannot_show_is_escaped(encoding, name, times):
    done = subprocess.run(
        [sys.executable, '-m', 'yolotrt_ros', 'latency', times],
        env={**os.environ, 'PYTHONUTF8': '1', 'PYTHONIOENCODING': f'{encoding}:strict'},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b'')
    assert name in done.stdout


def test_no_text_is_too_much_where_there_is_no_locale(tmp_path):
    times = tmp_path / 'times.json'
    frame = '{"stamp": 1, "topic": "/größe", "stage_times": {"inference": 2}}'
    times.write_text(f'[{frame}]', encoding='utf-8')
    done = subprocess.run(
        [sys.executable, '-m', 'yolotrt_ros', 'latency', times],
        env={**os.environ, 'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0', 'PYTHONUTF8': '0'},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b'')
    assert rb'/gr\xf6\xdfe: 1 frames' in done.stdout


def test_a_path_that_the_system_refuses_is_explained(times):
    done = run(['latency', 'x' * 300], stdout=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr.startswith('yolotrt_ros latency: [Errno 36] File name too long')


def test_ctrl_c_while_a_command_is_imported_ends_it_without_a_traceback(tmp_path):
    (tmp_path / 'cv2.py').write_text(SLOW_MODULE)
    process = subprocess.Popen(
        [sys.executable, '-m', 'yolotrt_ros', 'detect', 'network.onnx', 'picture.jpg'],
        cwd=ROOT,
        env={'PATH': '', 'PYTHONPATH': str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout.readline() == 'importing\n'
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, '')
