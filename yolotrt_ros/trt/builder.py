# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build a TensorRT engine from ONNX on the GPU that is current in the calling thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import logging
import time
from types import ModuleType
from typing import Any
import warnings

from yolotrt_ros.core.errors import BuildError, YolotrtError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt import timing_cache
from yolotrt_ros.trt.build_options import BuildOptions
from yolotrt_ros.trt.builder_config import configure, names_of_flags
from yolotrt_ros.trt.compat import describe, import_tensorrt
from yolotrt_ros.trt.cures import explain
from yolotrt_ros.trt.engine import Engine
from yolotrt_ros.trt.layer_table import Layer
from yolotrt_ros.trt.logger import collect_errors, get_logger
from yolotrt_ros.trt.network_parser import parse_network
from yolotrt_ros.trt.onnx_file import import_onnx
from yolotrt_ros.trt.precision import (
    carried_precision,
    check_carried,
    check_machine,
    needs_calibration,
    needs_conversion,
)
from yolotrt_ros.trt.progress import BuildCancelledError, follow, Progress
from yolotrt_ros.trt.tensor_info import TensorInfo


@dataclass(frozen=True)
class BuiltPlan:
    """
    A new engine.

    :param plan: TensorRT's serialised engine.
    :param seconds: how long the build took.
    :param flags: the builder flags that were set.
    :param layers: what it is made of, see ``layer_table``.
    :param inputs: its inputs with their shapes.
    :param outputs: its outputs.
    :param context_bytes: scratch memory that one use of it takes on the GPU.
    """

    plan: bytes
    seconds: float
    flags: tuple[str, ...]
    layers: list[Layer]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    context_bytes: int


def build_plan(
    model_bytes: bytes,
    options: BuildOptions,
    *,
    calibrator: object | None = None,
    progress: Progress | None = None,
) -> BuiltPlan:
    """
    Build an engine; takes minutes. Plugins that the network names must be loaded.

    :param model_bytes: a serialised ONNX network with one image input.
    :param calibrator: measures INT8 ranges; needed for INT8 unless the network is quantised. What
        its callbacks raised, TensorRT swallows; its attribute ``error`` is raised here.
    :raises BuildError: TensorRT refuses, with what it said and what to do.
    :raises BuildCancelledError: ``progress`` asked to stop.
    :raises BackendError: TensorRT or cuda-python is not installed.
    """
    trt = import_tensorrt()
    started = time.monotonic()
    # The builder and its copy of the weights are gone before the engine is loaded.
    plan, flags = _build(trt, model_bytes, options, calibrator, progress)
    return _describe(plan, time.monotonic() - started, flags)


def create_builder(trt: ModuleType) -> Any:  # noqa: ANN401
    """
    Return a ``trt.Builder``.

    :raises BuildError: there is no GPU, or TensorRT lacks its builder library.
    """
    with collect_errors(logging.WARNING) as lines:
        try:
            return trt.Builder(get_logger())
        except (TypeError, RuntimeError) as error:  # what pybind11 raises depends on its version
            what = f'TensorRT {describe(trt)} cannot create its builder'
            raise BuildError(explain(what, lines)) from error


def _build(
    trt: ModuleType,
    model_bytes: bytes,
    options: BuildOptions,
    calibrator: object | None,
    progress: Progress | None,
) -> tuple[bytes, tuple[str, ...]]:
    model = _read_model(model_bytes)
    builder = create_builder(trt)
    with collect_errors() as errors, warnings.catch_warnings():
        # TensorRT 10 warns of calls that only TensorRT 11 can do without.
        warnings.simplefilter('ignore', DeprecationWarning)
        _check_precision(trt, builder, model, options, calibrator)
        network, _parser = parse_network(trt, builder, model, model_bytes)
        config = configure(trt, builder, network, options, calibrator)
        with follow(trt, config, progress):
            plan = builder.build_serialized_network(network, config)
    _raise_from_calibrator(calibrator)
    if plan is None:
        raise _failure(trt, errors, progress)
    if options.timing_cache is not None:
        timing_cache.save(config, options.timing_cache)
    return bytes(plan), names_of_flags(trt, config)


def _describe(plan: bytes, seconds: float, flags: tuple[str, ...]) -> BuiltPlan:
    """Load a new engine on the current GPU, which proves that it can be, and look into it."""
    index = check(bindings().runtime.cudaGetDevice(), 'asking for the current GPU')
    with CudaSession(find_device(str(index))) as session:
        engine = Engine(plan, session)
        try:
            return BuiltPlan(
                plan,
                seconds,
                flags,
                engine.inspect(),
                engine.inputs,
                engine.outputs,
                engine.memory_bytes,
            )
        finally:
            engine.close()


def _read_model(model_bytes: bytes) -> Any:  # noqa: ANN401
    onnx = import_onnx()
    try:
        return onnx.load_model_from_string(model_bytes)
    except Exception as error:  # protobuf's own class, which moves between its versions
        raise BuildError(
            f'the network is no ONNX model ({len(model_bytes)} bytes): {error}; export it again'
        ) from error


def _check_precision(
    trt: ModuleType,
    builder: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    options: BuildOptions,
    calibrator: object | None,
) -> None:
    carried = carried_precision(model)
    check_carried(options.precision, carried)
    check_machine(trt, builder, options.precision)
    if needs_conversion(trt, options.precision, carried):
        raise BuildError(
            f'TensorRT {describe(trt)} computes in the types of the ONNX, which is '
            f'{carried.value}; convert it to {options.precision.value} first'
        )
    if needs_calibration(trt, options.precision, carried) and calibrator is None:
        raise BuildError(
            'an INT8 engine needs pictures to measure the ranges of its tensors with: give '
            '--calibration PATH (a folder, a video or a bag), or a quantised ONNX'
        )


def _raise_from_calibrator(calibrator: object | None) -> None:
    # TensorRT swallows what a callback raises, and goes on with the ranges that it has.
    error = getattr(calibrator, 'error', None)
    if isinstance(error, YolotrtError):
        raise error
    if error is not None:
        raise BuildError(
            f'calibration failed: {error}; check the pictures given with --calibration'
        ) from error


def _failure(trt: ModuleType, errors: Sequence[str], progress: Progress | None) -> BuildError:
    if progress is not None and progress.is_cancelled:
        return BuildCancelledError('the build was stopped; nothing was written')
    return BuildError(explain(f'TensorRT {describe(trt)} built no engine', errors))
