# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of ``build_engine`` that build the same engine again, wherever it is called."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from yolotrt_ros.tools.build_arguments import make_parser

# What is told to people, where it goes and how it is checked makes no other engine.
_WITHOUT_EFFECT = frozenset(
    {'model', 'output', 'verify', 'verify_images', 'verify_only', 'verbose', 'json'}
)


def rebuild_words(options: Namespace, output: Path) -> tuple[str, ...]:
    """
    Return the arguments behind the network; those left at their defaults are left out.

    :param options: what ``build_arguments.parse`` returned.
    :param output: where the engine is written.
    """
    defaults = make_parser()
    words = ['--output', str(output.resolve())]
    for name, value in vars(options).items():
        if name in _WITHOUT_EFFECT or value is None or value == defaults.get_default(name):
            continue
        option = name.replace('_', '-')
        if isinstance(value, bool):
            words.append(f'--{option}' if value else f'--no-{option}')
        else:
            words += [f'--{option}', *_words(name, value)]
    return tuple(words)


def _words(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - what the option's type makes
    if isinstance(value, Path):
        yield str(value.resolve())
    elif name == 'timing_cache':
        yield value if value == 'none' else str(Path(value).resolve())
    elif isinstance(value, Enum):
        yield str(value.value)
    elif name in ('batch', 'tactic_sources'):
        yield ','.join(map(str, value))
    elif name == 'size':
        yield ':'.join(f'{height}x{width}' for width, height in value)
    elif isinstance(value, list | tuple):
        yield from map(str, value)
    else:
        yield str(value)
