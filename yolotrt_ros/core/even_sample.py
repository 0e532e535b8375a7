# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few items, evenly spread over a sequence or over a stream of unknown length."""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar('Item')


def even_indices(length: int, size: int) -> list[int]:
    """Return at most ``size`` indices of ``length`` items, the first and then evenly spread."""
    count = min(size, length)
    return [index * length // count for index in range(count)]


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
        return [self._items[index] for index in even_indices(len(self._items), self._size)]
