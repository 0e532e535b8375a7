# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Everything that differs between TensorRT 8.6, 10 and 11, asked of the module by capability.

No other file looks for an attribute of TensorRT that some version lacks, and none compares
version numbers. Integer values of TensorRT's enums move between versions, so they are looked up by
name. Each function takes the module ``tensorrt`` or one of its objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from yolotrt_ros.core.errors import BackendError, BuildError

# trt.nptype breaks with newer NumPy in some versions and knows no 16-bit types in others.
_NUMPY_TYPES: dict[str, type[np.generic]] = {
    'FLOAT': np.float32,
    'HALF': np.float16,
    'INT8': np.int8,
    'UINT8': np.uint8,
    'INT32': np.int32,
    'INT64': np.int64,
    'BOOL': np.bool_,
}


def import_tensorrt() -> ModuleType:
    """
    Return the module ``tensorrt``.

    :raises BackendError: it is not installed, or one of its libraries is missing.
    """
    try:
        return import_module('tensorrt')
    except ModuleNotFoundError as error:
        if error.name != 'tensorrt':
            raise BackendError(_broken_text(error)) from error
        raise BackendError(
            'TensorRT is not installed for this Python; on a Jetson it comes with JetPack '
            '(`sudo apt install python3-libnvinfer-dev`, and make the virtual environment with '
            '--system-site-packages); elsewhere `pip install tensorrt`'
        ) from error
    except (ImportError, OSError) as error:
        raise BackendError(_broken_text(error)) from error


def describe(trt: ModuleType) -> str:
    """Return the version, such as ``8.6.0``."""
    return str(trt.__version__)


def network_flags(trt: ModuleType) -> int:
    """Return what ``create_network`` takes: explicit batch, where that is still a choice."""
    explicit_batch = getattr(trt.NetworkDefinitionCreationFlag, 'EXPLICIT_BATCH', None)
    return 0 if explicit_batch is None else 1 << int(explicit_batch)


def has_flag(trt: ModuleType, name: str) -> bool:
    """Whether the builder knows a flag, such as ``FP16``."""
    return hasattr(trt.BuilderFlag, name)


def set_flag(trt: ModuleType, config: Any, name: str) -> None:  # noqa: ANN401
    """
    Set a builder flag by name.

    :raises BuildError: this TensorRT has no such flag.
    """
    if not has_flag(trt, name):
        raise BuildError(f'TensorRT {describe(trt)} has no builder flag {name}')
    config.set_flag(getattr(trt.BuilderFlag, name))


def clear_flag(trt: ModuleType, config: Any, name: str) -> None:  # noqa: ANN401
    """Clear a builder flag by name; one that this TensorRT does not know is not set."""
    if has_flag(trt, name):
        config.clear_flag(getattr(trt.BuilderFlag, name))


def can_choose_precision(trt: ModuleType) -> bool:
    """Whether the builder picks a layer's type; later versions take it from the ONNX alone."""
    return has_flag(trt, 'FP16') and has_flag(trt, 'INT8')


def can_calibrate(trt: ModuleType) -> bool:
    """Whether the builder can measure INT8 scales itself."""
    return hasattr(trt, 'IInt8MinMaxCalibrator')


def has_fast(builder: Any, precision: str) -> bool:  # noqa: ANN401
    """
    Whether the GPU computes ``fp16`` or ``int8`` at full speed.

    Versions that do not say run on GPUs that do.
    """
    return bool(getattr(builder, f'platform_has_fast_{precision}', True))


def has_progress_monitor(trt: ModuleType) -> bool:
    """Whether a build reports its phases and can be cancelled."""
    return hasattr(trt, 'IProgressMonitor') and hasattr(trt.IBuilderConfig, 'progress_monitor')


def has_optimization_level(trt: ModuleType) -> bool:
    """Whether the effort of a build can be chosen."""
    return hasattr(trt.IBuilderConfig, 'builder_optimization_level')


def set_workspace(trt: ModuleType, config: Any, num_bytes: int) -> None:  # noqa: ANN401
    """Limit the scratch memory that one layer may use."""
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, num_bytes)


def set_tactic_sources(trt: ModuleType, config: Any, names: Sequence[str]) -> None:  # noqa: ANN401
    """
    Take kernels from these libraries only.

    :param names: such as ``JIT_CONVOLUTIONS``.
    :raises BuildError: this TensorRT has no such source.
    """
    known = list(trt.TacticSource.__members__)
    strangers = [name for name in names if name not in known]
    if strangers:
        raise BuildError(
            f'TensorRT {describe(trt)} has no tactic source {", ".join(strangers)}; '
            f'it has {", ".join(known)}'
        )
    config.set_tactic_sources(
        sum({1 << int(trt.TacticSource.__members__[name]) for name in names})
    )


def set_input_type(trt: ModuleType, tensor: Any, *, is_half: bool) -> None:  # noqa: ANN401
    """
    Make a network input FP16 or FP32.

    :raises BuildError: this TensorRT takes the type from the ONNX.
    """
    wanted = trt.float16 if is_half else trt.float32
    if tensor.dtype == wanted:
        return
    try:
        tensor.dtype = wanted
    except AttributeError as error:  # a property without a setter
        raise BuildError(
            f'TensorRT {describe(trt)} takes the type of an input from the ONNX, where '
            f'{tensor.name} is {tensor.dtype}; export the network with an FP16 input, or leave '
            'out --fp16-input'
        ) from error


def set_calibration_profile(config: Any, profile: Any) -> bool:  # noqa: ANN401
    """Give the shapes that calibration runs at; False where the profile is refused."""
    return bool(config.set_calibration_profile(profile))


def plugin_creator(
    trt: ModuleType, name: str, version: str = '1', namespace: str = ''
) -> Any | None:  # noqa: ANN401
    """Return the creator that the plugin registry holds, or None."""
    registry = trt.get_plugin_registry()
    find = getattr(registry, 'get_creator', None) or registry.get_plugin_creator
    return find(name, version, namespace)


def failed_node(error: Any, model: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """
    Return name and operator of the node that a parser error is about, or None for none.

    :param error: a ``trt.ParserError``; newer ones say it, older ones give the node's number.
    :param model: the ``onnx.ModelProto`` that was parsed.
    """
    if hasattr(error, 'node_operator'):
        operator = str(error.node_operator() or '')
        return (str(error.node_name() or ''), operator) if operator else None
    nodes, index = model.graph.node, error.node()
    return (nodes[index].name, nodes[index].op_type) if 0 <= index < len(nodes) else None


def create_context(
    trt: ModuleType,
    engine: Any,  # noqa: ANN401
    scratch_address: int,
    scratch_bytes: int,
) -> Any:  # noqa: ANN401
    """
    Return an execution context that works in memory of the caller, None where there can be none.

    :param scratch_address: at least ``device_memory_bytes`` on the device.
    """
    strategies = getattr(trt, 'ExecutionContextAllocationStrategy', None)
    if strategies is None:  # before 10; removed in 11
        context = engine.create_execution_context_without_device_memory()
        if context is not None:
            context.device_memory = scratch_address
        return context
    context = engine.create_execution_context(strategies.USER_MANAGED)
    if context is not None:
        context.set_device_memory(scratch_address, scratch_bytes)
    return context


def share_profiles(trt: ModuleType, config: Any) -> None:  # noqa: ANN401
    """Let execution contexts share an optimisation profile, as they always do from 10 on."""
    features = getattr(trt, 'PreviewFeature', None)
    sharing = getattr(features, 'PROFILE_SHARING_0806', None)
    if sharing is not None:
        config.set_preview_feature(sharing, True)


def has_profile(context: Any) -> bool:  # noqa: ANN401
    """
    Whether a new context of an engine with open shapes got the first optimisation profile.

    It has none where another context uses it, and the engine does not let them share. Asking for
    it in spite of that ends the process in TensorRT 8.6.0.
    """
    return bool(context.active_optimization_profile >= 0)


def device_memory_bytes(engine: Any) -> int:  # noqa: ANN401
    """Return the scratch memory that execution contexts need."""
    newer = getattr(engine, 'device_memory_size_v2', None)
    return int(engine.device_memory_size if newer is None else newer)


def numpy_type(trt: ModuleType, dtype: Any) -> np.dtype[Any]:  # noqa: ANN401
    """
    Return the NumPy type of a ``trt.DataType``.

    :raises BackendError: NumPy has no such type.
    """
    for name, numpy_type in _NUMPY_TYPES.items():
        if getattr(trt.DataType, name, None) == dtype:
            return np.dtype(numpy_type)
    raise BackendError(
        f'tensors of type {dtype} cannot be read; build the engine with inputs and outputs of '
        f'{", ".join(name for name in _NUMPY_TYPES if hasattr(trt.DataType, name))}'
    )


def _broken_text(error: Exception) -> str:
    return (
        f'TensorRT is installed but does not load: {error}; install the library that is named '
        'here in the version that this TensorRT was made for, or install TensorRT again'
    )
