# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the computer calls itself."""

import pytest

from yolotrt_ros.core.machine_name import machine_name

CPUINFO = 'processor\t: 0\nmodel name\t: A Processor @ 2.50GHz\nprocessor\t: 1\n'


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'proc/device-tree').mkdir(parents=True)
    return tmp_path


def test_board_goes_before_processor(root):
    (root / 'proc/device-tree/model').write_bytes(b'NVIDIA Jetson Orin Nano Developer Kit\0')
    (root / 'proc/cpuinfo').write_text(CPUINFO)
    assert machine_name(root) == 'NVIDIA Jetson Orin Nano Developer Kit'


def test_processor_is_named_where_the_board_is_not(root):
    (root / 'proc/cpuinfo').write_text(CPUINFO)
    assert machine_name(root) == 'A Processor @ 2.50GHz'


def test_there_is_always_a_name(root):
    assert machine_name(root)
    assert machine_name()
