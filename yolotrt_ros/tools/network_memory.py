# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The memory that an ONNX network takes, measured in a process of its own.

What earlier networks gave back to the allocator hides how much a later one takes.
"""

from __future__ import annotations

import os
from pathlib import Path
import re
import subprocess
import sys

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.cpu.host_pipeline import open_onnx

_STATUS = Path('/proc/self/status')


def host_bytes(config: DetectorConfig) -> int | None:
    """
    Return how far the memory of a process grows while a network is loaded and run once.

    :param config: names the network by ``onnx_path``.
    :returns: bytes at the peak; None where the system does not tell.
    """
    if not _STATUS.exists():
        return None
    settings = (config.onnx_path, config.num_threads, config.network_width, config.network_height)
    child = subprocess.run(
        [sys.executable, '-m', 'yolotrt_ros.tools.network_memory', *map(str, settings)],
        capture_output=True,
        text=True,
        env=os.environ | {'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
    )
    return int(child.stdout) if child.returncode == 0 else None


def main(args: list[str]) -> int:
    """Load and run the network that ``host_bytes`` names, and print the bytes."""
    path, *numbers = args
    threads, width, height = map(int, numbers)
    import onnxruntime  # noqa: F401 - the library itself is no part of the network

    before = _kilobytes('VmRSS')
    pipeline = open_onnx(
        DetectorConfig(
            onnx_path=path, num_threads=threads, network_width=width, network_height=height
        )
    )
    pipeline.warm_up()
    print((_kilobytes('VmHWM') - before) * 1024)
    return 0


def _kilobytes(field: str) -> int:
    found = re.search(rf'^{field}:\s+(\d+) kB', _STATUS.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
