# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Compare two networks layer by layer.

ONNX Runtime gives every tensor between two layers when each is made an output. An engine has none
of them: its layers are fused. So the network is built once more with every tensor an output, which
keeps TensorRT from fusing across it: what a layer computes is seen, not what fusion adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.layer_agreement_networks import Image
from yolotrt_ros.trt.onnx_file import about, node_inputs, read_model
from yolotrt_ros.trt.onnx_graph import OnnxGraph, SIZE_OPS
from yolotrt_ros.trt.onnx_run import run_model

if TYPE_CHECKING:
    import onnx

    from yolotrt_ros.gpu.device import CudaDevice
    from yolotrt_ros.trt.precision import Precision

CHUNK = 32
"""Tensors fetched by one run: all of a large network would not fit in memory."""

SIGNATURE_DEPTH = 3
"""Operators before a tensor that must be the same for it to be the same tensor."""
_TRANSPARENT = frozenset({'Cast', 'Identity'})


class OnnxLayers:
    """
    Every tensor of floats that an ONNX network computes from its image.

    :param path: the network.
    :param batch: pictures in its input, where it leaves that open.
    :ivar batch: pictures in its input.
    :ivar names: the tensors in the order of execution.
    :raises GraphError: the file cannot be read.
    """

    def __init__(self, path: Path, batch: int = 1) -> None:
        self.path = path
        with about(path):
            self.graph = OnnxGraph(read_model(path))
        fixed = self.graph.input_shape[0]
        self.batch = fixed if isinstance(fixed, int) else batch
        self.names = [name for node in _image_nodes(self.graph) for name in node.output if name]
        self._known = {*self.names, self.graph.input.name}

    def run(self, image: Image, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Run the network; returns the tensors named, those without floats left out."""
        batch = np.repeat(image[np.newaxis], self.batch, axis=0).astype(self.graph.input_dtype)
        with about(self.path):
            values = run_model(self.graph.shorten(names), {self.graph.input.name: batch})
        return {name: value for name, value in values.items() if _is_real(value)}

    def signature(self, name: str, depth: int = SIGNATURE_DEPTH) -> str:
        """Describe a tensor by the operators that it last went through."""
        node = self.graph.maker(name)
        if node is None or name not in self._known:
            return ''
        inner = [item for item in node_inputs(node) if item in self._known]
        if node.op_type in _TRANSPARENT:
            return self.signature(inner[0], depth)
        before = ','.join(self.signature(item, depth - 1) for item in inner) if depth else '…'
        return f'{node.op_type}.{list(node.output).index(name)}({before})'


class EngineLayers:
    """
    The tensors of an ONNX network as TensorRT computes them; building takes minutes.

    :param layers: the network.
    :param image: the input that they will be asked for.
    :param precision: what TensorRT may compute in.
    :param tactic_sources: kernel libraries to use; empty for TensorRT's own choice.
    :raises BuildError: TensorRT cannot build the network so.
    :raises BackendError: there is no TensorRT, or no GPU.
    """

    def __init__(
        self,
        layers: OnnxLayers,
        image: Image,
        *,
        precision: Precision,
        device: CudaDevice,
        tactic_sources: Sequence[str] = (),
    ) -> None:
        from yolotrt_ros.gpu.session import CudaSession
        from yolotrt_ros.trt.build_options import BuildOptions
        from yolotrt_ros.trt.builder import build_plan
        from yolotrt_ros.trt.engine_session import EngineSession

        size, batch = (image.shape[2], image.shape[1]), layers.batch
        options = BuildOptions(
            precision=precision,
            batch=(batch, batch, batch),
            sizes=(size, size, size),
            detailed=False,
            tactic_sources=tuple(tactic_sources),
        )
        with CudaSession(device):
            plan = build_plan(_marked(layers, image).SerializeToString(), options).plan
        with TemporaryDirectory() as folder:
            path = Path(folder) / 'layers.engine'
            path.write_bytes(plan)
            self._session = EngineSession(path, device=device)

    @property
    def names(self) -> list[str]:
        """The tensors that can be asked for."""
        return self._session.output_names

    def run(self, image: Image, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Run the network; returns the tensors named."""
        batch = np.repeat(image[np.newaxis], self._session.batch or 1, axis=0)
        values = self._session.run(batch.astype(self._session.input_dtype), names)
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        """Free the engine."""
        self._session.close()


def paired_names(reference: OnnxLayers, candidate: OnnxLayers) -> list[tuple[str, str]]:
    """
    Find the tensors of two ONNX networks that belong together.

    By name, where the operators before them agree too: exporters number what has no name of its
    own. Where few names agree, by the order of the operators.

    :raises ConfigError: no tensor of one has a counterpart in the other.
    """
    known = set(candidate.names)
    pairs = [
        (name, name)
        for name in reference.names
        if name in known and reference.signature(name) == candidate.signature(name)
    ]
    if 2 * len(pairs) < min(len(reference.names), len(candidate.names)):
        pairs = list(_aligned(reference, candidate))
    if not pairs:
        raise ConfigError(
            'networks',
            f'{reference.path}, {candidate.path}',
            'share no layer by name or kind; compare their outputs, without --layers',
        )
    return pairs


def paired_values(
    reference: OnnxLayers,
    candidate: OnnxLayers | EngineLayers,
    pairs: Sequence[tuple[str, str]],
    image: Image,
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """
    Run both networks and yield the tensors that belong together, in the order of execution.

    Those without floats, or with other shapes, are left out.
    """
    with tqdm(total=len(pairs), unit='layer', file=sys.stderr) as progress:
        for start in range(0, len(pairs), CHUNK):
            chunk = pairs[start : start + CHUNK]
            expected = reference.run(image, [name for name, _ in chunk])
            found = candidate.run(image, [other for _, other in chunk])
            for name, other in chunk:
                if name in expected and other in found:
                    values = expected[name], found[other]
                    if values[0].shape == values[1].shape:
                        yield name, *values
            progress.update(len(chunk))


def _aligned(reference: OnnxLayers, candidate: OnnxLayers) -> Iterator[tuple[str, str]]:
    names = reference.names, candidate.names
    signatures = [
        [layers.signature(name) for name in layers.names] for layers in (reference, candidate)
    ]
    matcher = SequenceMatcher(None, signatures[0], signatures[1], autojunk=False)
    for block in matcher.get_matching_blocks():
        ends = block.a + block.size, block.b + block.size
        yield from zip(names[0][block.a : ends[0]], names[1][block.b : ends[1]], strict=True)


def _image_nodes(graph: OnnxGraph) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that compute something from what the image holds."""
    seen = {graph.input.name}
    for node in graph.nodes:
        if node.op_type not in SIZE_OPS and seen.intersection(node_inputs(node)):
            seen.update(node.output)
            yield node


def _marked(layers: OnnxLayers, image: Image) -> onnx.ModelProto:
    """Make every tensor of floats an output, with its type, which TensorRT asks for."""
    from onnx import helper

    types: dict[str, np.dtype[Any]] = {}
    for start in range(0, len(layers.names), CHUNK):
        values = layers.run(image, layers.names[start : start + CHUNK])
        types |= {name: value.dtype for name, value in values.items()}
    model = layers.graph.shorten(list(types))
    ends = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), None)
        for name, dtype in types.items()
    ]
    del model.graph.output[:]
    model.graph.output.extend(ends)
    return model


def _is_real(values: NDArray[Any]) -> bool:
    return bool(np.issubdtype(values.dtype, np.floating))
