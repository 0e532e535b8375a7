# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Matplotlib, which is loaded by those who draw."""

from __future__ import annotations

from typing import Any

from yolotrt_ros.core.errors import BackendError


def import_matplotlib() -> Any:  # noqa: ANN401 - it need not be installed
    """
    Return the package, with ``figure.Figure``, which needs no screen.

    :raises BackendError: it is not installed.
    """
    try:
        import matplotlib as mpl
        import matplotlib.figure
    except ImportError as error:
        raise BackendError(
            'plots need matplotlib, which is not installed; install it with '
            '`pip install matplotlib`'
        ) from error
    return mpl
