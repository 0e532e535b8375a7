# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What everything that CUDA lends has in common: one owner, which gives it back once."""

from __future__ import annotations

from types import TracebackType
from typing import Any, TypeVar
import weakref

_O = TypeVar('_O', bound='Owner')


class Owner:
    """
    Holds a resource until ``close``, the end of a ``with`` statement, or its own end.

    A subclass acquires the resource and sets ``_finalizer``, which gives it back.
    """

    _finalizer: weakref.finalize[Any, Any]

    @property
    def is_open(self) -> bool:
        """Whether the resource is still held."""
        return self._finalizer.alive

    def close(self) -> None:
        """Give the resource back; calling it twice does no harm."""
        self._finalizer()

    def __enter__(self: _O) -> _O:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
