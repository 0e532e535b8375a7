# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a GPU is doing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GpuState:
    """
    What a GPU tells of itself; None for what it does not tell.

    :param name: as the maker calls it.
    :param used_bytes: memory in use by all processes; on an integrated GPU that of the machine.
    :param total_bytes: its memory, or that of the machine.
    :param temperature_c: degrees Celsius.
    :param clock_mhz: of the processors.
    :param memory_clock_mhz: of the memory.
    :param utilisation_percent: of the time that it was at work lately.
    :param power_w: what it draws, watts.
    :param slowed_by: why its clocks are held down against its will; empty where they are not.
    :param fault: why it cannot be used any more; None where it can.
    """

    name: str
    used_bytes: int | None = None
    total_bytes: int | None = None
    temperature_c: float | None = None
    clock_mhz: float | None = None
    memory_clock_mhz: float | None = None
    utilisation_percent: float | None = None
    power_w: float | None = None
    slowed_by: tuple[str, ...] = ()
    fault: str | None = None
