# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The card of an engine: a JSON file beside it that says what it is and where it runs.

TensorRT refuses an engine of another version or GPU with an error that names neither. The card
names both, and the command that builds the engine anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
import logging
from pathlib import Path
import re
import shlex
from typing import Any

from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.core.typed_json import check_fields, parse, to_record, to_text
from yolotrt_ros.trt.card_rules import (
    check_digest,
    check_format,
    check_head,
    check_time,
    check_version,
    FORMAT_VERSION,
)
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.machine import Machine
from yolotrt_ros.trt.precision import Precision

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class InputTensor:
    """The image input: NumPy's name of its type, and the shapes ``(B, C, H, W)`` it takes."""

    name: str
    dtype: str
    min_shape: tuple[int, ...]
    opt_shape: tuple[int, ...]
    max_shape: tuple[int, ...]


@dataclass(frozen=True)
class OutputTensor:
    """An output: NumPy's name of its type, and its shape with -1 for what varies."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class EngineCard:
    """
    What an engine is, what it was made from, and what it is bound to.

    :param onnx_path: absolute path of the network it was built from.
    :param onnx_sha256: of that file, in hexadecimal like all digests here.
    :param tensorrt_version: such as ``10.3.0``.
    :param compute_capability: (major, minor) of the GPU it was built on.
    :param head: name of the ``Head`` of its outputs.
    :param class_names: in the order of the ids.
    :param strides: pixels between neighbouring cells of each level.
    :param anchors: widths and heights in network pixels, finest level first; empty without.
    :param score_threshold: lowest score that leaves the engine; 0 for all.
    :param plugin_sha256: of the plugin library that is needed; None for none.
    :param plugin_source_digest: of the sources of that library.
    :param plan_sha256: of the engine file.
    :param flags: names of the builder flags that were set.
    :param build_options: arguments of ``build_engine`` after the network, paths absolute.
    :param figures: what was measured: times, sizes, agreement with the ONNX network.
    :param created: time of the build, ISO 8601 with its offset from UTC.
    :raises EngineError: a field has another type or an impossible value.
    """

    format_version: int = FORMAT_VERSION
    onnx_path: Path
    onnx_sha256: str
    tensorrt_version: str
    compute_capability: tuple[int, int]
    gpu_name: str
    precision: Precision
    input: InputTensor
    outputs: tuple[OutputTensor, ...]
    head: str
    class_names: tuple[str, ...]
    strides: tuple[int, ...]
    anchors: tuple[float, ...]
    score_threshold: float
    plugin_sha256: str | None
    plugin_source_digest: str | None
    plan_sha256: str
    flags: tuple[str, ...]
    build_options: tuple[str, ...]
    figures: dict[str, Any] = field(default_factory=dict)
    created: str

    def __post_init__(self) -> None:
        try:
            check_fields(self)
            check_format(self.format_version)
            check_version(self.tensorrt_version)
            check_head(self.head)
            check_time(self.created)
            for name in ('onnx_sha256', 'plan_sha256', 'plugin_sha256', 'plugin_source_digest'):
                check_digest(name, getattr(self, name))
            if (self.plugin_sha256 is None) != (self.plugin_source_digest is None):
                raise ValueError('plugin_sha256 and plugin_source_digest must come together')
        except ValueError as error:
            raise EngineError(f'the facts of an engine do not hold: {error}') from error

    @classmethod
    def read(cls, engine_path: Path) -> EngineCard:
        """
        Read the card beside an engine.

        :raises EngineError: there is none, it is damaged, or it is of another format version.
        """
        path = card_path(engine_path)
        try:
            value = parse(path.read_bytes())
            # First of all, as the other fields of another format mean nothing.
            if isinstance(value, dict):
                check_format(value.get('format_version'))
            return to_record(cls, value)
        except (OSError, ValueError, EngineError) as error:
            reason = error.__cause__ if isinstance(error, EngineError) else error
            raise EngineError(
                f'{path} must be the card of an engine in format {FORMAT_VERSION}, but {reason}; '
                'build the engine again with `ros2 run yolotrt_ros build_engine MODEL.onnx`, or '
                'remove the card to run the engine unchecked'
            ) from error

    def write(self, engine_path: Path) -> None:
        """
        Write the card beside an engine, whole or not at all.

        :raises EngineError: it cannot be written.
        """
        path = card_path(engine_path)
        try:
            write_bytes(path, to_text(self))
        except OSError as error:
            raise EngineError(
                f'{path} cannot be written: {error}; choose a folder that this user may write to'
            ) from error

    def reasons_against(self, machine: Machine, *, plan_sha256: str | None = None) -> list[str]:
        """
        List why the engine cannot run on a machine; empty where it can.

        :param plan_sha256: of the engine file that lies beside the card, where that is known.
        """
        reasons = []
        if not self._fits_version(machine.tensorrt_version):
            reasons.append(
                f'engine was built with TensorRT {self.tensorrt_version} but '
                f'{machine.tensorrt_version} is running'
            )
        if self.compute_capability != machine.compute_capability:
            reasons.append(
                f'engine was built for compute capability {_dotted(self.compute_capability)} '
                f'({self.gpu_name}) but {_dotted(machine.compute_capability)} '
                f'({machine.gpu_name}) is here'
            )
        if self.plugin_source_digest not in (None, machine.plugin_source_digest):
            reasons.append(
                'engine was built with decode plugin '
                f'{str(self.plugin_source_digest)[:12]} but '
                f'{machine.plugin_source_digest[:12]} is installed'
            )
        if plan_sha256 not in (None, self.plan_sha256):
            reasons.append(
                f'its card describes the plan {self.plan_sha256[:12]} but the file holds '
                f'{str(plan_sha256)[:12]}: it was replaced or damaged'
            )
        return reasons

    def rebuild_command(self) -> str:
        """Return the line for a shell that builds this engine again."""
        words = ['ros2', 'run', 'yolotrt_ros', 'build_engine', str(self.onnx_path)]
        return shlex.join([*words, *self.build_options])

    def _fits_version(self, running: str) -> bool:
        if 'VERSION_COMPATIBLE' not in self.flags:
            return running == self.tensorrt_version
        # Such an engine runs on its own and on later versions of the same major one.
        built, runs = _numbers(self.tensorrt_version), _numbers(running)
        return built[0] == runs[0] and built <= runs


def card_path(engine_path: Path) -> Path:
    """Return where the card of an engine lies: ``model.engine.json`` for ``model.engine``."""
    return engine_path.with_name(f'{engine_path.name}.json')


def check_card(engine_path: Path, machine: Machine) -> EngineCard | None:
    """
    Read the card of an engine and compare it with the machine.

    An engine without a card may be somebody else's: a warning is logged, and its outputs have to
    say what they are.

    :raises EngineError: the card is damaged, or the engine does not fit this machine.
    """
    if not card_path(engine_path).exists():
        _logger.warning(
            '%s has no card (%s): whether it fits TensorRT %s and this GPU is not known before it '
            'loads, and class names and layout are taken from the engine alone',
            engine_path, card_path(engine_path).name, machine.tensorrt_version,
        )  # fmt: skip
        return None
    card = EngineCard.read(engine_path)
    try:
        reasons = card.reasons_against(machine, plan_sha256=file_sha256(engine_path))
    except OSError as error:
        raise EngineError(f'engine {engine_path} cannot be read: {error}') from error
    if reasons:
        raise EngineError(
            f'{engine_path} cannot run here: {"; ".join(reasons)}; rebuild it with '
            f'`{card.rebuild_command()}`'
        )
    if card.gpu_name != machine.gpu_name:
        _logger.warning(
            '%s was built on %s and runs on %s: it works, but an engine that is built here may be '
            'faster: `%s`', engine_path, card.gpu_name, machine.gpu_name, card.rebuild_command(),
        )  # fmt: skip
    return card


def _dotted(numbers: tuple[int, ...]) -> str:
    return '.'.join(map(str, numbers))


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r'\d+', version)]
