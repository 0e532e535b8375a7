# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bytes of camera messages, a different buffer for each call."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import find_media, MediaError

# A camera's message is new each time. So many buffers in turn keep it out of the nearer caches.
MIN_MESSAGES = 16
NOISE_SEED = 1


@dataclass(frozen=True)
class Message:
    """The fields of a ``sensor_msgs/Image``; rclpy too hands out its bytes as an ``array``."""

    data: array[int]
    width: int
    height: int
    step: int
    encoding: str

    @property
    def bytes(self) -> NDArray[np.uint8]:
        """View the bytes: uint8, flat."""
        return np.asarray(memoryview(self.data))

    def view(self) -> ImageView:
        """View the image."""
        return self._view_of(self.data)

    def view_in(self, memory: NDArray[np.uint8]) -> ImageView:
        """View the same image in other memory, which holds a copy of the bytes."""
        return self._view_of(memory.data)

    def _view_of(self, data: array[int] | memoryview) -> ImageView:
        return ImageView.from_bytes(
            data, width=self.width, height=self.height, step=self.step, encoding=self.encoding
        )


class MessageRing:
    """
    Messages one after another, round and round.

    :param pictures: uint8 ``(H, W, 3)``, BGR.
    :param encoding: a key of ``ENCODINGS``.
    """

    def __init__(self, pictures: Iterator[NDArray[np.uint8]], encoding: str) -> None:
        messages = [_message(encode(picture, encoding)) for picture in pictures]
        self._messages = cycle(messages)
        self.source_wh = (messages[0].width, messages[0].height)

    def next(self, batch: int) -> list[Message]:
        """Return the next messages, none of which was in the last call."""
        return list(islice(self._messages, batch))


class Pictures:
    """
    What the camera sees.

    :param source: a picture, a video or a folder of them, shrunk or enlarged to each size; None
        takes noise.
    :param batch: the largest number of messages of a call.
    :raises MediaError: the source cannot be read.
    """

    def __init__(self, source: Path | None, batch: int) -> None:
        self._count = max(MIN_MESSAGES, 3 * batch)
        self._originals: list[NDArray[np.uint8]] | None = None
        if source is not None:
            read = chain.from_iterable(media.pictures() for media in find_media(source))
            self._originals = [shot.image_bgr for shot in islice(read, self._count)]
            if not self._originals:
                raise MediaError(f'{source} holds no picture that can be decoded')

    def of_size(self, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
        """
        Make the pictures of one size, each in memory of its own.

        :param size: width and height, pixels.
        """
        if self._originals is None:
            rng = np.random.default_rng(NOISE_SEED)
            for _ in range(self._count):
                yield rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
            return
        for original in islice(cycle(self._originals), self._count):
            yield np.asarray(cv2.resize(original, size, interpolation=cv2.INTER_AREA), np.uint8)


def _message(view: ImageView) -> Message:
    data = array('B', view.data.tobytes())
    return Message(data, view.width, view.height, view.step, view.encoding.name)
