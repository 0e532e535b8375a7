# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of an engine beside what it tells itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EngineFacts:
    """
    How an engine was built, for people.

    :param onnx_path: the network that it was built from.
    :param precision: such as ``fp16``.
    :param tensorrt_version: that built it.
    :param gpu: that it was built on, with its compute capability.
    :param has_plugin: whether it needs the decode plugin.
    :param created: time of the build, ISO 8601.
    :param figures: what was measured, numbers and texts, possibly nested.
    """

    onnx_path: str
    precision: str
    tensorrt_version: str
    gpu: str
    has_plugin: bool
    created: str
    figures: Mapping[str, Any]
