# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the GPU is doing that the network runs on."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus

from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.ros.status import ERROR, OK, status, WARN

# So full, the next engine or camera fails; on a Jetson the system begins to end processes.
FULL_FRACTION = 0.95


def gpu_status(name: str, state: GpuState | None, hardware_id: str) -> DiagnosticStatus:
    """
    Report on the GPU: ERROR where it was lost, WARN where it is slowed down or full.

    :param state: None where no GPU is in use.
    """
    if state is None:
        return status(name, OK, 'no GPU in use', {}, hardware_id)
    values: dict[str, object] = {
        'name': state.name,
        'memory used MiB': _mebibytes(state.used_bytes),
        'memory total MiB': _mebibytes(state.total_bytes),
        'temperature C': state.temperature_c,
        'clock MHz': state.clock_mhz,
        'memory clock MHz': state.memory_clock_mhz,
        'utilisation percent': state.utilisation_percent,
        'power W': state.power_w,
        'slowed by': ', '.join(state.slowed_by) or None,
    }
    level, message = _verdict(state)
    return status(name, level, message, values, hardware_id)


def _verdict(state: GpuState) -> tuple[bytes, str]:
    if state.fault is not None:
        return ERROR, state.fault
    if state.slowed_by:
        return WARN, f'slowed down by {", ".join(state.slowed_by)}'
    if state.used_bytes is not None and state.total_bytes:
        used = state.used_bytes / state.total_bytes
        if used >= FULL_FRACTION:
            return WARN, f'{100 * used:.0f} % of the memory is in use'
    return OK, 'working'


def _mebibytes(num_bytes: int | None) -> int | None:
    return None if num_bytes is None else round(num_bytes / 2**20)
