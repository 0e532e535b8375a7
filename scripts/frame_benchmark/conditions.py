# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured with, and what they mean."""

from __future__ import annotations

from argparse import Namespace
import os
from pathlib import Path
import platform

from scripts.frame_benchmark.subject import Subject
from yolotrt_ros.gpu.cuda import bindings, check

_DRIVER_FILE = Path('/sys/module/nvidia/version')
MEANING = (
    'Milliseconds of a call, which takes a whole batch. Engine and stages: by events of the GPU '
    'within CUDA graphs, without the launch. Copies and ways: by the clock of the host, from the '
    'bytes of messages to Detections.'
)


def conditions_of(subject: Subject, options: Namespace) -> str:
    """Describe machine, engine and input, in one line for people."""
    info = subject.info
    width, height = info.network_wh
    pictures = 'noise' if options.source is None else options.source.name
    return (
        f'{subject.device.name}, {driver_text()}, {info.backend.split(",")[0]}; '
        f'{options.engine.name}, {subject.precision}, {width}x{height}, {info.head} outputs; '
        f'{pictures}, score from {options.score_threshold:g}; {options.frames} calls of each way, '
        f'waiting by {options.wait}; {os.cpu_count()} x {platform.machine()}, '
        f'Python {platform.python_version()}'
    )


def driver_text() -> str:
    """Name the driver by its version and by the newest CUDA that it runs."""
    number = int(check(bindings().runtime.cudaDriverGetVersion(), 'asking for the driver'))
    cuda = f'CUDA {number // 1000}.{number % 1000 // 10}'
    if _DRIVER_FILE.exists():
        return f'driver {_DRIVER_FILE.read_text(encoding="ascii").strip()} ({cuda})'
    return f'driver of {cuda}'
