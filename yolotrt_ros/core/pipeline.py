# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The seam: what every pipeline offers to the node and to the tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes


@dataclass(frozen=True)
class NetworkInfo:
    """
    What a pipeline has loaded.

    :param model_path: the file it came from.
    :param backend: the runtime and its version, for people.
    :param network_wh: width and height of the network's input, pixels.
    :param max_batch: frames that one call takes at most.
    :param class_names: names in the order of the class ids.
    :param head: the layout of the outputs, for people.
    :param score_floor: the lowest score that the network itself lets through; 0 for all.
    """

    model_path: str
    backend: str
    network_wh: tuple[int, int]
    max_batch: int
    class_names: tuple[str, ...]
    head: str
    score_floor: float = 0.0


class Pipeline(Protocol):
    """
    A batch of frames in, one ``Detections`` per frame out.

    A pipeline belongs to one thread at a time.
    """

    @property
    def info(self) -> NetworkInfo:
        """The network that runs."""

    @property
    def stage_times(self) -> StageTimes:
        """Milliseconds of each stage of the last call, for its whole batch."""

    def expect_frames(self) -> None:
        """Say that ``detect`` will be called in a moment, so that threads of it are awake then."""

    def detect(self, frames: Sequence[ImageView], selection: Selection) -> list[Detections]:
        """
        Find the objects in each frame; blocks until they are found.

        :param frames: one to ``info.max_batch`` images of any sizes and encodings.
        :param selection: the rules to apply, free to differ from call to call.
        :returns: boxes in pixels of the frames, clipped to them, best score first.
        :raises DetectionError: the runtime failed; the pipeline can be used again.
        """

    def warm_up(self) -> None:
        """Run the network once on grey, so that the first frame is as fast as the others."""

    def close(self) -> None:
        """Free what the pipeline holds; calling it twice does no harm."""
