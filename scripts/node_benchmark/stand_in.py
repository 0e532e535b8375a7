# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pipeline without a network, so that what is measured is the node around it."""

from __future__ import annotations

from collections.abc import Sequence
import time

import numpy as np

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes, Stopwatch

LABELS = ('person', 'bicycle', 'car', 'traffic light')
# What one byte can ask for.
MAX_DETECTIONS = 255
SEED = 0


class StandInPipeline:
    """
    Answers each image with as many detections as its first byte says.

    :param call_s: how long a call takes, whatever its batch. It is slept, as a pipeline waits that
        runs elsewhere: on a GPU, or in threads that do not hold Python's lock.
    :param max_batch: frames that one call takes at most.
    """

    def __init__(self, call_s: float = 0.0, max_batch: int = 4) -> None:
        self.info = NetworkInfo(
            model_path='none',
            backend=f'stand-in, {1e3 * call_s:g} ms a call',
            network_wh=(640, 640),
            max_batch=max_batch,
            class_names=LABELS,
            head='none',
        )
        self.stage_times: StageTimes = {}
        self._call_s = call_s
        self._detections = made_up_detections(MAX_DETECTIONS)

    def expect_frames(self) -> None:
        """Nothing has to be woken."""

    def detect(self, frames: Sequence[ImageView], selection: Selection) -> list[Detections]:
        """Answer; of the selection only ``max_detections`` applies, every score is 1."""
        watch = Stopwatch()
        with watch.stage('inference'):
            if self._call_s:
                time.sleep(self._call_s)
            counts = [min(int(frame.data[0]), selection.max_detections) for frame in frames]
            found = [self._detections[:count] for count in counts]
        self.stage_times = watch.stage_times
        return found

    def warm_up(self) -> None:
        """Nothing is cold here."""

    def close(self) -> None:
        """Nothing is held here."""


def made_up_detections(count: int) -> Detections:
    """Return so many boxes within 640x480 pixels, the same each time."""
    rng = np.random.default_rng(SEED)
    top_left = rng.uniform((0, 0), (600, 440), (count, 2))
    size = rng.uniform(8, 40, (count, 2))
    return Detections(
        np.hstack([top_left, top_left + size]).astype(np.float32),
        np.ones(count, np.float32),
        rng.integers(0, len(LABELS), count).astype(np.int32),
    )
