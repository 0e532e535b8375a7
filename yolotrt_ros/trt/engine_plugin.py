# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What has to be in order before an engine is loaded: its card, and the plugin that it needs."""

from __future__ import annotations

import logging
from pathlib import Path

from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.trt.compat import describe, import_tensorrt
from yolotrt_ros.trt.engine_card import check_card, EngineCard
from yolotrt_ros.trt.machine import this_machine
from yolotrt_ros.trt.plugin_library import ensure_plugin, load_plugin

_log = logging.getLogger(__name__)


def check_engine(
    path: Path, device: CudaDevice, plugin_path: Path | None = None
) -> EngineCard | None:
    """
    Compare an engine's card with this machine, and load the plugin that the engine needs.

    :param device: the GPU that will run the engine.
    :param plugin_path: a plugin library that the user chose, loaded whether it is needed or not.
    :returns: the card, or None where the engine has none.
    :raises EngineError: the engine does not fit this machine.
    :raises PluginError: the plugin is missing and cannot be compiled, or does not fit.
    :raises BackendError: TensorRT is not installed.
    """
    digest = None if plugin_path is None else _load(device, plugin_path)
    card = check_card(path, this_machine(device, plugin_digest=digest))
    if card is not None and card.plugin_sha256 is not None and plugin_path is None:
        _load(device, None)
    return card


def _load(device: CudaDevice, given: Path | None) -> str:
    """Load the plugin library and return the digest of its sources."""
    version = describe(import_tensorrt())
    library = ensure_plugin(version, device.compute_capability, given=given, say=_log.info)
    return load_plugin(library).source_digest
