# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of the GPU."""

from dataclasses import replace

import pytest

pytest.importorskip('diagnostic_msgs')

from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.ros.gpu_status import gpu_status
from yolotrt_ros.ros.status import ERROR, OK, WARN

pytestmark = pytest.mark.ros

STATE = GpuState(
    'NVIDIA H200', 2 << 30, 140 << 30, 41.0, 1980.0, 3201.0, 37.0, 180.4
)  # fmt: skip


def report(state):
    return gpu_status('detector: gpu', state, 'an id')


def test_values_have_units():
    made = report(replace(STATE, slowed_by=('power limit', 'heat (driver)')))
    assert {pair.key: pair.value for pair in made.values} == {
        'name': 'NVIDIA H200',
        'memory used MiB': '2048',
        'memory total MiB': '143360',
        'temperature C': '41',
        'clock MHz': '1980',
        'memory clock MHz': '3201',
        'utilisation percent': '37',
        'power W': '180.4',
        'slowed by': 'power limit, heat (driver)',
    }


def test_facts_that_are_not_told_are_left_out():
    assert [pair.key for pair in report(GpuState('Orin')).values] == ['name']


@pytest.mark.parametrize(
    ('state', 'level', 'message'),
    [
        (None, OK, 'no GPU in use'),
        (GpuState('Orin'), OK, 'working'),
        (STATE, OK, 'working'),
        (replace(STATE, slowed_by=('power limit',)), WARN, 'slowed down by power limit'),
        (replace(STATE, used_bytes=139 << 30), WARN, '99 % of the memory is in use'),
        (replace(STATE, fault='the GPU is lost'), ERROR, 'the GPU is lost'),
    ],
    ids=['none', 'silent', 'healthy', 'slowed', 'full', 'lost'],
)
def test_level_and_sentence(state, level, message):
    made = report(state)
    assert (made.level, made.message) == (level, message)
