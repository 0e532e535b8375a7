# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the figures are called, in the tables, the JSON file and the plot alike."""

from __future__ import annotations

# By the GPU's clock, but for the second.
ENGINE = 'engine alone'
ENGINE_WAIT = 'engine alone, launch and wait'
STAGES = 'stage by stage'
GRAPH = 'whole graph'
GPU_WAYS = (ENGINE, STAGES, GRAPH)
STAGE_NAMES = (
    'upload',
    'preprocess',
    'network',
    'decode',
    'suppression',
    'download',
)

# By the host's clock.
IN_PLACE = 'GpuPipeline, bytes in upload memory'
PIPELINED = 'GpuPipeline, two batches on their way'
TUTORIAL = 'tutorial loop'


def copy(num_threads: int) -> str:
    """Name the host's copy alone."""
    return f'copy, {_threads(num_threads)}'


def detect(num_threads: int) -> str:
    """Name the whole, from the bytes of messages to detections."""
    return f'GpuPipeline, {_threads(num_threads)}'


def _threads(number: int) -> str:
    return '1 copy thread' if number == 1 else f'{number} copy threads'
