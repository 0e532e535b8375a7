# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine is built for: batch, size, memory and effort; read from text and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import re

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.trt.precision import Precision

Range = tuple[int, int, int]
Size = tuple[int, int]

MAX_WORKSPACE_BYTES = 2 << 30
_UNITS = {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}
_BYTES = re.compile(r'(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?', re.IGNORECASE)


@dataclass(frozen=True)
class BuildOptions:
    """
    How an engine is built.

    :param precision: coarsest type that layers may compute in.
    :param batch: smallest, most frequent and largest batch; all the same for a fixed one.
    :param sizes: (width, height) in pixels of the input: smallest, most frequent and largest.
    :param workspace_bytes: scratch memory that one layer may use; None for a default that leaves
        most of the free memory alone.
    :param optimization_level: effort, 0 to 5; None for TensorRT's own choice (3).
    :param timing_cache: file with the kernel times of earlier builds; None for none.
    :param dla_core: accelerator core to build for; None for the GPU alone.
    :param detailed: whether the engine keeps what it computes in, for the layer table.
    :param tactic_sources: kernel libraries to use; empty for TensorRT's own choice.
    :param half_input: whether the engine takes its image in FP16.
    :param sensitive_half: whether an INT8 engine keeps the layers behind the last convolutions,
        and these, in FP16.
    :param tf32: whether an FP32 engine may multiply in TF32, with ten bits of each number.
    :raises ConfigError: a value is out of range.
    """

    precision: Precision
    batch: Range
    sizes: tuple[Size, Size, Size]
    workspace_bytes: int | None = None
    optimization_level: int | None = None
    timing_cache: Path | None = None
    dla_core: int | None = None
    detailed: bool = True
    tactic_sources: tuple[str, ...] = ()
    half_input: bool = False
    sensitive_half: bool = True
    tf32: bool = False

    def __post_init__(self) -> None:
        _check_range('batch', self.batch)
        for name, values in zip(('width', 'height'), zip(*self.sizes, strict=True), strict=True):
            _check_range(name, values)
        level = self.optimization_level
        if level is not None and not 0 <= level <= 5:
            raise ConfigError('optimization_level', level, 'must be between 0 and 5')
        if self.dla_core is not None and self.precision is Precision.FP32:
            raise ConfigError('dla', self.dla_core, 'a DLA computes in fp16 or int8, not in fp32')

    def shapes(self, static: Sequence[int | None]) -> tuple[tuple[int, ...], ...]:
        """
        Return the smallest, most frequent and largest shape ``(B, C, H, W)`` of the input.

        :param static: the shape in the network, None where it is open.
        """
        return tuple(
            tuple(
                asked if fixed is None else fixed
                for fixed, asked in zip(static, (batch, 3, height, width), strict=True)
            )
            for batch, (width, height) in zip(self.batch, self.sizes, strict=True)
        )


def parse_batch(text: str) -> Range:
    """
    Read ``N`` or ``min,opt,max``.

    :raises ConfigError: it is neither, or not in order.
    """
    parts = text.split(',')
    if len(parts) not in (1, 3) or not all(re.fullmatch(r'\s*\d+\s*', part) for part in parts):
        raise ConfigError('batch', text, 'must be a number, or min,opt,max such as 1,2,4')
    numbers = [int(part) for part in parts]
    return _check_range('batch', numbers * 3 if len(numbers) == 1 else numbers)


def parse_sizes(text: str) -> tuple[Size, Size, Size]:
    """
    Read ``HxW`` or ``HxW:HxW:HxW`` (min:opt:max).

    :returns: (width, height) of each.
    :raises ConfigError: it is neither, or not in order.
    """
    parts = [re.fullmatch(r'\s*(\d+)[xX](\d+)\s*', part) for part in text.split(':')]
    sizes = [(int(part[2]), int(part[1])) for part in parts if part]
    if len(parts) not in (1, 3) or len(sizes) != len(parts):
        raise ConfigError(
            'size', text, 'must be HEIGHTxWIDTH such as 384x640, or three of them, min:opt:max'
        )
    smallest, usual, largest = sizes * 3 if len(sizes) == 1 else sizes
    _check_range('size', (smallest[0], usual[0], largest[0]))
    _check_range('size', (smallest[1], usual[1], largest[1]))
    return smallest, usual, largest


def parse_bytes(text: str) -> int:
    """
    Read a number of bytes such as ``512MiB`` or ``1.5G``; K, M and G are powers of 1024.

    :raises ConfigError: it is none.
    """
    found = _BYTES.fullmatch(text.strip())
    if not found or not (num_bytes := int(float(found[1]) * _UNITS[found[2].upper()])):
        raise ConfigError('workspace', text, 'must be a size such as 512MiB or 2GiB')
    return num_bytes


def default_workspace_bytes(free_bytes: int) -> int:
    """
    Return the scratch memory of a build that names none: 2 GiB, or a quarter of what is free.

    On a Jetson the builder shares its memory with everything else, and is killed when it is short.
    """
    return min(MAX_WORKSPACE_BYTES, free_bytes // 4)


def choose_batch(static: int | None, given: Range | None) -> Range:
    """
    Settle the batch of a network.

    :param static: its batch, None where it is open.
    :param given: what the user asked for.
    :raises ConfigError: the two contradict each other, or neither says.
    """
    if static is None:
        if given is None:
            raise ConfigError(
                'batch',
                None,
                'this network leaves its batch open; add --batch 1 for one image at a time, or '
                '--batch 1,1,4 for up to four cameras that share a run',
            )
        if given[0] not in (1, given[2]):
            raise ConfigError(
                'batch',
                given,
                'a range must begin with 1, because the detector runs with as many images as '
                'have come',
            )
        return given
    if given not in (None, (static, static, static)):
        raise ConfigError(
            'batch',
            given,
            f'this network takes batches of {static} only; leave --batch out, or export it with '
            'a dynamic batch',
        )
    return static, static, static


def choose_sizes(
    static_wh: tuple[int | None, int | None], given: tuple[Size, Size, Size] | None, stride: int
) -> tuple[Size, Size, Size]:
    """
    Settle the input size of a network.

    :param static_wh: its width and height, None where they are open.
    :param given: what the user asked for.
    :param stride: pixels between cells of the coarsest level; a size must be a multiple.
    :raises ConfigError: the two contradict each other, neither says, or it is no multiple.
    """
    if given is None:
        width, height = static_wh
        if width is None or height is None:
            raise ConfigError(
                'size',
                None,
                'this network leaves its input size open; add --size HEIGHTxWIDTH, such as '
                '--size 640x640, or a range 320x320:640x640:960x960',
            )
        return (width, height), (width, height), (width, height)
    for wh in given:
        if any(fixed not in (None, asked) for fixed, asked in zip(static_wh, wh, strict=True)):
            width, height = static_wh
            raise ConfigError(
                'size',
                _size_text(wh),
                f'this network takes {height or "any"}x{width or "any"} (height x width) only; '
                'leave --size out, or export it with a dynamic size',
            )
        if any(side % stride for side in wh):
            raise ConfigError(
                'size', _size_text(wh), f'height and width must be multiples of {stride}'
            )
    return given


def _size_text(wh: Size) -> str:
    return f'{wh[1]}x{wh[0]}'


def _check_range(name: str, values: Sequence[int]) -> Range:
    smallest, usual, largest = values
    if not 1 <= smallest <= usual <= largest:
        raise ConfigError(
            name, ','.join(map(str, values)), 'must be 1 or more, in the order min, opt, max'
        )
    return smallest, usual, largest
