# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The GPUs of this machine, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import logging

from yolotrt_ros.core.errors import BackendError, ConfigError, CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.nvml import free_bytes

AUTO = 'auto'
_BUS_ID_LENGTH = 32  # '00000000:17:00.0' and its end
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CudaDevice:
    """
    What a GPU is.

    :param index: CUDA's number of it, which counts only what ``CUDA_VISIBLE_DEVICES`` shows.
    :param name: as the maker calls it.
    :param compute_capability: major and minor, such as ``(8, 7)``.
    :param total_bytes: its memory, or the shared memory where it is integrated.
    :param is_integrated: whether it shares the memory of the CPU, as on a Jetson.
    """

    index: int
    name: str
    compute_capability: tuple[int, int]
    total_bytes: int
    is_integrated: bool

    def __str__(self) -> str:
        major, minor = self.compute_capability
        memory = f'{self.total_bytes / 2**30:.1f} GiB'
        return f'{self.index}: {self.name} (compute capability {major}.{minor}, {memory})'


def list_devices() -> tuple[CudaDevice, ...]:
    """
    Describe every GPU that CUDA sees, without starting work on any.

    :raises BackendError: there is none, or no driver.
    """
    try:
        count = check(bindings().runtime.cudaGetDeviceCount(), 'looking for a GPU')
    except (CudaError, RuntimeError) as error:  # cuda-python raises the latter without a driver
        raise BackendError(
            f'no NVIDIA GPU can be used: {error}; install the NVIDIA driver, or run the ONNX '
            'network on the CPU with the parameter onnx_path'
        ) from error
    if not count:
        raise BackendError(
            'CUDA sees no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES, or run the ONNX network '
            'on the CPU with the parameter onnx_path'
        )
    return tuple(_describe(index) for index in range(count))


def find_device(choice: str = AUTO) -> CudaDevice:
    """
    Choose a GPU.

    :param choice: an index, or ``auto`` for the one with the most free memory.
    :raises ConfigError: it is neither, or there is no such GPU.
    :raises BackendError: there is no GPU.
    """
    devices = list_devices()
    if choice.strip() == AUTO:
        return _roomiest(devices)
    try:
        index = int(choice)
    except ValueError:
        index = -1
    if not 0 <= index < len(devices):
        known = ', '.join(str(device) for device in devices)
        raise ConfigError(
            'device', choice, f"must be 'auto' or the index of a GPU; CUDA sees {known}"
        )
    return devices[index]


def _describe(index: int) -> CudaDevice:
    facts = check(bindings().runtime.cudaGetDeviceProperties(index), f'describing GPU {index}')
    name = facts.name if isinstance(facts.name, bytes) else str(facts.name).encode()
    return CudaDevice(
        index=index,
        name=name.split(b'\0')[0].decode(errors='replace'),
        compute_capability=(int(facts.major), int(facts.minor)),
        total_bytes=int(facts.totalGlobalMem),
        is_integrated=bool(facts.integrated),
    )


def _roomiest(devices: Sequence[CudaDevice]) -> CudaDevice:
    if len(devices) == 1:
        return devices[0]
    try:
        free = free_bytes([_bus_id(device.index) for device in devices])
    except (BackendError, CudaError) as error:
        _log.warning(
            'the free memory of the %d GPUs is not known (%s); taking %s, set the parameter '
            'device to take another',
            len(devices),
            error,
            devices[0],
        )
        return devices[0]
    # The first of equals, so that the choice does not change from start to start.
    return max(devices, key=lambda device: (free[device.index], -device.index))


def _bus_id(index: int) -> str:
    text = check(bindings().runtime.cudaDeviceGetPCIBusId(_BUS_ID_LENGTH, index))
    return str(text.split(b'\0')[0].decode())
