# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The images of one topic of a rosbag2 recording, by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import hashlib
from pathlib import Path

from yolotrt_ros.core.errors import ConfigError, ImageFormatError, YolotrtError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.tools.bag_images import check_topic, image_topics, read_recorded_image
from yolotrt_ros.tools.bag_recording import open_recording, RecordedMessage, Recording


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
        with open_recording(path) as recording:
            counts = image_topics(recording.topics, path)
        if topic is None and len(counts) > 1:
            reason = f'{path} has several image topics; choose one of {", ".join(counts)}'
            raise ConfigError('topic', '', reason)
        self._topic = next(iter(counts)) if topic is None else topic
        self.num_frames = counts[check_topic(self._topic, list(counts), path)] or 0
        self.description = f'{path} ({self._topic})'

    def frames(self, indices: Sequence[int]) -> Iterator[ImageView | YolotrtError]:
        """Read the recording up to the last message wanted; decode those wanted only."""
        with open_recording(self._path) as recording:
            num_found = 0
            for number, message in self._messages(recording, indices):
                num_found += 1
                try:
                    yield read_recorded_image(message).view
                except ImageFormatError as error:
                    yield MediaError(
                        f'message {number} of {self.description} cannot be read: {error}'
                    )
            for problem in recording.problems:
                num_missing = len(set(indices)) - num_found
                yield MediaError(f'{problem}; {num_missing} of the frames chosen are missing')

    def digest(self, indices: Sequence[int]) -> str:
        """Return the SHA-256 over types and bytes of the messages."""
        whole = hashlib.sha256()
        with open_recording(self._path) as recording:
            for _, message in self._messages(recording, indices):
                whole.update(f'{message.kind}\0{len(message.data)}\n'.encode())
                whole.update(message.data)
        return whole.hexdigest()

    def _messages(
        self, recording: Recording, indices: Sequence[int]
    ) -> Iterator[tuple[int, RecordedMessage]]:
        wanted, last = set(indices), max(indices)
        for number, message in enumerate(recording.messages({self._topic})):
            if number in wanted:
                yield number, message
            if number == last:
                return
