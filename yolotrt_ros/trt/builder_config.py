# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From build options to TensorRT's builder configuration."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.trt import timing_cache
from yolotrt_ros.trt.build_options import BuildOptions, default_workspace_bytes
from yolotrt_ros.trt.compat import (
    can_choose_precision,
    clear_flag,
    describe,
    has_optimization_level,
    set_calibration_profile,
    set_flag,
    set_input_type,
    set_tactic_sources,
    set_workspace,
    share_profiles,
)
from yolotrt_ros.trt.precision import flags_for, Precision
from yolotrt_ros.trt.sensitive_layers import keep_in_half


def configure(
    trt: ModuleType,
    builder: Any,  # noqa: ANN401
    network: Any,  # noqa: ANN401
    options: BuildOptions,
    calibrator: Any | None,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """
    Make the ``trt.IBuilderConfig`` of a network.

    :raises BuildError: this TensorRT or this machine cannot build as asked.
    """
    config = builder.create_builder_config()
    _set_resources(trt, config, options)
    _set_precision(trt, network, config, options)
    _set_shapes(trt, builder, network, config, options)
    if options.dla_core is not None:
        _set_dla(trt, builder, config, options.dla_core)
    if calibrator is not None:
        _set_calibrator(builder, network, config, options, calibrator)
    return config


def names_of_flags(trt: ModuleType, config: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return the builder flags that are set, also those that TensorRT sets itself."""
    flags = trt.BuilderFlag.__members__.items()
    by_value = {
        int(flag): name for name, flag in flags if config.get_flag(flag)
    }  # some have aliases
    return tuple(sorted(by_value.values()))


def _set_resources(trt: ModuleType, config: Any, options: BuildOptions) -> None:  # noqa: ANN401
    set_workspace(trt, config, options.workspace_bytes or default_workspace_bytes(_free_bytes()))
    if options.optimization_level is not None:
        if not has_optimization_level(trt):
            raise BuildError(
                f'TensorRT {describe(trt)} has no optimization levels; leave '
                '--optimization-level out'
            )
        config.builder_optimization_level = options.optimization_level
    if options.tactic_sources:
        set_tactic_sources(trt, config, options.tactic_sources)
    if options.timing_cache is not None:
        timing_cache.attach(config, options.timing_cache)
    if options.detailed:
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED


def _set_precision(
    trt: ModuleType,
    network: Any,  # noqa: ANN401
    config: Any,  # noqa: ANN401
    options: BuildOptions,
) -> None:
    if options.precision is Precision.FP32 and not options.tf32:
        clear_flag(trt, config, 'TF32')  # set by default, and no FP32: it keeps ten bits
    if can_choose_precision(trt):
        for name in flags_for(options.precision):
            set_flag(trt, config, name)
        if options.precision is Precision.INT8 and options.sensitive_half:
            keep_in_half(trt, network, config)
    if options.half_input:
        if options.precision is Precision.FP32:
            raise BuildError('--fp16-input needs --precision fp16 or int8')
        set_input_type(trt, network.get_input(0), is_half=True)


def _set_shapes(
    trt: ModuleType,
    builder: Any,  # noqa: ANN401
    network: Any,  # noqa: ANN401
    config: Any,  # noqa: ANN401
    options: BuildOptions,
) -> None:
    tensor = network.get_input(0)
    static = _static(tensor)
    shapes = options.shapes(static)
    asked = options.batch[1], 3, options.sizes[1][1], options.sizes[1][0]
    if shapes[1] != asked:
        raise BuildError(
            f'the input {tensor.name} of the network is {list(tensor.shape)}, but a build for '
            f'{list(asked)} was asked; leave out --batch and --size where the network fixes them'
        )
    if None not in static:
        return
    share_profiles(trt, config)
    if config.add_optimization_profile(_profile(builder, tensor.name, shapes)) < 0:
        raise BuildError(
            f'TensorRT refuses to build {tensor.name} {list(tensor.shape)} for '
            f'{" to ".join(str(list(shape)) for shape in shapes)}; choose other --batch or --size'
        )


def _set_dla(trt: ModuleType, builder: Any, config: Any, core: int) -> None:  # noqa: ANN401
    count = builder.num_DLA_cores
    if core >= count:
        raise BuildError(
            f'--dla {core} was asked, but this machine has {count} DLA cores'
            + (f', 0 to {count - 1}' if count else ': leave --dla out')
        )
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = core
    set_flag(trt, config, 'GPU_FALLBACK')  # for what a DLA cannot do, such as the plugin


def _set_calibrator(
    builder: Any,  # noqa: ANN401
    network: Any,  # noqa: ANN401
    config: Any,  # noqa: ANN401
    options: BuildOptions,
    calibrator: Any,  # noqa: ANN401
) -> None:
    config.int8_calibrator = calibrator
    tensor = network.get_input(0)
    static = _static(tensor)
    if None not in static:
        return
    _, _, height, width = options.shapes(static)[1]
    shape = (static[0] or calibrator.get_batch_size(), 3, height, width)
    if not set_calibration_profile(config, _profile(builder, tensor.name, (shape,) * 3)):
        raise BuildError(
            f'TensorRT refuses to calibrate {tensor.name} at {list(shape)}; calibrate with an '
            'ONNX of fixed batch and size, and use its cache with --calibration-cache'
        )


def _profile(builder: Any, name: str, shapes: tuple[tuple[int, ...], ...]) -> Any:  # noqa: ANN401
    profile = builder.create_optimization_profile()
    profile.set_shape(name, *shapes)
    return profile


def _static(tensor: Any) -> list[int | None]:  # noqa: ANN401
    """Return a network input's shape, None where it is open."""
    return [None if side < 0 else int(side) for side in tensor.shape]


def _free_bytes() -> int:
    free, _ = check(bindings().runtime.cudaMemGetInfo(), 'asking for free memory')
    return int(free)
