# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sample of the images that a folder, a video or a recording holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
import logging
from pathlib import Path
import random
from typing import Literal, Protocol

from yolotrt_ros.core.errors import ConfigError, YolotrtError
from yolotrt_ros.core.even_sample import even_indices
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.tools.bag_frames import BagFrames
from yolotrt_ros.tools.bag_recording import BAG_SUFFIXES, is_bag
from yolotrt_ros.tools.media_frames import MediaFrames

DEFAULT_COUNT = 512
Order = Literal['even', 'random']

_logger = logging.getLogger(__name__)


class Recording(Protocol):
    """Where frames come from: numbered from 0, read in ascending order."""

    @property
    def description(self) -> str:
        """Where the frames come from, for people."""

    @property
    def num_frames(self) -> int:
        """Frames that it declares; one whose end is damaged gives fewer."""

    def frames(self, indices: Sequence[int]) -> Iterator[ImageView | YolotrtError]:
        """Read some frames; an error stands for one that cannot be read, or for all the rest."""

    def digest(self, indices: Sequence[int]) -> str:
        """Return the SHA-256 of what these frames are decoded from, in hexadecimal."""


class FrameSource:
    """
    The frames chosen of a recording; it can be gone through any number of times.

    :param recording: what they are read from.
    :param indices: which, ascending.
    :param order: how they were chosen, for people.
    """

    def __init__(self, recording: Recording, indices: Sequence[int], order: str) -> None:
        self._recording = recording
        self._indices = indices
        self._order = order
        self.num_read = 0
        """Frames that the last complete pass gave."""
        self.failures: list[str] = []
        """What the last pass could not read, and why."""

    def __len__(self) -> int:
        """Return the number of frames chosen; a pass that meets damaged ones gives fewer."""
        return len(self._indices)

    def __iter__(self) -> Iterator[ImageView]:
        """
        Read the frames in the order of the recording.

        :raises MediaError: not one of them can be read.
        """
        self.num_read, self.failures = 0, []
        for frame in self._recording.frames(self._indices):
            if isinstance(frame, YolotrtError):
                self.failures.append(str(frame))
                _logger.warning('%s', frame)
            else:
                self.num_read += 1
                yield frame
        if not self.num_read:
            raise MediaError(
                f'not one of the {len(self)} frames chosen of {self._recording.description} can '
                f'be read; the first reason: {next(iter(self.failures), "it ended at once")}'
            )
        if self.num_read < len(self):
            _logger.warning(
                '%d of the %d frames chosen of %s could not be read and are left out',
                *(len(self) - self.num_read, len(self), self._recording.description),
            )

    @property
    def description(self) -> str:
        """Where the frames come from and how they were chosen, for people."""
        total = self._recording.num_frames
        chosen = 'all' if len(self) == total else f'{len(self)} of'
        order = '' if len(self) == total else f', {self._order}'
        return f'{chosen} {total} frames of {self._recording.description}{order}'

    @cached_property
    def digest(self) -> str:
        """
        SHA-256 of the frames' content, in hexadecimal.

        It is the same wherever the files lie, and another one when a file or the choice changes.
        """
        return self._recording.digest(self._indices)


def frame_source(
    path: Path,
    *,
    count: int = DEFAULT_COUNT,
    order: Order = 'even',
    seed: int = 0,
    topic: str | None = None,
) -> FrameSource:
    """
    Choose frames of a picture, a video, a folder of them, or a rosbag2 recording.

    :param path: a recording is a folder with ``metadata.yaml``, or an ``.mcap`` or ``.db3`` file.
    :param count: frames wanted at most.
    :param order: ``'even'`` spreads them over the whole, ``'random'`` draws without repetition.
    :param seed: what the random choice depends on.
    :param topic: the image topic of a recording; None where it has one only.
    :raises ConfigError: an argument cannot be used with this path.
    :raises MediaError: the path holds no images, or cannot be opened.
    :raises BackendError: a recording is given, but rosbags is not installed.
    """
    if count < 1:
        raise ConfigError('count', count, 'must be at least 1')
    recording = _open(path, topic)
    if order == 'even':
        indices = even_indices(recording.num_frames, count)
        return FrameSource(recording, indices, 'evenly spread')
    if order == 'random':
        count = min(count, recording.num_frames)
        indices = sorted(random.Random(seed).sample(range(recording.num_frames), count))
        return FrameSource(recording, indices, f'drawn with seed {seed}')
    raise ConfigError('order', order, 'must be even or random')


def _open(path: Path, topic: str | None) -> Recording:
    if not path.exists():
        raise MediaError(
            f'{path} does not exist; give a picture, a video, a folder of them, or a rosbag2 '
            'recording'
        )
    if is_bag(path):
        return BagFrames(path, topic)
    if topic is not None:
        raise ConfigError('topic', topic, f'{path} is no rosbag2 recording and has no topics')
    if path.is_dir() and any(file.suffix in BAG_SUFFIXES for file in path.iterdir()):
        raise MediaError(
            f'{path} holds recorded files but no metadata.yaml; give one of the files, or restore '
            f'the description with `ros2 bag reindex {path}`'
        )
    return MediaFrames(path)
