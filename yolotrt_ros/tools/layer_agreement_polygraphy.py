# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every tensor of a network through Polygraphy; see ``layer_agreement_runner``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TYPE_CHECKING

from numpy.typing import NDArray

from yolotrt_ros.core.errors import BackendError, GraphError
from yolotrt_ros.tools.layer_agreement_layers import only_floats, OnnxLayers
from yolotrt_ros.tools.layer_agreement_networks import Image
from yolotrt_ros.tools.layer_agreement_runner import LayerValues, RunnerChoice
from yolotrt_ros.trt.onnx_file import about

if TYPE_CHECKING:
    from yolotrt_ros.gpu.device import CudaDevice


class PolygraphyRunner:
    """Runs networks once and keeps every tensor of them; a ``LayerRunner``."""

    def __init__(self) -> None:
        import polygraphy

        self.kind = RunnerChoice.POLYGRAPHY
        self.description = f'Polygraphy {polygraphy.__version__}'

    def run_network(self, layers: OnnxLayers, image: Image) -> LayerValues:
        """Run an ONNX network in ONNX Runtime, with every tensor marked as an output."""
        with about(layers.path):
            try:
                values = _run_network(layers, image)
            except Exception as error:  # of Polygraphy, onnx or ONNX Runtime
                raise GraphError(
                    f'cannot be run by {self.description}: {error}; update Polygraphy, or use '
                    '--runner own'
                ) from error
            if missing := [name for name in layers.names if name not in values]:
                raise GraphError(
                    f'has tensors that {self.description} does not mark, such as {missing[0]!r}: '
                    'it takes a name with *, ? or [ for a pattern; use --runner own'
                )
        return _KeptValues({name: values[name] for name in layers.names})

    def run_engine(
        self, layers: OnnxLayers, image: Image, plan: bytes, device: CudaDevice
    ) -> LayerValues:
        """Run an engine in TensorRT."""
        from polygraphy.exception import PolygraphyException

        try:
            return _KeptValues(_run_engine(plan, layers.inputs_for(image), device))
        except (PolygraphyException, OSError) as error:  # OSError where libcudart.so is missing
            raise BackendError(
                f'{self.description} cannot run the engine: {error}; where it finds no '
                'libcudart.so, add the folder of that library to LD_LIBRARY_PATH; or use '
                '--runner own'
            ) from error


class _KeptValues:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = only_floats(values)
        self.names: Sequence[str] = list(values)

    def fetch(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        return {name: self._values[name] for name in names if name in self._values}

    def close(self) -> None:
        self._values.clear()


def _run_network(layers: OnnxLayers, image: Image) -> dict[str, Any]:
    from onnxruntime import GraphOptimizationLevel
    from polygraphy.backend.onnx import BytesFromOnnx, ModifyOutputs
    from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx
    from polygraphy.constants import MARK_ALL
    from polygraphy.logger import G_LOGGER

    marked = ModifyOutputs(layers.graph.model, outputs=MARK_ALL, copy=True)
    session = SessionFromOnnx(
        BytesFromOnnx(marked),
        # Higher levels compute in another layout, which rounds otherwise than our own way.
        graph_optimization_level=GraphOptimizationLevel.ORT_ENABLE_BASIC,
    )
    # Its log goes to the standard output, where the table belongs.
    with G_LOGGER.verbosity(G_LOGGER.CRITICAL), OnnxrtRunner(session) as runner:
        return dict(runner.infer(layers.inputs_for(image)))


def _run_engine(
    plan: bytes, inputs: Mapping[str, NDArray[Any]], device: CudaDevice
) -> dict[str, Any]:
    from polygraphy.backend.trt import TrtRunner
    from polygraphy.logger import G_LOGGER

    from yolotrt_ros.gpu.session import CudaSession
    from yolotrt_ros.trt.compat import import_tensorrt
    from yolotrt_ros.trt.logger import get_logger

    trt = import_tensorrt()
    # Polygraphy works on the device that is current in the thread.
    with CudaSession(device), G_LOGGER.verbosity(G_LOGGER.CRITICAL):
        # Its own loader would bring in TensorRT's plugin libraries and a second logger.
        engine = trt.Runtime(get_logger()).deserialize_cuda_engine(plan)
        with TrtRunner(engine) as runner:
            # The arrays stay valid: nothing runs on this runner again.
            return dict(runner.infer(dict(inputs)))
