# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded images decoded ahead of their turn, so that a network need not wait for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
import os
from time import perf_counter

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.tools.bag_images import read_recorded_image, RecordedImage
from yolotrt_ros.tools.bag_recording import RecordedMessage

# Messages that may wait, and threads that decode them; OpenCV decodes without Python's lock.
NUM_AHEAD = 8
NUM_THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class DecodedMessage:
    """
    A message in the order of the recording.

    :param image: what it shows, or why it cannot be read; None for messages of other topics.
    :param decode_ms: time that this took.
    """

    message: RecordedMessage
    image: RecordedImage | ImageFormatError | None = None
    decode_ms: float = 0.0


def decode_ahead(
    messages: Iterable[RecordedMessage], image_topics: Collection[str]
) -> Iterator[DecodedMessage]:
    """Decode the images of some topics in threads; the order stays."""
    waiting: deque[tuple[RecordedMessage, Future[DecodedMessage] | None]] = deque()
    with ThreadPoolExecutor(NUM_THREADS, 'decode') as pool:
        for message in messages:
            is_image = message.topic in image_topics
            waiting.append((message, pool.submit(_decoded, message) if is_image else None))
            if len(waiting) > NUM_AHEAD:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())


def _result(message: RecordedMessage, future: Future[DecodedMessage] | None) -> DecodedMessage:
    return DecodedMessage(message) if future is None else future.result()


def _decoded(message: RecordedMessage) -> DecodedMessage:
    start = perf_counter()
    image: RecordedImage | ImageFormatError
    try:
        image = read_recorded_image(message)
    except ImageFormatError as error:
        image = error
    return DecodedMessage(message, image, 1e3 * (perf_counter() - start))
