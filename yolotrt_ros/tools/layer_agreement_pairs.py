# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which tensors of two networks belong together, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
import sys
from typing import Any

from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.layer_agreement_layers import OnnxLayers
from yolotrt_ros.tools.layer_agreement_runner import CHUNK, LayerValues


def paired_names(reference: OnnxLayers, candidate: OnnxLayers) -> list[tuple[str, str]]:
    """
    Find the tensors of two ONNX networks that belong together.

    By name, where the operators before them agree too: exporters number what has no name of its
    own. Where few names agree, by the order of the operators.

    :raises ConfigError: no tensor of one has a counterpart in the other.
    """
    known = set(candidate.names)
    pairs = [
        (name, name)
        for name in reference.names
        if name in known and reference.signature(name) == candidate.signature(name)
    ]
    if 2 * len(pairs) < min(len(reference.names), len(candidate.names)):
        pairs = list(_aligned(reference, candidate))
    if not pairs:
        raise ConfigError(
            'networks',
            f'{reference.path}, {candidate.path}',
            'share no layer by name or kind; compare their outputs, without --layers',
        )
    return pairs


def paired_values(
    reference: LayerValues, candidate: LayerValues, pairs: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """
    Yield the tensors of two networks that belong together, in the order of execution.

    Those without floats, or with other shapes, are left out.
    """
    with tqdm(total=len(pairs), unit='layer', file=sys.stderr) as progress:
        for start in range(0, len(pairs), CHUNK):
            chunk = pairs[start : start + CHUNK]
            expected = reference.fetch([name for name, _ in chunk])
            found = candidate.fetch([other for _, other in chunk])
            for name, other in chunk:
                if name in expected and other in found:
                    values = expected[name], found[other]
                    if values[0].shape == values[1].shape:
                        yield name, *values
            progress.update(len(chunk))


def _aligned(reference: OnnxLayers, candidate: OnnxLayers) -> Iterator[tuple[str, str]]:
    names = reference.names, candidate.names
    signatures = [
        [layers.signature(name) for name in layers.names] for layers in (reference, candidate)
    ]
    matcher = SequenceMatcher(None, signatures[0], signatures[1], autojunk=False)
    for block in matcher.get_matching_blocks():
        ends = block.a + block.size, block.b + block.size
        yield from zip(names[0][block.a : ends[0]], names[1][block.b : ends[1]], strict=True)
