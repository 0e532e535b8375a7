# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera's images come from: files, or a drive through the demo's arena."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.cpu.media import find_media, Media
from yolotrt_ros.demo import CLASS_NAMES, Drive

SCENES = 'scenes'


@dataclass(frozen=True)
class Shot:
    """
    One image of the camera.

    :param image_bgr: uint8 ``(H, W, 3)``.
    :param truth: what is in it, where that is known; the score is the visible fraction.
    """

    image_bgr: NDArray[np.uint8]
    truth: Detections | None = None


def open_source(
    source: str, *, width: int, height: int, rate: float, loop: bool, seed: int
) -> tuple[Iterator[Shot], Sequence[str]]:
    """
    Open a source; a path that cannot be read fails here and not at the first image.

    :param source: ``scenes``, or a picture, a video or a folder of them.
    :param width: pixels; 0 leaves files as they are and drives at 640, and ``height`` at 384.
    :param rate: images a second, so that a drive runs at its true speed.
    :param loop: whether to start again at the end.
    :param seed: which drive.
    :returns: the images, and the names of the classes of their truth.
    :raises MediaError: the path cannot be read.
    """
    if source == SCENES:
        drive = Drive(seed, width or 640, height or 384, fps=rate)
        return _drive_shots(drive, loop), CLASS_NAMES
    return _file_shots(find_media(Path(source)), width, height, loop), ()


def _drive_shots(drive: Drive, loop: bool) -> Iterator[Shot]:
    for lap in count():
        if lap and not loop:
            return
        for frame in drive:
            fractions = np.minimum(frame.visible_fraction, 1)
            yield Shot(frame.image_bgr, Detections(frame.boxes_xyxy, fractions, frame.class_ids))


def _file_shots(media: Sequence[Media], width: int, height: int, loop: bool) -> Iterator[Shot]:
    shots = (
        Shot(_resized(picture.image_bgr, width, height))
        for _ in (count() if loop else range(1))
        for picture in chain.from_iterable(item.pictures() for item in media)
    )
    if loop and len(media) == 1 and not media[0].is_video:
        return repeat(next(shots))  # decoded once: a fast rate should cost the others no time
    return shots


def _resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    size = (width or image.shape[1], height or image.shape[0])
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
