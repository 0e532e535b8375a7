# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The driver's management library (NVML), which tells of GPUs without opening a CUDA context."""

from __future__ import annotations

from collections.abc import Sequence
import ctypes
from weakref import finalize

from yolotrt_ros.core.errors import BackendError

LIBRARY = 'libnvidia-ml.so.1'

# Names and numbers of nvml.h.
_TEMPERATURE_GPU = 0
_CLOCK_GRAPHICS, _CLOCK_MEMORY = 0, 2
_ERROR_GPU_IS_LOST = 15
# Reasons for which the clocks are lower than the load asks for, other than being told to.
_SLOWDOWNS = {
    0x04: 'power limit',
    0x08: 'hardware slowdown',
    0x20: 'heat (driver)',
    0x40: 'heat (hardware)',
    0x80: 'power brake',
}


class NvmlError(BackendError):
    """
    A call to NVML failed, as does each for a fact that the GPU does not tell.

    :ivar is_lost: whether the GPU is gone until the machine is started anew.
    """

    def __init__(self, function: str, status: int) -> None:
        super().__init__(f'{function} of the NVIDIA driver failed with code {status}')
        self.is_lost = status == _ERROR_GPU_IS_LOST


class _Memory(ctypes.Structure):
    """``nvmlMemory_t``, bytes."""

    _fields_ = (
        ('total', ctypes.c_ulonglong),
        ('free', ctypes.c_ulonglong),
        ('used', ctypes.c_ulonglong),
    )


class _Utilisation(ctypes.Structure):
    """``nvmlUtilization_t``, percent."""

    _fields_ = (('gpu', ctypes.c_uint), ('memory', ctypes.c_uint))


class Nvml:
    """
    The library, loaded and initialised.

    :raises BackendError: it is missing, or there is no driver.
    """

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise BackendError(
                f'{LIBRARY} of the NVIDIA driver cannot be loaded: {error}'
            ) from error
        self.call('nvmlInit_v2')
        self.close = finalize(self, self._library.nvmlShutdown)

    def __enter__(self) -> Nvml:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: str, *arguments: object, shown: str = '') -> None:
        """
        Call a function that answers through its arguments.

        :param shown: the arguments in the text of the error.
        :raises BackendError: it failed, or this driver lacks it.
        """
        try:
            status = getattr(self._library, function)(*arguments)
        except AttributeError as error:
            raise BackendError(f'this NVIDIA driver has no {function}') from error
        if status != 0:
            raise NvmlError(f'{function.removesuffix("_v2")}({shown})', status)


class NvmlGpu:
    """
    One GPU; every fact is asked for when its method is called.

    :param pci_bus_id: such as ``0000:17:00.0``, as CUDA names it.
    :raises BackendError: there is no such GPU; each method: it does not tell.
    """

    def __init__(self, nvml: Nvml, pci_bus_id: str) -> None:
        self._nvml = nvml
        self._device = ctypes.c_void_p()
        nvml.call(
            'nvmlDeviceGetHandleByPciBusId_v2',
            pci_bus_id.encode(),
            ctypes.byref(self._device),
            shown=pci_bus_id,
        )

    def memory_bytes(self) -> tuple[int, int, int]:
        """Return the total, free and used memory."""
        memory = _Memory()
        self._ask('nvmlDeviceGetMemoryInfo', memory)
        return int(memory.total), int(memory.free), int(memory.used)

    def temperature_c(self) -> float:
        """Return the temperature in degrees Celsius."""
        return float(self._number('nvmlDeviceGetTemperature', _TEMPERATURE_GPU))

    def clock_mhz(self) -> float:
        """Return the clock of the processors."""
        return float(self._number('nvmlDeviceGetClockInfo', _CLOCK_GRAPHICS))

    def memory_clock_mhz(self) -> float:
        """Return the clock of the memory."""
        return float(self._number('nvmlDeviceGetClockInfo', _CLOCK_MEMORY))

    def utilisation_percent(self) -> float:
        """Return how much of the last moments the GPU was at work."""
        utilisation = _Utilisation()
        self._ask('nvmlDeviceGetUtilizationRates', utilisation)
        return float(utilisation.gpu)

    def power_w(self) -> float:
        """Return what the GPU draws, watts."""
        return self._number('nvmlDeviceGetPowerUsage') / 1e3

    def slowed_by(self) -> tuple[str, ...]:
        """Return why the clocks are held down against the will of the load."""
        reasons = ctypes.c_ulonglong()
        self._ask('nvmlDeviceGetCurrentClocksThrottleReasons', reasons)
        return tuple(text for bit, text in _SLOWDOWNS.items() if reasons.value & bit)

    def _number(self, function: str, *which: int) -> int:
        answer = ctypes.c_uint()
        self._ask(function, answer, *which)
        return int(answer.value)

    def _ask(
        self, function: str, answer: ctypes.Structure | ctypes._SimpleCData[int], *which: int
    ) -> None:
        self._nvml.call(function, self._device, *which, ctypes.byref(answer))


def free_bytes(pci_bus_ids: Sequence[str]) -> list[int]:
    """
    Return the free memory of each GPU.

    :param pci_bus_ids: as CUDA names them.
    :raises BackendError: the library is missing or does not tell.
    """
    with Nvml() as nvml:
        return [NvmlGpu(nvml, bus_id).memory_bytes()[1] for bus_id in pci_bus_ids]
