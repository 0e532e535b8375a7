# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the loaded network is and how it was built."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus

from yolotrt_ros.core.engine_facts import EngineFacts
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.ros.status import flattened, OK, status


def engine_status(
    name: str, info: NetworkInfo, facts: EngineFacts | None, hardware_id: str
) -> DiagnosticStatus:
    """
    Describe the network.

    :param facts: of its card, where one lies beside it.
    """
    values: dict[str, object] = {
        'file': info.model_path,
        'backend': info.backend,
        'network size': f'{info.network_wh[0]}x{info.network_wh[1]}',
        'largest batch': info.max_batch,
        'head': info.head,
        'score floor': info.score_floor,
    }
    if facts is None:
        return status(name, OK, 'loaded', values, hardware_id)
    values |= {
        'precision': facts.precision,
        'built from': facts.onnx_path,
        'built with TensorRT': facts.tensorrt_version,
        'built on': facts.gpu,
        'decode plugin': 'yes' if facts.has_plugin else 'no',
        'created': facts.created,
        **flattened(facts.figures, 'figures.'),
    }
    return status(name, OK, f'loaded, {facts.precision}', values, hardware_id)
