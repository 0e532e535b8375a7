# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The images of one topic of a rosbag2 recording, read without ROS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from yolotrt_ros.core.errors import BackendError, ConfigError, ImageFormatError, YolotrtError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.media import MediaError

BAG_SUFFIXES = frozenset({'.mcap', '.db3'})
_IMAGE, _COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'


def is_bag(path: Path) -> bool:
    """Tell whether a path is a rosbag2 recording: its folder, or one of its files."""
    if path.is_dir():
        return (path / 'metadata.yaml').exists()
    return path.suffix in BAG_SUFFIXES


class Message(NamedTuple):
    """One recorded message: its number on the topic, its type and its serialised bytes."""

    number: int
    kind: str
    data: bytes


class BagFrames:
    """
    The messages of one image topic, in the order in which they were recorded.

    :param path: the folder with ``metadata.yaml``, or an ``.mcap`` or ``.db3`` file.
    :param topic: which; None where there is one image topic only.
    :raises ConfigError: the topic is none of the image topics, or must be chosen.
    :raises MediaError: the recording cannot be opened, or holds no image.
    :raises BackendError: rosbags is not installed.
    """

    def __init__(self, path: Path, topic: str | None = None) -> None:
        self._path = path
        with _opened(path) as reader:
            counts: dict[str, int] = {}
            for item in _image_connections(reader):
                counts[item.topic] = counts.get(item.topic, 0) + item.msgcount
            all_topics = sorted({item.topic for item in reader.connections})
        self._topic = _choose_topic(path, topic, counts, all_topics)
        self.num_frames = counts[self._topic]
        self.description = f'{path} ({self._topic})'

    def frames(self, indices: Sequence[int]) -> Iterator[ImageView | YolotrtError]:
        """Read the recording up to the last message wanted; decode those wanted only."""
        with _opened(self._path) as reader:
            for message in self._messages(reader, indices):
                yield message if isinstance(message, MediaError) else self._frame(reader, message)

    def digest(self, indices: Sequence[int]) -> str:
        """Return the SHA-256 over types and bytes of the messages."""
        whole = hashlib.sha256()
        with _opened(self._path) as reader:
            for message in self._messages(reader, indices):
                if not isinstance(message, MediaError):
                    whole.update(f'{message.kind}\0{len(message.data)}\n'.encode())
                    whole.update(message.data)
        return whole.hexdigest()

    def _messages(
        self,
        reader: Any,  # noqa: ANN401 - rosbags need not be installed
        indices: Sequence[int],
    ) -> Iterator[Message | MediaError]:
        connections = [item for item in _image_connections(reader) if item.topic == self._topic]
        wanted = set(indices)
        last = max(indices)
        position, found = 0, 0
        reason = 'it is damaged there, or its metadata.yaml counts more than it holds'
        try:
            for connection, _, data in reader.messages(connections):
                if position in wanted:
                    found += 1
                    yield Message(position, connection.msgtype, bytes(data))
                if position == last:
                    return
                position += 1
        except Exception as error:  # each storage format raises errors of its own
            reason = f'the rest is damaged ({error})'
        yield MediaError(
            f'{self.description} gives {position} messages, but {self.num_frames} were expected; '
            f'{len(wanted) - found} of the frames chosen are missing; {reason}'
        )

    def _frame(
        self,
        reader: Any,  # noqa: ANN401 - as above
        message: Message,
    ) -> ImageView | YolotrtError:
        try:
            return _view(reader.deserialize(message.data, message.kind))
        except Exception as error:  # damaged bytes raise whatever they lead to
            return MediaError(
                f'message {message.number} of {self.description} cannot be read: {error}'
            )


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import get_typestore, Stores
    except ImportError as error:
        raise BackendError(
            f'{path} is a rosbag2 recording, and rosbags, which reads it, is not installed; '
            'install it with `pip install rosbags`'
        ) from error
    # Recordings of ROS 2 Humble and older lack the definitions; image messages never changed.
    reader = AnyReader([path], default_typestore=get_typestore(Stores.LATEST))
    try:
        reader.open()
    except Exception as error:  # as above
        raise MediaError(
            f'{path} cannot be opened as a rosbag2 recording: {error}; check that it is complete'
        ) from error
    try:
        yield reader
    finally:
        reader.close()


def _image_connections(reader: Any) -> list[Any]:  # noqa: ANN401 - as above
    return [item for item in reader.connections if item.msgtype in (_IMAGE, _COMPRESSED)]


def _choose_topic(
    path: Path, topic: str | None, counts: dict[str, int], all_topics: Sequence[str]
) -> str:
    filled = [name for name, count in sorted(counts.items()) if count]
    if not filled:
        raise MediaError(
            f'{path} holds no {_IMAGE} and no {_COMPRESSED}, but the topics '
            f'{", ".join(all_topics) or "(none)"}; record the image topic of the camera'
        )
    if topic is None and len(filled) > 1:
        reason = f'{path} has several image topics; choose one of {", ".join(filled)}'
        raise ConfigError('topic', '', reason)
    if topic is not None and topic not in filled:
        reason = f'is no image topic of {path}; choose one of {", ".join(filled)}'
        raise ConfigError('topic', topic, reason)
    return topic or filled[0]


def _view(message: Any) -> ImageView:  # noqa: ANN401 - as above
    if message.__msgtype__ == _IMAGE:
        return ImageView.from_message(message)
    content = np.asarray(message.data, np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if image is None:
        raise ImageFormatError(
            f'compressed image of {content.size} bytes, format {message.format!r}, cannot be '
            'decoded; it must be a JPEG or PNG file'
        )
    return ImageView.from_array(np.asarray(image, np.uint8))
