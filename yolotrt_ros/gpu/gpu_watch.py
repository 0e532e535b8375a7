# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a GPU is doing, from whatever source tells it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from yolotrt_ros.core.errors import BackendError, CudaError
from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.gpu.nvml import Nvml, NvmlError, NvmlGpu
from yolotrt_ros.gpu.tegra import read_tegra

Fact = TypeVar('Fact')
_BUS_ID_LENGTH = 32  # '00000000:17:00.0' and its end


class GpuWatch:
    """
    Reads the state of a GPU: from NVML, and on a Jetson from the kernel what NVML leaves out.

    :param device: the GPU.
    :param root: where ``sys`` and ``proc`` lie.
    """

    def __init__(self, device: CudaDevice, *, root: Path = Path('/')) -> None:
        self._device = device
        self._root = root
        self._gpu: NvmlGpu | None = None
        # A driver without the library, or a GPU without a bus: less is known.
        with suppress(BackendError, CudaError):
            self._gpu = NvmlGpu(Nvml(), _bus_id(device.index))

    def read(self) -> GpuState:
        """Return the state at this moment; nothing is raised, what is not told is None."""
        state = GpuState(self._device.name)
        if self._device.is_integrated:
            state = read_tegra(self._device.name, self._root)
        if self._gpu is None:
            return state
        try:
            return _with_nvml(state, self._gpu)
        except NvmlError as error:
            return replace(state, fault=f'the GPU is lost ({error}); start the machine anew')


def _with_nvml(state: GpuState, gpu: NvmlGpu) -> GpuState:
    """Put what NVML tells in the place of what is known."""
    total, _, used = _told(gpu.memory_bytes) or (state.total_bytes, 0, state.used_bytes)
    told: dict[str, Any] = {
        'used_bytes': used,
        'total_bytes': total,
        'temperature_c': _told(gpu.temperature_c),
        'clock_mhz': _told(gpu.clock_mhz),
        'memory_clock_mhz': _told(gpu.memory_clock_mhz),
        'utilisation_percent': _told(gpu.utilisation_percent),
        'power_w': _told(gpu.power_w),
        'slowed_by': _told(gpu.slowed_by),
    }
    return replace(state, **{name: fact for name, fact in told.items() if fact is not None})


def _told(ask: Callable[[], Fact]) -> Fact | None:
    """Return a fact; None where the GPU does not tell it."""
    try:
        return ask()
    except BackendError as error:
        if isinstance(error, NvmlError) and error.is_lost:
            raise
        return None


def _bus_id(index: int) -> str:
    text = check(bindings().runtime.cudaDeviceGetPCIBusId(_BUS_ID_LENGTH, index))
    return str(text.split(b'\0')[0].decode())
