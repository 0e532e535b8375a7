# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files in which a Jetson's kernel tells of its GPU."""

import pytest

from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.gpu.tegra import read_tegra

MEMINFO = 'MemTotal:        7802032 kB\nMemFree:          300000 kB\nMemAvailable:    4802032 kB\n'


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ('device', 'zone'),
    [
        ('17000000.gpu', 'gpu-thermal'),
        ('17000000.ga10b', 'GPU-therm'),
        ('17000000.gv11b', 'GPU-therm'),
        ('57000000.gpu', 'GPU-therm'),
    ],
    ids=['Orin, JetPack 6', 'Orin, JetPack 5', 'Xavier', 'Nano'],
)
def test_facts_are_read_in_their_units(tmp_path, device, zone):
    write(
        tmp_path,
        {
            'sys/class/devfreq/15340000.vic/cur_freq': '115200000\n',
            f'sys/class/devfreq/{device}/cur_freq': '624750000\n',
            f'sys/class/devfreq/{device}/device/load': '735\n',
            'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
            'sys/class/thermal/thermal_zone0/temp': '60000\n',
            'sys/class/thermal/thermal_zone1/type': f'{zone}\n',
            'sys/class/thermal/thermal_zone1/temp': '48531\n',
            'proc/meminfo': MEMINFO,
        },
    )
    assert read_tegra('Orin', tmp_path) == GpuState(
        'Orin',
        used_bytes=3_000_000 * 1024,
        total_bytes=7_802_032 * 1024,
        temperature_c=48.531,
        clock_mhz=624.75,
        utilisation_percent=73.5,
    )


def test_what_is_absent_is_not_known(tmp_path):
    assert read_tegra('Orin', tmp_path) == GpuState('Orin')


def test_what_cannot_be_read_is_not_known(tmp_path):
    write(
        tmp_path,
        {
            'sys/class/devfreq/17000000.gpu/cur_freq': 'unknown\n',
            'sys/class/thermal/thermal_zone0/type': 'gpu-thermal\n',
            'proc/meminfo': 'nothing\n',
        },
    )
    (tmp_path / 'sys/class/thermal/thermal_zone0/temp').mkdir()  # reading it is an OSError
    assert read_tegra('Orin', tmp_path) == GpuState('Orin')
