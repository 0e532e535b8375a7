# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``build_engine`` tells at its end, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yolotrt_ros.core.typed_json import to_text
from yolotrt_ros.tools.engine_verification import EngineVerification
from yolotrt_ros.trt.builder import BuiltPlan
from yolotrt_ros.trt.engine_card import card_path, EngineCard, InputTensor
from yolotrt_ros.trt.layer_table import (
    count_precisions,
    layer_table,
    missing_precision,
    reformat_text,
)

MIB = 1 << 20


def build_text(
    engine: Path, card: EngineCard, built: BuiltPlan, *, with_layers: bool = False
) -> str:
    """
    Describe a new engine in a few lines.

    :param with_layers: whether to list every layer.
    """
    types = ', '.join(f'{n} in {name}' for name, n in count_precisions(built.layers).items())
    lines = [layer_table(built.layers)] if with_layers else []
    lines += [
        f'written   {engine} and {card_path(engine).name}',
        f'engine    {card.precision.value}, {len(built.plan) / MIB:.1f} MiB, built in '
        f'{built.seconds:.0f} s; takes {_input_text(card.input)}',
        f'layers    {types or "of unknown types"}',
    ]
    if text := reformat_text(built.layers):
        lines.append(f'plugin    {text}')
    if text := missing_precision(built.layers, card.precision):
        lines.append(f'WARNING   {text}')
    return '\n'.join(lines)


def as_record(
    engine: Path, card: EngineCard | None, verification: EngineVerification | None
) -> dict[str, Any]:
    """Return the result for ``--json``: what the card holds, and where the engine is."""
    return {
        'engine': str(engine),
        'card': None if card is None else json.loads(to_text(card)),
        'verification': None if verification is None else verification.as_dict(),
    }


def _input_text(image: InputTensor) -> str:
    smallest, largest = list(image.min_shape), list(image.max_shape)
    if smallest == largest:
        return f'{smallest} {image.dtype}'
    return f'{smallest} to {largest} {image.dtype}, fastest at {list(image.opt_shape)}'
