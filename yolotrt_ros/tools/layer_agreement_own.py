# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The package's own way to every tensor of a network; see ``layer_agreement_runner``.

It fetches some tensors at a time. Between them ONNX Runtime computes an FP16 network in FP32 on a
CPU, so that the figures of such a network are a little smaller than with every tensor marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TYPE_CHECKING

from numpy.typing import NDArray

from yolotrt_ros.tools.layer_agreement_layers import only_floats, OnnxLayers
from yolotrt_ros.tools.layer_agreement_networks import Image
from yolotrt_ros.tools.layer_agreement_runner import LayerValues, RunnerChoice
from yolotrt_ros.trt.onnx_file import about
from yolotrt_ros.trt.onnx_run import run_model

if TYPE_CHECKING:
    from yolotrt_ros.gpu.device import CudaDevice


class OwnRunner:
    """
    Runs networks as the detector does; a ``LayerRunner``.

    :param why: said behind the description.
    """

    def __init__(self, why: str = '') -> None:
        self.kind = RunnerChoice.OWN
        self.description = f'the runtimes of the detector{why}'

    def run_network(self, layers: OnnxLayers, image: Image) -> LayerValues:
        """Prepare an ONNX network; each fetch runs the part of it that is asked for."""
        return _NetworkValues(layers, image)

    def run_engine(
        self, layers: OnnxLayers, image: Image, plan: bytes, device: CudaDevice
    ) -> LayerValues:
        """Load an engine; each fetch runs it."""
        return _EngineValues(layers, image, plan, device)


class _NetworkValues:
    def __init__(self, layers: OnnxLayers, image: Image) -> None:
        self.names: Sequence[str] = layers.names
        self._layers, self._image = layers, image

    def fetch(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        graph = self._layers.graph
        with about(self._layers.path):
            values = run_model(graph.shorten(names), self._layers.inputs_for(self._image))
        return only_floats(values)

    def close(self) -> None:
        """Do nothing: ONNX Runtime frees a network when it has run."""


class _EngineValues:
    def __init__(self, layers: OnnxLayers, image: Image, plan: bytes, device: CudaDevice) -> None:
        from yolotrt_ros.trt.engine_session import EngineSession

        with TemporaryDirectory() as folder:
            path = Path(folder) / 'layers.engine'
            path.write_bytes(plan)
            self._session = EngineSession(path, device=device)
        self.names: Sequence[str] = self._session.output_names
        (self._batch,) = layers.inputs_for(image).values()

    def fetch(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        batch = self._batch.astype(self._session.input_dtype)
        return only_floats(dict(zip(names, self._session.run(batch, names), strict=True)))

    def close(self) -> None:
        self._session.close()
