# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``/diagnostics`` says of the detector, after REP-107."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from yolotrt_ros.core.latest_frames import FrameCounts
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.timing import TimeWindow

OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN


def input_status(
    name: str,
    topic: str,
    counts: FrameCounts,
    previous: FrameCounts,
    rejection: str | None,
) -> DiagnosticStatus:
    """
    Tell what became of the images of one camera since the node was configured.

    :param previous: the counts of the message before; what changed since decides the level.
    :param rejection: why the last rejected image was rejected.
    """
    values: dict[str, object] = {
        'topic': topic,
        'received': counts.received,
        'processed': counts.processed,
        'dropped': counts.dropped,
        'rejected': counts.rejected,
        'waiting': counts.waiting,
    }
    if rejection is not None:
        values['last rejection'] = rejection
    if counts.rejected > previous.rejected:
        text = f'{counts.rejected - previous.rejected} images rejected'
        return _status(name, WARN, text, values)
    if counts.received == previous.received:
        return _status(name, WARN, f'no image on {topic}', values)
    return _status(name, OK, 'receiving', values)


def inference_status(
    name: str,
    info: NetworkInfo,
    stages: Mapping[str, TimeWindow],
    latency: TimeWindow,
    events: Mapping[str, int],
) -> DiagnosticStatus:
    """Tell which network runs and where the time goes, in milliseconds."""
    values: dict[str, object] = {
        'model': info.model_path,
        'backend': info.backend,
        'network size': f'{info.network_wh[0]}x{info.network_wh[1]}',
        'classes': len(info.class_names),
    }
    for stage, window in [*stages.items(), ('stamp to publish', latency)]:
        if len(window):
            values[f'{stage} median ms'] = f'{window.percentile_ms(50):.3f}'
            values[f'{stage} p99 ms'] = f'{window.percentile_ms(99):.3f}'
    values.update(events)
    level, text = (WARN, 'the network puts out NaN') if any(events.values()) else (OK, 'running')
    return _status(name, level, text, values)


def _status(
    name: str, level: bytes, message: str, values: Mapping[str, object]
) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(
        level=level, name=name, message=message, hardware_id='cpu', values=pairs
    )
