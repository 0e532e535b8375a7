# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros`` as a process."""

from pathlib import Path
import signal
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[1]

# In the place of a library that takes its time, for a moment that a test can hit.
SLOW_MODULE = """\
import time
print('importing', flush=True)
time.sleep(60)
"""


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
