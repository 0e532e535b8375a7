# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Named ranges in the timeline of NVIDIA's profilers."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
import functools
from importlib import import_module
from typing import Any, cast

DOMAIN = 'yolotrt_ros'
_NOTHING = nullcontext()


def nvtx_range(name: str) -> AbstractContextManager[Any]:
    """
    Name the body of a ``with`` statement for Nsight Systems.

    Does nothing where the package nvtx is not installed.
    """
    annotate = _annotate()
    if annotate is None:
        return _NOTHING
    return cast(AbstractContextManager[Any], annotate(message=name, domain=DOMAIN))


@functools.cache
def _annotate() -> Any:  # noqa: ANN401
    try:
        return import_module('nvtx').annotate
    except ImportError:
        return None
