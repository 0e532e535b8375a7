# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A TensorRT engine with one image input: arrays in ordinary memory in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import CudaError, DetectionError, EngineError
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.compat import describe, import_tensorrt
from yolotrt_ros.trt.device_network import DeviceNetwork
from yolotrt_ros.trt.engine import Engine, ProfileInUseError
from yolotrt_ros.trt.engine_card import EngineCard
from yolotrt_ros.trt.engine_file import read_plan
from yolotrt_ros.trt.engine_plugin import check_engine
from yolotrt_ros.trt.execution_context import ExecutionContext
from yolotrt_ros.trt.tensor_info import TensorInfo


class EngineSession:
    """
    One engine with one image input; see ``core.session.Session``.

    Copies run from and to ordinary memory and every output is fetched whole: this is the plain
    path, which faster ones are compared with.

    :param path: the engine file, with its card beside it where it has one.
    :param device: the GPU.
    :param plugin_path: the compiled decode plugin; None takes the one of this package where the
        card says that the engine needs it.
    :param blocking_wait: sleep while waiting for the GPU; see ``CudaSession``.
    :ivar max_batch: the largest batch that the engine was built for.
    :raises EngineError: the file is no engine for this machine, or its input is no batch of RGB
        images.
    :raises PluginError: the plugin is missing and cannot be compiled, or does not fit.
    :raises CudaError: the GPU has too little memory.
    :raises BackendError: TensorRT or CUDA is not installed.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: CudaDevice,
        plugin_path: Path | None = None,
        blocking_wait: bool = False,
    ) -> None:
        plan = read_plan(path)
        trt = import_tensorrt()
        self.path = path
        self.backend = f'TensorRT {describe(trt)}, {device.name}'
        card = check_engine(path, device, plugin_path)
        self.metadata: Mapping[str, str] = {
            **plan.metadata,
            **({} if card is None else card_metadata(card)),
        }
        self.score_floor = 0.0 if card is None else card.score_threshold
        with ExitStack() as resources:
            self._session = resources.enter_context(
                CudaSession(device, blocking_wait=blocking_wait)
            )
            self._engine = Engine(plan.data, self._session)
            resources.callback(self._engine.close)
            self._read_input()
            self._context = self._engine.create_context()
            resources.callback(self._context.close)
            self._networks: dict[tuple[int, int], DeviceNetwork] = {}
            self._buffers = self._allocate(resources)
            self._resources = resources.pop_all()

    @property
    def cuda(self) -> CudaSession:
        """The device and the stream that the engine runs on."""
        return self._session

    @property
    def device(self) -> CudaDevice:
        """The GPU."""
        return self._session.device

    def on_device(self, network_wh: tuple[int, int]) -> DeviceNetwork:
        """
        Return the network for input that lies on the device already.

        It is the same for all who ask, uses the memory that ``run`` uses, and runs on the stream
        of ``cuda``.

        :param network_wh: width and height of the input, pixels.
        """
        if network_wh not in self._networks:
            self._networks[network_wh] = DeviceNetwork(
                self._new_context, self._context, self._input.name, network_wh, self._addresses()
            )
        return self._networks[network_wh]

    def _addresses(self) -> dict[str, int]:
        return {name: buffer.address for name, buffer in self._buffers.items()}

    def _new_context(self) -> ExecutionContext | None:
        try:
            context = self._engine.create_context()
        except ProfileInUseError:
            return None
        self._resources.callback(context.close)
        for name, address in self._addresses().items():
            context.set_address(name, address)
        return context

    def _read_input(self) -> None:
        inputs = self._engine.inputs
        shape = inputs[0].shape if len(inputs) == 1 else ()
        if len(shape) != 4 or shape[1] != 3 or inputs[0].dtype.kind != 'f':
            found = ', '.join(str(tensor) for tensor in inputs) or 'none'
            raise EngineError(
                f'{self.path} must have one image input [B, 3, H, W] of float32 or float16, but '
                f'has {found}; export the network for RGB images and build the engine again'
            )
        self._input: TensorInfo = inputs[0]
        self.input_dtype = self._input.dtype
        self.output_names = [tensor.name for tensor in self._engine.outputs]
        limits = zip(self._input.min_shape, self._input.max_shape, strict=True)
        batch, _, height, width = (low if low == high else None for low, high in limits)
        self.batch: int | None = batch
        self.max_batch: int | None = self._input.max_shape[0]
        self.network_wh: tuple[int | None, int | None] = (width, height)

    def _allocate(self, resources: ExitStack) -> dict[str, DeviceBuffer]:
        """Take memory for the largest input and its outputs, once and for all."""
        largest = self._input.max_shape
        self._context.set_input_shape(self._input.name, largest)
        sizes = {self._input.name: self._input.num_bytes(largest)}
        for tensor in self._engine.outputs:
            sizes[tensor.name] = tensor.num_bytes(self._context.output_shape(tensor.name))
        buffers = {}
        for name, num_bytes in sizes.items():
            # TensorRT wants an address also for an output without rows.
            buffers[name] = resources.enter_context(DeviceBuffer(max(1, num_bytes)))
            self._context.set_address(name, buffers[name].address)
        return buffers

    def run(
        self, tensor: NDArray[np.floating], output_names: Sequence[str] | None = None
    ) -> list[NDArray[Any]]:
        """
        Run the network.

        :param tensor: ``(B, 3, H, W)`` of ``input_dtype``, within the shapes of the engine.
        :param output_names: the outputs wanted, in this order; None for all.
        :raises DetectionError: the tensor does not fit, or TensorRT failed.
        """
        try:
            return self._run(tensor, self.output_names if output_names is None else output_names)
        except (CudaError, DetectionError, EngineError, ValueError) as error:
            raise DetectionError(
                f'{self.path} failed on an input of shape {list(tensor.shape)}: {error}'
            ) from error

    def _run(self, tensor: NDArray[np.floating], wanted: Sequence[str]) -> list[NDArray[Any]]:
        self._refuse_misfit(tensor, wanted)
        stream = self._session.stream
        self._session.make_current()
        self._context.set_input_shape(self._input.name, tensor.shape)
        outputs = self._empty_outputs()
        self._buffers[self._input.name].upload(np.ascontiguousarray(tensor), stream)
        self._context.enqueue(stream)
        for name in wanted:
            if outputs[name].size:
                self._buffers[name].download(outputs[name], stream)
        self._session.synchronize()
        return [outputs[name] for name in wanted]

    def _refuse_misfit(self, tensor: NDArray[np.floating], wanted: Sequence[str]) -> None:
        if tensor.dtype != self.input_dtype:
            raise ValueError(f'the engine takes {self.input_dtype}, but {tensor.dtype} came')
        if unknown := [name for name in wanted if name not in self.output_names]:
            raise ValueError(
                f'the engine has no output {", ".join(unknown)}; it has '
                f'{", ".join(self.output_names)}'
            )

    def _empty_outputs(self) -> dict[str, NDArray[Any]]:
        """Make the arrays for the shapes that are set, and be sure that the memory suffices."""
        outputs = {}
        for tensor in self._engine.outputs:
            output = np.empty(self._context.output_shape(tensor.name), tensor.dtype)
            if output.nbytes > self._buffers[tensor.name].num_bytes:
                raise EngineError(
                    f'the output {tensor.name} is larger for this input than for the largest one; '
                    'build an engine for this size alone'
                )
            outputs[tensor.name] = output
        return outputs

    def close(self) -> None:
        """Free what the session holds; calling it twice does no harm."""
        self._resources.close()


def card_metadata(card: EngineCard) -> dict[str, str]:
    """Return what a card says in the form of an ONNX file's metadata."""
    facts = {
        'names': dict(enumerate(card.class_names)),
        'stride': list(card.strides),
        'anchors': list(card.anchors),
    }
    return {key: repr(value) for key, value in facts.items() if value}
