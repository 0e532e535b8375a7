# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, folders of pictures and videos, read one image at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.image import MAX_SIDE_PX
from yolotrt_ros.core.picture_file import is_cut_jpeg

PICTURE_SUFFIXES = frozenset({'.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp'})
VIDEO_SUFFIXES = frozenset({'.mp4', '.avi', '.mkv', '.mov', '.webm', '.mpg', '.mpeg'})


class MediaError(YolotrtError):
    """A picture or a video cannot be read or written."""


@dataclass(frozen=True)
class Picture:
    """
    One image from a file.

    :param name: the file, with ``#`` and the frame's number where it is a video.
    :param image_bgr: uint8 ``(H, W, 3)``.
    """

    name: str
    image_bgr: NDArray[np.uint8]


@dataclass(frozen=True)
class Media:
    """
    One file that holds images.

    :param path: the file.
    :param num_frames: its images, as its container declares them.
    :param rate_hz: frames a second of a video; 0 for a picture.
    """

    path: Path
    num_frames: int = 1
    rate_hz: float = 0.0

    @property
    def is_video(self) -> bool:
        """Whether the file is a video."""
        return self.rate_hz > 0

    def pictures(self) -> Iterator[Picture]:
        """
        Read the images in order.

        :raises MediaError: the file cannot be decoded.
        """
        if not self.is_video:
            yield Picture(str(self.path), read_picture(self.path))
            return
        video = _open_video(self.path)
        try:
            index = 0
            while True:
                was_read, image = video.read()
                if not was_read:
                    break
                yield Picture(f'{self.path}#{index}', np.asarray(image, np.uint8))
                index += 1
        finally:
            video.release()


def find_media(path: Path, *, keep_damaged: bool = False) -> list[Media]:
    """
    List what a path holds: itself, or the pictures and videos of a folder, sorted by name.

    :param keep_damaged: lists a video that cannot be opened as one image, which tells the reason
        when it is read.
    :raises MediaError: the path does not exist, or holds neither pictures nor videos.
    """
    if not path.exists():
        raise MediaError(f'{path} does not exist; give a picture, a video or a folder of them')
    files = sorted(filter(Path.is_file, path.iterdir())) if path.is_dir() else [path]
    known = [file for file in files if file.suffix.lower() in _KNOWN_SUFFIXES]
    if not known:
        raise MediaError(
            f'{path} holds no picture ({_suffixes(PICTURE_SUFFIXES)}) and no video '
            f'({_suffixes(VIDEO_SUFFIXES)})'
        )
    return [_describe(file, keep_damaged=keep_damaged) for file in known]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """
    Read a picture file as 8-bit BGR ``(H, W, 3)``, turned as its EXIF orientation says.

    :raises MediaError: it cannot be decoded.
    """
    # Not imread: it ends the process over a name that is no UTF-8, fills up a JPEG that was cut
    # short with grey, and does not tell a file that may not be read from a damaged one.
    try:
        data = path.read_bytes()
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except OSError as error:
        raise MediaError(f'{path} cannot be read: {error.strerror}') from error
    except cv2.error as error:
        raise MediaError(_undecodable_text(path)) from error
    if image is None or is_cut_jpeg(data):
        raise MediaError(_undecodable_text(path))
    height, width = image.shape[:2]
    if max(width, height) > MAX_SIDE_PX:
        raise MediaError(
            f'{path} is {width}x{height} pixels, but each side must be {MAX_SIDE_PX} at most; cut '
            'it into pieces'
        )
    return np.asarray(image, np.uint8)


def write_picture(path: Path, image_bgr: NDArray[np.uint8]) -> None:
    """
    Write a picture file in the format of its suffix.

    :raises MediaError: it cannot be written.
    """
    try:
        _, data = cv2.imencode(path.suffix, image_bgr)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.data)
    except OSError as error:
        raise MediaError(
            f'{path} cannot be written; check the folder: {error.strerror}'
        ) from error
    except cv2.error as error:
        raise MediaError(f'{path} cannot be written; check the folder and the suffix') from error


def opencv_name(path: Path) -> Any:  # noqa: ANN401 - OpenCV takes bytes, its types say text
    """
    Return a name for OpenCV: a text, and bytes where the name is no UTF-8.

    A text that is no UTF-8 ends the process, and bytes are refused before OpenCV 4.12.

    :raises MediaError: the name is no UTF-8, and this OpenCV takes no other.
    """
    name = os.fsencode(path)
    try:
        return name.decode('utf-8')
    except UnicodeDecodeError as error:
        if takes_bytes():
            return name
        raise MediaError(
            f'{path} has a name that must be UTF-8 for a video, but is {name!r}: OpenCV '
            f'{cv2.__version__} takes no other; rename it, or install OpenCV 4.12 or newer'
        ) from error


@cache
def takes_bytes() -> bool:
    """Tell whether this OpenCV takes the name of a file as bytes."""
    no_name: Any = b''
    try:
        cv2.samples.findFile(no_name, required=False, silentMode=True)
    except TypeError:
        return False
    return True


_KNOWN_SUFFIXES = PICTURE_SUFFIXES | VIDEO_SUFFIXES


def _undecodable_text(path: Path) -> str:
    return f'{path} cannot be decoded as a picture; it is damaged or mislabelled'


def _suffixes(suffixes: frozenset[str]) -> str:
    return ' '.join(sorted(suffixes))


def _describe(path: Path, *, keep_damaged: bool) -> Media:
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return Media(path)
    try:
        video = _open_video(path)
    except MediaError:
        if keep_damaged:
            return Media(path, num_frames=1, rate_hz=1.0)
        raise
    try:
        num_frames = max(int(video.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        rate_hz = float(video.get(cv2.CAP_PROP_FPS))
    finally:
        video.release()
    return Media(path, num_frames, rate_hz if rate_hz > 0 else 30.0)


def _open_video(path: Path) -> cv2.VideoCapture:
    video = cv2.VideoCapture(opencv_name(path))
    if not video.isOpened():
        raise MediaError(
            f'{path} cannot be decoded as a video; it is damaged or its codec is '
            'missing from this OpenCV'
        )
    return video
