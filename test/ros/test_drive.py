# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The shipped network on a simulated drive, through real nodes: it must see what is there."""

import re

import cv2
import pytest

from yolotrt_ros.__main__ import main
from yolotrt_ros.demo import DEMO_SEED

pytestmark = pytest.mark.ros


def test_finds_the_objects_of_a_drive_that_training_never_saw(tmp_path, capsys):
    # Ten images a second: the figures are about the network, not about the machine's speed.
    arguments = ['--frames', '100', '--rate', '10', '--seed', str(DEMO_SEED)]
    assert main(['demo', *arguments, '--output', str(tmp_path)]) == 0
    summary = capsys.readouterr().out
    shares = dict(re.findall(r'^(precision|recall|mean IoU) +(\S+)$', summary, re.M))
    assert float(shares['recall']) >= 0.9, summary
    assert float(shares['precision']) >= 0.95, summary
    assert float(shares['mean IoU']) >= 0.8, summary
    assert cv2.imread(str(tmp_path / 'contact_sheet.png')) is not None
