# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What of this machine decides whether an engine runs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolotrt_ros.trt.compat import describe, import_tensorrt
from yolotrt_ros.trt.plugin_source import plugin_source_digest

if TYPE_CHECKING:
    from yolotrt_ros.gpu.device import CudaDevice


@dataclass(frozen=True)
class Machine:
    """
    The facts that an engine is bound to.

    :param tensorrt_version: of the TensorRT that runs, such as ``10.3.0``.
    :param compute_capability: (major, minor) of the GPU.
    :param gpu_name: as the driver calls it.
    :param plugin_source_digest: of the decode plugin that is installed, or is loaded instead.
    """

    tensorrt_version: str
    compute_capability: tuple[int, int]
    gpu_name: str
    plugin_source_digest: str

    def __str__(self) -> str:
        major, minor = self.compute_capability
        return (
            f'TensorRT {self.tensorrt_version}, {self.gpu_name} (compute capability '
            f'{major}.{minor})'
        )


def this_machine(device: CudaDevice, *, plugin_digest: str | None = None) -> Machine:
    """
    Return the facts of the machine that runs this process.

    :param device: the GPU that will run the engine.
    :param plugin_digest: the source digest of a plugin library that the user chose; None for the
        plugin that comes with this package.
    :raises BackendError: TensorRT is not installed.
    :raises PluginError: the plugin's sources are not installed.
    """
    return Machine(
        describe(import_tensorrt()),
        device.compute_capability,
        device.name,
        plugin_source_digest() if plugin_digest is None else plugin_digest,
    )
