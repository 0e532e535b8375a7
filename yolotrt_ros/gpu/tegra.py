# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the GPU of a Jetson is doing, read from the files of its kernel."""

from __future__ import annotations

from pathlib import Path
import re

from yolotrt_ros.core.gpu_state import GpuState

# What the device of the GPU ends in, JetPack 4 to 7: 57000000.gpu, 17000000.gv11b, 17000000.ga10b.
_GPU_SUFFIXES = ('gpu', 'gp10b', 'gv11b', 'ga10b', 'gb10b')
_GPU_ZONES = ('gpu-thermal', 'GPU-therm')


def read_tegra(name: str, root: Path = Path('/')) -> GpuState:
    """
    Read what the kernel tells of an integrated GPU; None for what it does not.

    :param name: of the GPU.
    :param root: where ``sys`` and ``proc`` lie.
    """
    used, total = _memory_bytes(root)
    device = _gpu_device(root)
    load = None if device is None else _number(device / 'device/load')
    clock = None if device is None else _number(device / 'cur_freq')
    temperature = _temperature(root)
    return GpuState(
        name=name,
        used_bytes=used,
        total_bytes=total,
        temperature_c=None if temperature is None else temperature / 1e3,
        clock_mhz=None if clock is None else clock / 1e6,
        utilisation_percent=None if load is None else load / 10,
    )


def _gpu_device(root: Path) -> Path | None:
    """Return the folder of the GPU's frequency scaling; None where there is none."""
    folder = root / 'sys/class/devfreq'
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((path for path in found if path.name.endswith(_GPU_SUFFIXES)), None)


def _temperature(root: Path) -> int | None:
    """Return the temperature of the GPU in thousandths of a degree Celsius."""
    for zone in sorted((root / 'sys/class/thermal').glob('thermal_zone*')):
        if _text(zone / 'type') in _GPU_ZONES:
            return _number(zone / 'temp')
    return None


def _memory_bytes(root: Path) -> tuple[int | None, int | None]:
    """Return used and total memory, which the GPU shares with the CPU."""
    text = _text(root / 'proc/meminfo') or ''
    sizes = {
        key: 1024 * int(number)
        for key, number in re.findall(r'^(\w+):\s+(\d+) kB$', text, re.MULTILINE)
    }
    total, available = sizes.get('MemTotal'), sizes.get('MemAvailable')
    used = None if total is None or available is None else total - available
    return used, total


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and re.fullmatch(r'-?\d+', text) else None


def _text(path: Path) -> str | None:
    # A zone that sleeps answers with an error.
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
