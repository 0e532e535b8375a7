# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several networks on one data set, all under the same conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
import os
from pathlib import Path
import platform
import sys

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.even_sample import even_indices
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox, letterbox_image
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.tools.compare_agreement import (
    agreement_matrix,
    AgreementMatrix,
    Found,
    SCORE_MARGIN,
)
from yolotrt_ros.tools.dataset import Dataset
from yolotrt_ros.tools.dataset_run import class_map
from yolotrt_ros.tools.evaluation import COUNTED
from yolotrt_ros.tools.network_figures import NetworkFigures, NetworkMeter

NUM_FRAMES = 16
"""Pictures that are timed in turn: enough to differ, few enough for memory."""


@dataclass(frozen=True)
class Conditions:
    """
    What holds for all networks of a comparison.

    :param score_threshold: score from which a robot takes an object for one.
    :param iou_threshold: overlap above which it drops the weaker box.
    :param num_runs: frames that are timed.
    :param frame_wh: width and height of these frames, pixels.
    :param on_host: whether engines are prepared and decoded on the CPU as well.
    """

    score_threshold: float = 0.25
    iou_threshold: float = 0.45
    num_runs: int = 200
    frame_wh: tuple[int, int] = (1280, 720)
    on_host: bool = False


@dataclass(frozen=True)
class Comparison:
    """
    What was measured; the first network is what the others are compared with.

    :param counted_threshold: lowest score of the accuracy.
    """

    dataset: Dataset
    networks: tuple[NetworkFigures, ...]
    conditions: Conditions
    counted_threshold: float

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A name for each network: that of its file, with the folder where it is not alone."""
        counts = Counter(network.path.name for network in self.networks)
        paths = [network.path for network in self.networks]
        names = (path.name if counts[path.name] == 1 else str(path) for path in paths)
        # Matplotlib draws no name that a locale without UTF-8 has taken apart.
        return tuple(os.fsencode(name).decode('utf-8', 'backslashreplace') for name in names)

    @property
    def found(self) -> list[Found]:
        """What each network found under the rules of a robot, with its margin."""
        return [network.deployed.found for network in self.networks]

    @cached_property
    def agreement(self) -> AgreementMatrix:
        """Who finds what the others find."""
        return agreement_matrix(self.found, self.conditions.score_threshold)

    @property
    def description(self) -> str:
        """The conditions, for people."""
        rules, counted = self.conditions, COUNTED
        width, height = rules.frame_wh
        return (
            f'{len(self.dataset.images)} pictures, accuracy of scores above '
            f'{self.counted_threshold:g} with NMS at {counted.iou_threshold:g} and at most '
            f'{counted.max_detections} boxes; {rules.num_runs} timed frames of {width}x{height}, '
            f'objects above {rules.score_threshold:g} with NMS at {rules.iou_threshold:g}; '
            f'{"preparation and decoding on the CPU; " if rules.on_host else ""}'
            f'{os.cpu_count()} x {platform.machine()}'
        )


def compare(
    paths: Sequence[Path], config: DetectorConfig, dataset: Dataset, conditions: Conditions
) -> Comparison:
    """
    Measure every network.

    :raises YolotrtError: one of them cannot be loaded, or has no class in common with the set;
        none is measured then.
    """
    meters = [NetworkMeter(path, config, on_host=conditions.on_host) for path in paths]
    infos = [meter.info() for meter in meters]
    for info in infos:
        class_map(info.class_names, dataset)
    floors = [info.score_floor for info in infos]
    # Engines drop the weakest candidates themselves: without these in any of them, or in none.
    counted_threshold = max(COUNTED.score_threshold, *floors)
    deployed_threshold = max(conditions.score_threshold - SCORE_MARGIN, *floors)
    counted = Selection(counted_threshold, COUNTED.iou_threshold, COUNTED.max_detections)
    deployed = Selection(deployed_threshold, conditions.iou_threshold, COUNTED.max_detections)
    for problem in dataset.problems:
        print(f'{dataset.description}: {problem}', file=sys.stderr)
    frames = camera_frames(dataset, conditions.frame_wh)
    networks = [
        meter.measure(
            dataset,
            counted=counted,
            deployed=deployed,
            frames=frames,
            num_runs=conditions.num_runs,
        )
        for meter in meters
    ]
    return Comparison(dataset, tuple(networks), conditions, counted_threshold)


def camera_frames(dataset: Dataset, frame_wh: tuple[int, int]) -> list[ImageView]:
    """Fit pictures from all over a data set into frames of one size, as a camera gives them."""
    frames = []
    for index in even_indices(len(dataset.images), NUM_FRAMES):
        picture = read_picture(dataset.images[index].path)
        source_wh = (picture.shape[1], picture.shape[0])
        frames.append(
            ImageView.from_array(letterbox_image(picture, Letterbox.fit(source_wh, frame_wh)))
        )
    return frames
