# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the card of an engine says, for people."""

from __future__ import annotations

from pathlib import Path

from yolotrt_ros.core.engine_facts import EngineFacts
from yolotrt_ros.trt.engine_card import card_path, EngineCard


def read_facts(engine_path: Path) -> EngineFacts | None:
    """
    Read the card beside an engine.

    :returns: None where none lies there, as beside an ONNX network.
    :raises EngineError: it is damaged, or of another format version.
    """
    if not card_path(engine_path).exists():
        return None
    card = EngineCard.read(engine_path)
    major, minor = card.compute_capability
    return EngineFacts(
        onnx_path=str(card.onnx_path),
        precision=card.precision.value,
        tensorrt_version=card.tensorrt_version,
        gpu=f'{card.gpu_name} (compute capability {major}.{minor})',
        has_plugin=card.plugin_sha256 is not None,
        created=card.created,
        figures=card.figures,
    )
