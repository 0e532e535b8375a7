# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The images among recorded messages, read as the node reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_image import read_compressed_image, read_image
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.cpu.message_images import view_of_compressed, view_of_image
from yolotrt_ros.tools.bag_recording import RecordedMessage, RecordedTopic

IMAGE, COMPRESSED_IMAGE = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
IMAGE_KINDS = (IMAGE, COMPRESSED_IMAGE)


@dataclass(frozen=True)
class RecordedImage:
    """
    One image, as it was published.

    :param header: stamp and frame.
    :param view: its pixels.
    """

    header: MessageHeader
    view: ImageView


def read_recorded_image(message: RecordedMessage) -> RecordedImage:
    """
    Read a message of one of ``IMAGE_KINDS``.

    :raises ImageFormatError: it is damaged, or its encoding is not known.
    """
    if message.kind == COMPRESSED_IMAGE:
        compressed = read_compressed_image(message.data)
        return RecordedImage(compressed.header, view_of_compressed(compressed))
    image = read_image(message.data)
    return RecordedImage(image.header, view_of_image(image))


def image_topics(topics: Sequence[RecordedTopic], path: Path) -> dict[str, int | None]:
    """
    List the topics that hold images, by name, with the number of their messages.

    :param path: of the recording, for people.
    :raises MediaError: there is none.
    """
    counts: dict[str, int | None] = {}
    for topic in topics:
        if topic.kind in IMAGE_KINDS and topic.num_messages != 0:
            counts[topic.name] = _sum(counts.get(topic.name, 0), topic.num_messages)
    if not counts:
        names = ', '.join(sorted({topic.name for topic in topics}))
        raise MediaError(
            f'{path} holds no {IMAGE} and no {COMPRESSED_IMAGE}, but the topics '
            f'{names or "(none)"}; record the image topic of the camera'
        )
    return dict(sorted(counts.items()))


def check_topic(topic: str, known: Sequence[str], path: Path) -> str:
    """
    Return the topic if it is one of those known.

    :raises ConfigError: it is not.
    """
    if topic not in known:
        reason = f'is no image topic of {path}; choose one of {", ".join(known)}'
        raise ConfigError('topic', topic, reason)
    return topic


def _sum(count: int | None, other: int | None) -> int | None:
    return None if count is None or other is None else count + other
