# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One network measured on one data set: figures and the conditions they stand under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.tools.accuracy import Accuracy
from yolotrt_ros.tools.dataset import Dataset
from yolotrt_ros.tools.dataset_run import DatasetRun

# The conditions that YOLO networks are usually measured under: every score counts, and NMS
# leaves more overlap than a robot would want.
COUNTED = Selection(0.001, 0.65, 300)


@dataclass(frozen=True)
class Evaluation:
    """
    Everything that ``evaluate`` tells.

    :param info: the network.
    :param dataset: what it was measured on.
    :param selection: the rules that its candidates became detections by.
    :param run: what it found, and how long that took.
    :param accuracy: the figures.
    :param missing_classes: classes of the set that the network lacks; their objects are missed.
    :param score: where precision and recall are taken.
    """

    info: NetworkInfo
    dataset: Dataset
    selection: Selection
    run: DatasetRun
    accuracy: Accuracy
    missing_classes: tuple[str, ...]
    score: float

    def median_ms(self) -> dict[str, float]:
        """Return the median time of a picture as ``total``, and of each of its stages."""
        times = [{'total': sum(each.values()), **each} for each in self.run.stage_times]
        stages = dict.fromkeys(stage for each in times for stage in each)
        return {
            stage: float(np.median([each.get(stage, 0.0) for each in times])) for stage in stages
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the one object of ``--json``."""
        return {
            'model': self.info.model_path,
            'backend': self.info.backend,
            'network_wh': list(self.info.network_wh),
            'dataset': self.dataset.description,
            'conditions': {
                'score_threshold': self.selection.score_threshold,
                'iou_threshold': self.selection.iou_threshold,
                'max_detections': self.selection.max_detections,
                'class_agnostic_nms': self.selection.class_agnostic_nms,
            },
            **self.accuracy.as_dict(self.score),
            'backgrounds': self.dataset.num_backgrounds,
            'missing_classes': list(self.missing_classes),
            'detections_of_other_classes': self.run.num_unknown,
            'nonfinite_candidates': self.run.num_nonfinite,
            'median_ms': self.median_ms(),
            'problems': list(self.dataset.problems),
            'failures': list(self.run.failures),
        }

    def text(self) -> str:
        """Format it for people."""
        dataset, selection, run = self.dataset, self.selection, self.run
        lines = [
            f'{self.info.model_path} ({self.info.backend})',
            f'{dataset.description}: {len(dataset.images)} pictures, {dataset.num_objects} '
            f'objects, {dataset.num_backgrounds} pictures without any',
            f'scores from {selection.score_threshold:g} on, NMS at {selection.iou_threshold:g}, '
            f'at most {selection.max_detections} boxes',
            f'median time of a picture: {_times_text(self.median_ms())}',
        ]
        if run.num_unknown:
            lines.append(
                f'{run.num_unknown} detections of classes that the data set does not have are '
                'left out'
            )
        if run.num_nonfinite:
            lines.append(f'{run.num_nonfinite} candidates of the network are NaN or infinite')
        return '\n'.join([*lines, '', self.accuracy.table(self.score)])


def _times_text(times: dict[str, float]) -> str:
    if not times:
        return '-'
    total, *stages = (f'{name} {time_ms:.2f}' for name, time_ms in times.items())
    return f'{total} ms ({", ".join(stages)})'
