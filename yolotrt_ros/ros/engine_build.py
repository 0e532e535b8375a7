# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Building the engine that the node is to run, where it is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
import shlex
import sys

from rclpy.impl.rcutils_logger import RcutilsLogger

from yolotrt_ros.assembly import require_accelerator
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import BackendError, BuildError, ConfigError
from yolotrt_ros.ros.child_process import ChildProcess

# Built, but it finds less than its precision lets expect.
_BELOW_EXPECTATION = 3
_LAST_LINES = 4


def with_engine(
    config: DetectorConfig, logger: RcutilsLogger, is_stopped: Callable[[], bool]
) -> DetectorConfig:
    """
    Build the engine that ``engine_policy`` asks for, unless it is there.

    :param logger: gets every line that ``build_engine`` prints.
    :param is_stopped: whether the node is to end; asked several times a second.
    :returns: the configuration to run: with ``backend`` auto, on a machine that can neither build
        nor run an engine, that of the ONNX network alone.
    :raises ConfigError: no network is named that the engine could be built from, or the options
        of the build cannot be read.
    :raises BackendError: the machine lacks TensorRT or a GPU, and ``backend`` insists on it.
    :raises BuildError: the engine cannot be built, or the build was stopped.
    """
    if not is_build_due(config):
        return config
    if not config.onnx_path:
        raise ConfigError(
            'engine_policy',
            config.engine_policy,
            f'{config.engine_path} is missing and onnx_path names no network to build it from',
        )
    try:
        require_accelerator(config)
    except BackendError as error:
        if config.backend == 'tensorrt':
            raise
        logger.warning(f'{config.engine_path} is not built: {error}; running {config.onnx_path}')
        return replace(config, engine_path='')
    _build(config, logger, is_stopped)
    return config


def is_build_due(config: DetectorConfig) -> bool:
    """Whether the engine is wanted, missing, and to be built."""
    return (
        config.engine_policy == 'build_if_missing'
        and config.backend != 'onnxruntime'
        and bool(config.engine_path)
        and not Path(config.engine_path).exists()
    )


def build_command(config: DetectorConfig) -> list[str]:
    """Return the command that builds ``engine_path`` from ``onnx_path``."""
    command = [sys.executable, '-m', 'yolotrt_ros', 'build_engine', config.onnx_path]
    command += ['-o', config.engine_path, '--device', config.device]
    if config.plugin_path:
        command += ['--plugin', config.plugin_path]
    if config.anchors:
        command += ['--anchors', *map(str, config.anchors)]
    return command + _options(config)


def _options(config: DetectorConfig) -> list[str]:
    try:
        return shlex.split(config.build_options)
    except ValueError as error:
        raise ConfigError(
            'build_options', config.build_options, f'cannot be read: {error}'
        ) from error


def _build(config: DetectorConfig, logger: RcutilsLogger, is_stopped: Callable[[], bool]) -> None:
    logger.info(f'{config.engine_path} is missing; building it takes minutes')
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        logger.info(f'build_engine: {line}')

    status = ChildProcess(build_command(config), say).wait(is_stopped)
    if status is None:
        raise BuildError(
            f'the build of {config.engine_path} was stopped; nothing half-written is left'
        )
    if status == _BELOW_EXPECTATION:
        logger.warning(f'{config.engine_path} is built, but {lines[-1] if lines else ""}')
    elif status:
        last = '\n'.join(lines[-_LAST_LINES:])
        raise BuildError(f'build_engine ended with status {status}:\n{last}')
