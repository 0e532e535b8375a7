# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Free memory of GPUs, asked of the driver's management library, which opens no CUDA context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import ctypes

from yolotrt_ros.core.errors import BackendError

LIBRARY = 'libnvidia-ml.so.1'


class _Memory(ctypes.Structure):
    """``nvmlMemory_t``, bytes."""

    _fields_ = (
        ('total', ctypes.c_ulonglong),
        ('free', ctypes.c_ulonglong),
        ('used', ctypes.c_ulonglong),
    )


def free_bytes(pci_bus_ids: Sequence[str]) -> list[int]:
    """
    Return the free memory of each GPU.

    :param pci_bus_ids: such as ``0000:17:00.0``, as CUDA names them.
    :raises BackendError: the library is missing or does not tell.
    """
    with _library() as nvml:
        return [_free_bytes(nvml, bus_id) for bus_id in pci_bus_ids]


@contextmanager
def _library() -> Iterator[ctypes.CDLL]:
    try:
        nvml = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise BackendError(f'{LIBRARY} of the NVIDIA driver cannot be loaded: {error}') from error
    _require(nvml.nvmlInit_v2(), 'nvmlInit')
    try:
        yield nvml
    finally:
        nvml.nvmlShutdown()


def _free_bytes(nvml: ctypes.CDLL, bus_id: str) -> int:
    device, memory = ctypes.c_void_p(), _Memory()
    _require(
        nvml.nvmlDeviceGetHandleByPciBusId_v2(bus_id.encode(), ctypes.byref(device)),
        f'nvmlDeviceGetHandleByPciBusId({bus_id})',
    )
    _require(nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)), 'nvmlDeviceGetMemoryInfo')
    return int(memory.free)


def _require(status: int, function: str) -> None:
    if status != 0:
        raise BackendError(f'{function} of the NVIDIA driver failed with code {status}')
