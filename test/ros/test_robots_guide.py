# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The programs of docs/robots.md, run as they stand there."""

import os
from pathlib import Path
import re
import subprocess
import sys
import time

import pytest

from test.ros.processes import TIMEOUT_S
from yolotrt_ros.demo import DECODED_MODEL

pytestmark = pytest.mark.ros

GUIDE = Path(__file__).resolve().parents[2] / 'docs' / 'robots.md'
MAX_LINES = 24


def programs() -> list[str]:
    return re.findall(r'```python\n(.*?)```', GUIDE.read_text(encoding='utf-8'), re.DOTALL)


@pytest.fixture
def run(start, tmp_path):
    """Run a program beside a camera and a detector, and return what it prints in the end."""

    def run_until(program, pattern) -> str:
        start('node', onnx_path=DECODED_MODEL)
        start('camera', rate=10.0)
        script, log = tmp_path / 'program.py', tmp_path / 'program.log'
        script.write_text(program)
        with log.open('w') as output:
            child = subprocess.Popen(
                [sys.executable, script], stdout=output, stderr=subprocess.STDOUT, env=os.environ
            )
        try:
            deadline = time.monotonic() + TIMEOUT_S
            while not re.search(pattern, log.read_text(), re.MULTILINE):
                assert child.poll() is None, log.read_text()
                assert time.monotonic() < deadline, f'no {pattern} in:\n{log.read_text()}'
                time.sleep(0.1)
        finally:
            child.kill()
            child.wait()
        return log.read_text()

    return run_until


def test_programs_are_short():
    lengths = [len(program.splitlines()) for program in programs()]
    assert len(lengths) == 2
    assert max(lengths) <= MAX_LINES


def test_the_subscriber_prints_what_the_detector_sees(run):
    subscriber = programs()[0]
    run(subscriber, r'^(\w+ [01]\.\d\d at \d+,\d+ \d+x\d+ )+\d+ ms after the image$')


def test_the_synchroniser_pairs_each_image_with_its_detections(run):
    pytest.importorskip('message_filters', reason='needs message_filters of ROS 2')
    output = run(programs()[1], r'^[1-9]\d* objects in an image of 640x384$')
    assert 'Error' not in output
