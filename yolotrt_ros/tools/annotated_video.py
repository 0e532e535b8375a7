# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A video with what was found drawn into it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.cpu.media import Media, MediaError, opencv_name


class AnnotatedVideo:
    """
    A video that is being written.

    :param folder: made where it does not exist.
    :param media: the video that it is made of.
    :param image: its first frame.
    :raises MediaError: it cannot be written.
    """

    def __init__(self, folder: Path, media: Media, image: NDArray[np.uint8]) -> None:
        self._path = folder / f'{media.path.stem}.mp4'
        self._num_frames = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MediaError(
                f'{self._path} cannot be written; check the folder: {error.strerror}'
            ) from error
        codec = cv2.VideoWriter.fourcc(*'mp4v')
        self._writer = cv2.VideoWriter(
            opencv_name(self._path), codec, media.rate_hz, image.shape[1::-1]
        )
        if not self._writer.isOpened():
            raise MediaError(
                f'{self._path} cannot be written; check the folder, and whether this OpenCV has '
                'the mp4v encoder'
            )

    def write(self, image: NDArray[np.uint8]) -> None:
        """Append a frame."""
        self._writer.write(image)
        self._num_frames += 1

    def close(self) -> None:
        """
        Finish the file.

        :raises MediaError: frames are missing in it; OpenCV says nothing while it is written.
        """
        self._writer.release()
        video = cv2.VideoCapture(opencv_name(self._path))
        num_written = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        video.release()
        if num_written != self._num_frames:
            raise MediaError(
                f'{self._path} holds {num_written} of {self._num_frames} frames; check the space '
                'on its disk'
            )
