# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sizes of pictures, found by decoding them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
import os
import sys

from tqdm import tqdm

from yolotrt_ros.cpu.media import MediaError, read_picture
from yolotrt_ros.tools.dataset_raw import RawImage

SizeWh = tuple[int, int]


def read_sizes(images: Sequence[RawImage], problems: list[str]) -> list[SizeWh | None]:
    """
    Decode each picture once, in several threads, for its size as it will be detected in.

    :param problems: gets a line for each picture that cannot be used.
    :returns: width and height in the order of the pictures; None for one that cannot be used.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        read = threads.map(_read_size, images)
        progress = tqdm(
            read, total=len(images), unit='image', desc='pictures', leave=False, file=sys.stderr
        )
        answers = list(progress)
    problems += [answer for answer in answers if isinstance(answer, str)]
    return [None if isinstance(answer, str) else answer for answer in answers]


def _read_size(image: RawImage) -> SizeWh | str:
    """Return the size, or why the picture cannot be used."""
    try:
        height, width = read_picture(image.path).shape[:2]
    except MediaError as error:
        return str(error)
    if image.declared_wh in (None, (width, height)):
        return width, height
    expected = '×'.join(map(str, image.declared_wh or ()))
    return (
        f'{image.path} is {width}×{height}, but its labels were made for {expected}; it is '
        'another picture, or was turned or resized since'
    )
