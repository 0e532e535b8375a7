# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
What an engine is made of, as its inspector tells: layers, their types, and needless reformats.

A layer is one object of the inspector's JSON. Engines without detail give names alone, and newer
versions shorten the words; whatever is missing shows as a dash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
import json
import re
from typing import Any

from yolotrt_ros.trt.precision import Precision

Layer = dict[str, Any]

_TYPES = (
    (re.compile(r'\bINT8\b', re.IGNORECASE), 'INT8'),
    (re.compile(r'\b(FP16|Half)\b', re.IGNORECASE), 'FP16'),
    (re.compile(r'\b(BF16|BFloat16)\b', re.IGNORECASE), 'BF16'),
    (re.compile(r'\bFP8\b', re.IGNORECASE), 'FP8'),
    (re.compile(r'\b(FP32|Float)\b', re.IGNORECASE), 'FP32'),
    (re.compile(r'\bINT32\b', re.IGNORECASE), 'INT32'),
    (re.compile(r'\bINT64\b', re.IGNORECASE), 'INT64'),
    (re.compile(r'\bBOOL\b', re.IGNORECASE), 'BOOL'),
)


def read_layers(text: str) -> list[Layer]:
    """
    Read the JSON of ``EngineInspector.get_engine_information``.

    :returns: one object a layer in the order of execution; at least ``Name`` is set.
    """
    # Some versions separate names with a raw control character, which strict JSON forbids.
    layers = json.loads(text, strict=False).get('Layers', [])
    return [layer if isinstance(layer, dict) else {'Name': str(layer)} for layer in layers]


def layer_precision(layer: Layer) -> str | None:
    """Return the type that a layer computes in, such as ``FP16``; None where it is not told."""
    weights = layer.get('Weights')
    if isinstance(weights, dict) and (found := _type_of(str(weights.get('Type', '')))):
        return found
    tensors = [*layer.get('Inputs', []), *layer.get('Outputs', [])]
    return next(filter(None, (_type_of(_format(tensor)) for tensor in tensors)), None)


def count_precisions(layers: Sequence[Layer]) -> dict[str, int]:
    """Count the layers that compute in each type, reformats left out."""
    found = (layer_precision(layer) for layer in layers if not is_reformat(layer))
    return dict(Counter(filter(None, found)).most_common())


def missing_precision(layers: Sequence[Layer], precision: Precision) -> str | None:
    """
    Say that no layer computes in the precision that was asked, or None.

    The builder may pick finer types wherever they are faster, and does not say so.
    """
    counts = count_precisions(layers)
    if not counts or precision.value.upper() in counts:
        return None
    found = ', '.join(f'{count} in {name}' for name, count in counts.items())
    return (
        f'{precision.value} was asked for, but TensorRT found other types faster for every layer '
        f'({found}); the engine is correct, but no {precision.value} engine'
    )


def is_reformat(layer: Layer) -> bool:
    """Whether a layer only changes the type or the memory layout of a tensor."""
    name = str(layer.get('Name', ''))
    return layer.get('LayerType') in ('Reformat', 'NoOp') or name.startswith(
        'Reformatting CopyNode'
    )


def is_plugin(layer: Layer) -> bool:
    """Whether a layer is a plugin."""
    return 'PluginType' in layer or str(layer.get('LayerType', '')).startswith('Plugin')


def reformats_before_plugin(layers: Sequence[Layer]) -> list[str] | None:
    """
    Name the layers that copy a plugin's inputs into another type or layout.

    :returns: their names, empty for none; None where there is no plugin or no detail.
    """
    plugins = [layer for layer in layers if is_plugin(layer)]
    if not plugins:
        return None
    inputs = {tensor['Name'] for plugin in plugins for tensor in plugin.get('Inputs', [])}
    return [
        str(layer['Name'])
        for layer in layers
        # A NoOp moves nothing: it only gives the tensor another name.
        if is_reformat(layer) and layer.get('LayerType') != 'NoOp'
        if inputs & {tensor['Name'] for tensor in layer.get('Outputs', [])}
    ]


def layer_table(layers: Sequence[Layer]) -> str:
    """Format layers for people: name, kind, type and output shapes."""
    rows = [('layer', 'kind', 'type', 'outputs'), *(_row(layer) for layer in layers)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return '\n'.join(
        f'{name:{widths[0]}s}  {kind:{widths[1]}s}  {numbers:{widths[2]}s}  {outputs}'.rstrip()
        for name, kind, numbers, outputs in rows
    )


def reformat_text(layers: Sequence[Layer]) -> str | None:
    """Say whether the plugin reads what the network writes; None where there is no plugin."""
    reformats = reformats_before_plugin(layers)
    if reformats is None:
        return None
    if not reformats:
        return 'the plugin reads the heads as the network writes them: no reformat before it'
    return f'{len(reformats)} reformats before the plugin: {"; ".join(reformats)}'


def _row(layer: Layer, name_width: int = 60) -> tuple[str, str, str, str]:
    name = str(layer.get('Name', '-'))
    if len(name) > name_width:
        name = f'{name[: name_width - 1]}…'
    return (
        name,
        str(layer.get('LayerType', '-')),
        layer_precision(layer) or '-',
        ', '.join(_shapes(layer)) or '-',
    )


def _shapes(layer: Layer) -> Iterator[str]:
    for tensor in layer.get('Outputs', []):
        yield 'x'.join(str(side) for side in tensor.get('Dimensions', ())) or 'scalar'


def _format(tensor: Layer) -> str:
    return str(tensor.get('Format/Datatype') or tensor.get('Datatype') or '')


def _type_of(text: str) -> str | None:
    return next((name for pattern, name in _TYPES if pattern.search(text)), None)
