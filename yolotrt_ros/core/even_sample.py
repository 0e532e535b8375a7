# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few items of a stream of unknown length, evenly spread over it."""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar('Item')


class EvenSample(Generic[Item]):
    """
    Keeps between ``size`` and ``2 * size`` items, and halves them when they get too many.

    :param size: items wanted in the end.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._stride = 1
        self._seen = 0
        self._items: list[Item] = []

    def add(self, item: Item) -> None:
        """Take the next item of the stream, or pass it over."""
        if self._seen % self._stride == 0:
            self._items.append(item)
        self._seen += 1
        if len(self._items) > 2 * self._size:
            self._items = self._items[::2]
            self._stride *= 2

    def chosen(self) -> list[Item]:
        """Return at most ``size`` items, from the whole stream and in its order."""
        count = min(self._size, len(self._items))
        return [self._items[index * len(self._items) // count] for index in range(count)]
