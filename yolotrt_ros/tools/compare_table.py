# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as text for people and as JSON for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from yolotrt_ros.tools.agreement import Agreement
from yolotrt_ros.tools.compare_run import Comparison
from yolotrt_ros.tools.network_figures import NetworkFigures

HEADER = (
    'network', 'runtime', 'mAP50-95', 'difference', 'mAP50', 'recall', 'precision', 'median ms',
    'p99 ms', 'file MB', 'memory MB', 'agreement',
)  # fmt: skip


def table(comparison: Comparison) -> str:
    """Return the rows in Markdown; differences and agreement are to the first network."""
    lines = [HEADER, ('---',) * len(HEADER)]
    lines += [cells(comparison, row) for row in range(len(comparison.networks))]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def cells(comparison: Comparison, row: int) -> tuple[str, ...]:
    """Return the texts of one network."""
    network = comparison.networks[row]
    point = network.accuracy.at(comparison.conditions.score_threshold)
    share = comparison.agreement.share(0, row) if row else None
    return (
        comparison.names[row],
        network.info.backend,
        text_of(network.accuracy.mAP50_95, '.4f'),
        text_of(accuracy_change(comparison, row), '+.4f'),
        text_of(network.accuracy.mAP50, '.4f'),
        text_of(point.recall, '.3f'),
        text_of(point.precision, '.3f'),
        f'{network.percentile_ms(50):.3g}',
        f'{network.percentile_ms(99):.3g}',
        f'{network.file_bytes / 1e6:.1f}',
        memory_text(network),
        text_of(share, '.1%'),
    )


def accuracy_change(comparison: Comparison, row: int) -> float | None:
    """Return how far mAP50-95 is from that of the first network; None for itself."""
    first, own = comparison.networks[0].accuracy.mAP50_95, comparison.networks[row].accuracy
    if row == 0 or first is None or own.mAP50_95 is None:
        return None
    return own.mAP50_95 - first


def memory_text(network: NetworkFigures) -> str:
    """Return the memory of the GPU, or of the process, in megabytes."""
    if network.device_bytes is not None:
        return f'{network.device_bytes / 1e6:.0f} (GPU)'
    return text_of(network.host_bytes and network.host_bytes / 1e6, '.0f')


def text_of(figure: float | None, form: str) -> str:
    """Format a figure, or a dash where there is none."""
    return '-' if figure is None else format(figure, form)


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return everything but the curves for a JSON file."""
    return {
        'conditions': {
            'description': comparison.description,
            'data': comparison.dataset.description,
            'problems': list(comparison.dataset.problems),
            'counted_threshold': comparison.counted_threshold,
            **asdict(comparison.conditions),
        },
        'networks': [
            _network_dict(name, network, comparison.conditions.score_threshold)
            for name, network in zip(comparison.names, comparison.networks, strict=True)
        ],
        'agreement': [
            {
                'reference': comparison.names[i],
                'candidate': comparison.names[j],
                'share': comparison.agreement.share(i, j),
                **_pair_dict(pair),
            }
            for (i, j), pair in comparison.agreement.pairs.items()
        ],
    }


def _network_dict(name: str, network: NetworkFigures, score: float) -> dict[str, Any]:
    return {
        'name': name,
        'path': str(network.path),
        'backend': network.info.backend,
        'head': network.info.head,
        'network_wh': list(network.info.network_wh),
        'accuracy': network.accuracy.as_dict(score),
        'times_ms': {
            stage: {
                'median': network.percentile_ms(50, stage),
                'p90': network.percentile_ms(90, stage),
                'p99': network.percentile_ms(99, stage),
                'max': network.percentile_ms(100, stage),
            }
            for stage in network.stages
        },
        'file_bytes': network.file_bytes,
        'device_bytes': network.device_bytes,
        'host_bytes': network.host_bytes,
        'failures': list(network.failures),
        'nonfinite': network.deployed.num_nonfinite,
    }


def _pair_dict(pair: Agreement) -> dict[str, Any]:
    return {
        'matched': len(pair.ious),
        'missing': pair.num_missing,
        'extra': pair.num_extra,
        'other_class': pair.num_class_changes,
        'iou_median': float(np.median(pair.ious)) if pair.ious else None,
        'score_difference_median': (
            float(np.median(pair.score_differences)) if pair.ious else None
        ),
        'score_difference_max': max(pair.score_differences, default=None),
    }
