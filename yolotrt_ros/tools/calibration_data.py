# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures for calibration, prepared as the detector prepares them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.trt.calibration import CalibrationSet, DEFAULT_BATCH_SIZE, Frames


def calibration_set(
    frames: Frames,
    network_wh: tuple[int, int],
    *,
    batch_size: int = DEFAULT_BATCH_SIZE,
    progress: Callable[[int, int], None] | None = None,
) -> CalibrationSet:
    """
    Put frames into batches for the calibrator.

    :param frames: a ``FrameSource``.
    :param network_wh: width and height that calibration runs at, pixels.
    :param batch_size: the batch that it runs with.
    :param progress: told at first and after each batch how many pictures are done, of how many.
    :raises ConfigError: there are no frames, or the batch size is below 1.
    """
    preprocessor = Preprocessor(network_wh, batch_size, np.dtype(np.float32))
    return CalibrationSet(
        frames,
        lambda pictures: preprocessor(pictures)[0],
        network_wh=network_wh,
        batch_size=batch_size,
        progress=progress,
    )
