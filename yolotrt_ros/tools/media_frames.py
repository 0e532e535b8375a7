# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of pictures and videos, numbered through."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
import hashlib
from itertools import accumulate, groupby
import os
from pathlib import Path

import cv2
import numpy as np

from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.media import (
    find_media,
    Media,
    MediaError,
    opencv_name,
    read_picture,
)
from yolotrt_ros.trt.engine_file import file_sha256


class MediaFrames:
    """
    The frames of a picture, a video, or a folder of them in the order of the names.

    :raises MediaError: the path holds neither pictures nor videos, or is a damaged video.
    """

    def __init__(self, path: Path) -> None:
        self.description = str(path)
        self._media = [
            _with_known_length(media) for media in find_media(path, keep_damaged=path.is_dir())
        ]
        self._ends = list(accumulate(media.num_frames for media in self._media))

    @property
    def num_frames(self) -> int:
        """Frames of all files together."""
        return self._ends[-1]

    def frames(self, indices: Sequence[int]) -> Iterator[ImageView | YolotrtError]:
        """
        Read some frames.

        Of a video each frame up to the last one wanted is decoded, but only those wanted are
        converted: a search would decode as much, since it starts at a key frame, and finds the
        wrong frame in some containers.
        """
        for media, numbers in self._by_file(indices):
            if media.is_video:
                yield from _video_frames(media, numbers)
            else:
                yield _picture_frame(media.path)

    def digest(self, indices: Sequence[int]) -> str:
        """
        Return the SHA-256 over names, sizes and contents of the files, and which frames.

        :raises MediaError: a file cannot be read.
        """
        whole = hashlib.sha256()
        for media, numbers in self._by_file(indices):
            try:
                size, content = media.path.stat().st_size, file_sha256(media.path)
            except OSError as error:
                raise MediaError(
                    f'{media.path} cannot be read: {error}; check its permissions'
                ) from error
            facts = f'\0{size}\0{content}\0{numbers}\n'
            whole.update(os.fsencode(media.path.name) + facts.encode())
        return whole.hexdigest()

    def _by_file(self, indices: Sequence[int]) -> Iterator[tuple[Media, list[int]]]:
        """Give each file that is needed, and the frames wanted of it."""
        for row, group in groupby(indices, lambda index: bisect_right(self._ends, index)):
            media = self._media[row]
            start = self._ends[row] - media.num_frames
            yield media, [index - start for index in group]


def _with_known_length(media: Media) -> Media:
    """Count the frames of a video whose container does not declare them."""
    if media.num_frames:
        return media
    video = cv2.VideoCapture(opencv_name(media.path))
    count = 0
    while video.grab():
        count += 1
    video.release()
    # As above: a video without any frame is reported when it is its turn.
    return Media(media.path, max(count, 1), media.rate_hz)


def _picture_frame(path: Path) -> ImageView | YolotrtError:
    try:
        return ImageView.from_array(read_picture(path))
    except YolotrtError as error:
        return error


def _video_frames(media: Media, numbers: Sequence[int]) -> Iterator[ImageView | YolotrtError]:
    try:
        video = cv2.VideoCapture(opencv_name(media.path))
    except MediaError as error:
        yield error
        return
    position = 0
    try:
        for done, number in enumerate(numbers):
            while position < number and video.grab():
                position += 1
            was_read, image = video.read()
            if not was_read:
                yield _shortage(media, position, len(numbers) - done)
                return
            position += 1
            yield ImageView.from_array(np.asarray(image, np.uint8))
    finally:
        video.release()


def _shortage(media: Media, position: int, num_missing: int) -> MediaError:
    return MediaError(
        f'{media.path} ends after {position} frames, but {media.num_frames} were expected; '
        f'{num_missing} of the frames chosen are missing; its end is damaged, its codec is '
        'missing from this OpenCV, or its container counts wrongly'
    )
