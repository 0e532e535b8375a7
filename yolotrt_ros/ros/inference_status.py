# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The state of the inference: which network runs, how fast, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from yolotrt_ros.core.frame_record import Spread, Troubles
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.ros.status import ERROR, OK, status, WARN


@dataclass(frozen=True)
class InferenceHealth:
    """
    What is known of the network at work.

    :param info: the network.
    :param spreads: times of stages and spans by name.
    :param troubles: what went wrong since the detector was configured.
    :param previous: the same at the report before, which decides the level.
    :param is_active: whether images are expected.
    :param rate_hz: frames processed a second, of all cameras; None where it is not known yet.
    """

    info: NetworkInfo
    spreads: Mapping[str, Spread]
    troubles: Troubles
    previous: Troubles
    is_active: bool
    rate_hz: float | None = None


def inference_status(name: str, health: InferenceHealth, hardware_id: str) -> DiagnosticStatus:
    """Report on the network: ERROR where calls failed, WARN where it put out NaN."""
    info = health.info
    values: dict[str, object] = {
        'model': info.model_path,
        'backend': info.backend,
        'network size': f'{info.network_wh[0]}x{info.network_wh[1]}',
        'classes': len(info.class_names),
        'frames a second': None if health.rate_hz is None else f'{health.rate_hz:.1f}',
    }
    for stage, spread in health.spreads.items():
        values[f'{stage} median ms'] = f'{spread.median_ms:.3f}'
        values[f'{stage} p99 ms'] = f'{spread.p99_ms:.3f}'
    values['nonfinite candidates'] = health.troubles.num_nonfinite
    values['failures'] = health.troubles.num_failures
    values['last failure'] = health.troubles.last_failure
    level, message = _verdict(health)
    return status(name, level, message, values, hardware_id)


def _verdict(health: InferenceHealth) -> tuple[bytes, str]:
    troubles, previous = health.troubles, health.previous
    if troubles.num_failures > previous.num_failures:
        number = troubles.num_failures - previous.num_failures
        return ERROR, f'{number} calls of the network failed: {troubles.last_failure}'
    if troubles.num_nonfinite > previous.num_nonfinite:
        return WARN, 'the network puts out NaN'
    if not health.is_active:
        return OK, 'inactive'
    return OK, 'running' if health.rate_hz else 'idle'
