# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A TensorRT engine on the device, with what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence
import logging
import re
from types import ModuleType
from typing import Any

from yolotrt_ros.core.errors import (
    BackendError,
    CudaError,
    EngineError,
    PluginError,
    YolotrtError,
)
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.compat import (
    create_context,
    describe,
    device_memory_bytes,
    has_profile,
    import_tensorrt,
)
from yolotrt_ros.trt.execution_context import ExecutionContext
from yolotrt_ros.trt.layer_table import Layer, read_layers
from yolotrt_ros.trt.logger import collect_errors, get_logger
from yolotrt_ros.trt.tensor_info import OPEN, read_tensors

_MISSING_PLUGIN = re.compile(
    r'plugin.*(not found|not registered)|(could not|cannot) find.*plugin|getPluginCreator',
    re.IGNORECASE,
)
_OUT_OF_MEMORY = re.compile(
    r'out ?of ?memory|could not be allocated|alloc\w* failed', re.IGNORECASE
)
_SUFFIX, _NAME_END = re.compile(rb'_TRT'), re.compile(rb'[A-Za-z][A-Za-z0-9_]*$')
_OWN_PLUGIN = b'YoloLayer'
_log = logging.getLogger(__name__)


class ProfileInUseError(EngineError):
    """An engine with open shapes allows one execution context at a time, and there is one."""


class Engine:
    """
    A deserialised engine. The plugins that it needs must be loaded before.

    :param plan: the serialised engine, without anything before it.
    :param session: the device it runs on; must be closed after the engine.
    :ivar inputs: in the engine's order.
    :ivar outputs: likewise.
    :raises EngineError: the plan is damaged, or made for another TensorRT or GPU, or one of its
        tensors cannot be used.
    :raises PluginError: the plan needs a plugin that is not loaded.
    :raises CudaError: the device has too little memory.
    :raises BackendError: TensorRT is not installed.
    """

    def __init__(self, plan: bytes, session: CudaSession) -> None:
        trt = import_tensorrt()
        self._trt = trt
        self._session = session
        session.make_current()
        # TensorRT's objects keep what they were made from: an engine its runtime, a context its
        # engine. Letting them go in any order is therefore right.
        self._engine: Any = _deserialise(trt, plan)
        self.inputs, self.outputs = read_tensors(trt, self._engine)
        self._scratch: DeviceBuffer | None = None
        if self._engine.num_optimization_profiles > 1:
            _log.warning(
                'the engine has %d optimisation profiles, of which only the first is used',
                self._engine.num_optimization_profiles,
            )

    @property
    def memory_bytes(self) -> int:
        """The scratch memory that its execution contexts share on the device."""
        return device_memory_bytes(self._handle)

    def create_context(self) -> ExecutionContext:
        """
        Prepare a use of the engine.

        All contexts of an engine work in the same scratch memory: they run one after another, on
        one stream, and are closed before the engine.

        :raises CudaError: the device has too little memory.
        :raises ProfileInUseError: there is another one, and the engine, built by a TensorRT
            before 10, does not let them share its shapes.
        """
        context = self._create_context()
        if self._has_open_shapes and not has_profile(context):
            raise ProfileInUseError(
                'the engine allows one execution context at a time; build it again with '
                '`ros2 run yolotrt_ros build_engine MODEL.onnx`, which allows several'
            )
        return ExecutionContext(context, {tensor.name: tensor for tensor in self.inputs})

    def inspect(self) -> list[Layer]:
        """
        Tell what the engine is made of.

        :returns: one object a layer in the order of execution; with more than its ``Name`` where
            the engine was built with detail.
        """
        inspector = self._handle.create_engine_inspector()
        if self._has_open_shapes:
            context = self._create_context()  # without shapes the inspector tells no types
            for tensor in self.inputs:
                context.set_input_shape(tensor.name, tensor.opt_shape)
            inspector.execution_context = context
        json_format = self._trt.LayerInformationFormat.JSON
        return read_layers(inspector.get_engine_information(json_format))

    def close(self) -> None:
        """Let the engine go, once its contexts are closed; calling it twice does no harm."""
        self._engine = None
        if self._scratch is not None:
            self._scratch.close()

    @property
    def _has_open_shapes(self) -> bool:
        return any(OPEN in tensor.shape for tensor in self.inputs)

    @property
    def _handle(self) -> Any:  # noqa: ANN401
        if self._engine is None:
            raise EngineError('this engine is closed; load it again')
        return self._engine

    def _create_context(self) -> Any:  # noqa: ANN401
        self._session.make_current()
        engine = self._handle
        if self._scratch is None:
            self._scratch = DeviceBuffer(max(1, self.memory_bytes))
        scratch = self._scratch
        with collect_errors() as errors:
            context = create_context(self._trt, engine, scratch.address, scratch.num_bytes)
        if context is None:
            raise CudaError(
                'TensorRT cannot prepare the engine, with '
                f'{self._session.free_bytes()} bytes of GPU memory free; free GPU memory, '
                f'or build the engine for a smaller batch or size{_said(errors)}'
            )
        return context


def standard_plugins_in(plan: bytes) -> bool:
    """
    Tell whether a plan seems to need one of TensorRT's own plugins, such as EfficientNMS_TRT.

    Loading them brings libraries of some hundred megabytes in with old versions, so those who need
    none shall not pay. A plan holds the names of its plugins as they are; that another byte
    sequence looks like one does no harm.
    """
    before = (plan[max(0, match.start() - 64) : match.start()] for match in _SUFFIX.finditer(plan))
    names = (_NAME_END.search(text) for text in before)
    return any(name is not None and name.group() != _OWN_PLUGIN for name in names)


def _deserialise(trt: ModuleType, plan: bytes) -> Any:  # noqa: ANN401
    has_all_plugins = standard_plugins_in(plan)
    if has_all_plugins:
        trt.init_libnvinfer_plugins(get_logger(), '')
    with collect_errors() as errors:
        try:
            runtime = trt.Runtime(get_logger())
        except (TypeError, RuntimeError) as error:  # what pybind11 raises depends on its version
            raise BackendError(
                f'TensorRT {describe(trt)} does not start: {error}{_said(errors)}\nCheck that the '
                'driver is new enough for the CUDA that this TensorRT was made for'
            ) from error
        engine = runtime.deserialize_cuda_engine(plan)
        if engine is None and not has_all_plugins and _MISSING_PLUGIN.search('\n'.join(errors)):
            # Its names are not in the plan as they are; another version may write them so.
            trt.init_libnvinfer_plugins(get_logger(), '')
            engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise load_error(describe(trt), errors)
    return engine


def load_error(version: str, lines: Sequence[str]) -> YolotrtError:
    """
    Find out from TensorRT's error lines why it loaded no engine.

    :param version: of the running TensorRT.
    """
    said, text = _said(lines), '\n'.join(lines)
    if _MISSING_PLUGIN.search(text):
        return PluginError(
            'the engine needs a plugin that is not loaded; give its library with plugin_path, or '
            f'build the engine again with `ros2 run yolotrt_ros build_engine MODEL.onnx`{said}'
        )
    if _OUT_OF_MEMORY.search(text):
        return CudaError(
            'the GPU has too little free memory to load the engine; end what else uses it '
            f'(nvidia-smi or tegrastats shows it){said}'
        )
    return EngineError(
        f'TensorRT {version} cannot load the engine: it is damaged, or was built with another '
        'version of TensorRT or on another kind of GPU; build it again on this machine with '
        f'`ros2 run yolotrt_ros build_engine MODEL.onnx`{said}'
    )


def _said(lines: Sequence[str]) -> str:
    if not lines:
        return '\nTensorRT gives no reason.'
    return '\nTensorRT said:\n' + '\n'.join(f'  {line}' for line in dict.fromkeys(lines))
