# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is written into a golden file about the network and its rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yolotrt_ros.core.config import DetectorConfig, SELECTION_PARAMETERS
from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.typed_json import to_plain
from yolotrt_ros.trt.engine_card import EngineCard
from yolotrt_ros.trt.engine_file import file_sha256


def network_facts(info: NetworkInfo) -> dict[str, Any]:
    """Return the name of the file, its digests, and how it is run."""
    path = Path(info.model_path)
    return {
        'file': path.name,
        'sha256': file_sha256(path),
        'onnx_sha256': _onnx_sha256(path),
        'backend': info.backend,
        'network_wh': list(info.network_wh),
        'head': info.head,
        'class_names': list(info.class_names),
    }


def parameter_facts(config: DetectorConfig) -> dict[str, Any]:
    """Return the rules of the selection by the names of the parameters."""
    return {name: to_plain(getattr(config, name)) for name in SELECTION_PARAMETERS}


def _onnx_sha256(path: Path) -> str | None:
    """Return the digest of the ONNX network that a file is or was built from, if it is known."""
    if path.suffix == '.onnx':
        return file_sha256(path)
    try:
        return EngineCard.read(path).onnx_sha256
    except YolotrtError:  # an engine of others has no card
        return None
