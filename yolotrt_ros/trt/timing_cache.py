# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The file in which the builder remembers how fast each kernel was, so that it need not try again.

It holds for one TensorRT version on one kind of GPU. A file that does not fit costs time, never
correctness, so it is put aside with a warning.
"""

from __future__ import annotations

import logging
from pathlib import Path
import re
from typing import Any

from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.cache_folder import cache_folder
from yolotrt_ros.core.errors import BackendError

_logger = logging.getLogger(__name__)


def default_path(
    tensorrt_version: str, gpu_name: str, compute_capability: tuple[int, int]
) -> Path | None:
    """Return the file of this TensorRT and GPU in the user's cache folder; None without one."""
    gpu = re.sub(r'[^A-Za-z0-9]+', '-', gpu_name).strip('-').lower()
    architecture = f'sm{compute_capability[0]}{compute_capability[1]}'
    try:
        folder = cache_folder('timing')
    except BackendError as error:
        _logger.warning('kernel times are not kept for the next build: %s', error)
        return None
    return folder / f'tensorrt-{tensorrt_version}-{architecture}-{gpu}.cache'


def attach(config: Any, path: Path) -> bool:  # noqa: ANN401 - trt.IBuilderConfig
    """
    Let a build use and extend the times of a file.

    :param path: read if it exists; a file that is damaged or of another machine is ignored.
    :returns: whether earlier times are used.
    """
    known = _read(path)
    if known and _attach_bytes(config, known):
        return True
    if known:
        _logger.warning(
            'the timing cache %s is damaged or was made by another TensorRT or GPU; this build '
            'measures again and replaces it',
            path,
        )
    _attach_bytes(config, b'')
    return False


def save(config: Any, path: Path) -> None:  # noqa: ANN401
    """Write what a build has measured; a failure costs the next build time, and is only logged."""
    cache = config.get_timing_cache()
    if cache is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, bytes(cache.serialize()))
    except OSError as error:
        _logger.warning('the timing cache %s cannot be written: %s', path, error)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b''
    except OSError as error:
        _logger.warning('the timing cache %s cannot be read: %s', path, error)
        return b''


def _attach_bytes(config: Any, content: bytes) -> bool:  # noqa: ANN401
    try:
        cache = config.create_timing_cache(content)
    except (RuntimeError, TypeError) as error:  # what pybind11 raises depends on its version
        _logger.info('TensorRT makes no timing cache of %d bytes: %s', len(content), error)
        return False
    return cache is not None and bool(config.set_timing_cache(cache, ignore_mismatch=False))
