# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of ``/diagnostics``: a level, a sentence and named values, after REP-107."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


def status(
    name: str, level: bytes, message: str, values: Mapping[str, object], hardware_id: str
) -> DiagnosticStatus:
    """
    Make one status.

    :param name: "<node>: <task>".
    :param values: by their names; None for those that are not known, which are left out.
    :param hardware_id: what the task runs on.
    """
    pairs = [
        KeyValue(key=key, value=_text(value)) for key, value in values.items() if value is not None
    ]
    return DiagnosticStatus(
        level=level, name=name, message=message, hardware_id=hardware_id, values=pairs
    )


def flattened(values: Mapping[str, Any], prefix: str = '') -> dict[str, object]:
    """Return nested values with names such as ``agreement.map50``."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flattened(value, f'{prefix}{key}.'))
        else:
            flat[f'{prefix}{key}'] = value
    return flat


def _text(value: object) -> str:
    return f'{value:.6g}' if isinstance(value, float) else str(value)
