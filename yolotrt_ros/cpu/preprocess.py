# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From camera images to the network's input tensor, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox, PAD_VALUE
from yolotrt_ros.cpu.color import to_resizable

_SCALE = np.float32(1 / 255)
# The quotients of all samples: NumPy rounds to half precision in software, which is slow.
_HALF_LEVELS = (np.arange(256) / 255).astype(np.float16)


class Preprocessor:
    """
    Fills one input tensor that is allocated once.

    :param network_wh: width and height of the network's input, pixels.
    :param max_batch: images that one call takes at most.
    :param dtype: float32 or float16, the type of the network's input.
    :param fixed_batch: whether the network always takes ``max_batch`` images; slots without a
        frame keep what they held.
    """

    def __init__(
        self,
        network_wh: tuple[int, int],
        max_batch: int,
        dtype: np.dtype[Any],
        *,
        fixed_batch: bool = False,
    ) -> None:
        self._network_wh = network_wh
        shape = (max_batch, 3, network_wh[1], network_wh[0])
        self._tensor = np.full(shape, PAD_VALUE * _SCALE, dtype)
        self._letterboxes: list[Letterbox | None] = [None] * max_batch
        self._fixed_batch = fixed_batch

    def __call__(
        self, frames: Sequence[ImageView]
    ) -> tuple[NDArray[np.floating], list[Letterbox]]:
        """
        Convert, resize, pad and scale a batch.

        :returns: ``(B, 3, H, W)``, RGB, 0 to 1, valid until the next call; and for each frame the
            letterbox that brings its boxes back.
        """
        letterboxes = [Letterbox.fit(frame.source_wh, self._network_wh) for frame in frames]
        for slot, (frame, letterbox) in enumerate(zip(frames, letterboxes, strict=True)):
            self._fill(slot, frame, letterbox)
        rows = len(self._tensor) if self._fixed_batch else len(frames)
        return self._tensor[:rows], letterboxes

    def _fill(self, slot: int, frame: ImageView, letterbox: Letterbox) -> None:
        if letterbox != self._letterboxes[slot]:
            # Grey where the last picture was larger; the same geometry overwrites itself.
            self._tensor[slot] = PAD_VALUE * _SCALE
            self._letterboxes[slot] = letterbox
        pixels, rgb = to_resizable(frame)
        resized = cv2.resize(pixels, letterbox.resized_wh, interpolation=cv2.INTER_LINEAR)
        channels = cv2.split(resized)
        picture = self._tensor[slot][:, letterbox.region[0], letterbox.region[1]]
        for plane, index in zip(picture, rgb, strict=True):
            if plane.dtype == np.float16:
                np.take(_HALF_LEVELS, channels[index], out=plane, mode='clip')
            else:
                np.multiply(channels[index], _SCALE, out=plane)
