# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All pictures of a data set through one pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import sys

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError, DetectionError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes
from yolotrt_ros.cpu.media import MediaError, read_picture
from yolotrt_ros.tools.dataset import Dataset


@dataclass(frozen=True)
class DatasetRun:
    """
    What a pipeline found in the pictures of a data set.

    :param found: for each picture of the set, in its order, boxes in its pixels with the class
        ids of the set; empty for a picture that failed.
    :param stage_times: milliseconds of each stage, for each picture that did not fail.
    :param failures: each picture that failed, and why.
    :param num_unknown: detections of classes that the set does not have; they are left out.
    """

    found: tuple[Detections, ...]
    stage_times: tuple[StageTimes, ...]
    failures: tuple[str, ...] = ()
    num_unknown: int = 0

    @property
    def num_nonfinite(self) -> int:
        """Candidates that the network put out as NaN or infinity."""
        return sum(detections.num_nonfinite for detections in self.found)


def run_dataset(
    pipeline: Pipeline, selection: Selection, dataset: Dataset, *, label: str = ''
) -> DatasetRun:
    """
    Warm the pipeline up, then run picture by picture, as a camera's images are.

    :param selection: the rules for all pictures.
    :param label: text before the progress bar.
    :raises ConfigError: the network and the set have no class in common.
    """
    classes = class_map(pipeline.info.class_names, dataset)
    found: list[Detections] = []
    stage_times: list[StageTimes] = []
    failures: list[str] = []
    num_unknown = 0
    pipeline.warm_up()
    for image in tqdm(dataset.images, unit='image', desc=label or None, file=sys.stderr):
        try:
            detections = _detect(pipeline, selection, image.path)
        except (MediaError, DetectionError) as error:
            failures.append(f'{image.path}: {error}')
            found.append(Detections.empty())
            continue
        found.append(_with_classes(detections, classes))
        num_unknown += len(detections) - len(found[-1])
        stage_times.append(dict(pipeline.stage_times))
    return DatasetRun(tuple(found), tuple(stage_times), tuple(failures), num_unknown)


def class_map(network_names: Sequence[str], dataset: Dataset) -> NDArray[np.int32]:
    """
    Find for each class of the network the class of the data set with its name.

    Names that are not found as they are, are compared without regard to capitals and to blanks
    around them.

    :returns: int32 ``(num_classes,)``, the set's class ids; -1 where it lacks the class.
    :raises ConfigError: not one name agrees.
    """
    exact = {name: index for index, name in enumerate(dataset.class_names)}
    loose = {_folded(name): index for name, index in exact.items()}
    ids = [exact.get(name, loose.get(_folded(name), -1)) for name in network_names]
    matched = np.array(ids, np.int32)
    if not (matched >= 0).any():
        raise ConfigError(
            'class_names',
            _listed(network_names),
            f'not one is a class of {dataset.description}, which has '
            f'{_listed(dataset.class_names)}; measure on a data set with the classes of the '
            'network, or, where they only have other names, set class_names to the names of the '
            'data set in the order of the network',
        )
    return matched


def missing_classes(network_names: Sequence[str], dataset: Dataset) -> list[str]:
    """Return the classes of the data set that the network lacks."""
    known = set(class_map(network_names, dataset).tolist())
    return [name for index, name in enumerate(dataset.class_names) if index not in known]


def _detect(pipeline: Pipeline, selection: Selection, path: Path) -> Detections:
    return pipeline.detect([ImageView.from_array(read_picture(path))], selection)[0]


def _with_classes(detections: Detections, classes: NDArray[np.int32]) -> Detections:
    class_ids = classes[detections.class_ids]
    moved = Detections(
        detections.boxes_xyxy, detections.scores, class_ids, detections.num_nonfinite
    )
    return moved[class_ids >= 0]


def _folded(name: str) -> str:
    return name.strip().casefold()


def _listed(names: Sequence[str]) -> str:
    return f'{", ".join(names[:5])}{" …" if len(names) > 5 else ""} ({len(names)})'
