# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Give things back to CUDA where nobody can handle an error: in ``close`` and at the exit."""

from __future__ import annotations

import logging
from typing import Any

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import check

_DRIVER_UNLOADED = 4
_log = logging.getLogger(__name__)


def release(result: tuple[Any, ...], what: str) -> None:
    """
    Read the return code of a function that frees something, and log a failure.

    :param result: the tuple that the function returned.
    :param what: what was freed.
    """
    if int(result[0]) == _DRIVER_UNLOADED:  # the process ends, and everything was freed with it
        return
    try:
        check(result, f'freeing {what}')
    except CudaError as error:
        _log.error('%s', error)
