# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mean average precision on scenes, as COCO defines it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.demo import CLASS_NAMES, Frame
from yolotrt_ros.tools.accuracy import AveragePrecision, measure
from yolotrt_ros.tools.dataset import Dataset, LabelledImage


def average_precision(truths: Sequence[Frame], found: Sequence[Detections]) -> dict[str, Any]:
    """
    Compare detections with the truth.

    Ignored truth counts as a crowd: it need not be found, and a detection that lies on it is
    left out of the count.

    :param found: for each frame, boxes in image pixels.
    :returns: mAP50, mAP50-95, and both by class and by size; None where there is no object.
    """
    dataset = _dataset(truths)
    accuracy = measure(dataset, found)
    whole = _both(AveragePrecision(accuracy.mAP50_95, accuracy.mAP50))
    return {
        'images': len(truths),
        'objects': dataset.num_objects,
        **whole,
        'by_class': {name: _both(figures) for name, figures in accuracy.per_class.items()},
        'by_size': {
            'all': whole,
            **{size: _both(figures) for size, figures in accuracy.per_size.items()},
        },
    }


def _both(figures: AveragePrecision) -> dict[str, float | None]:
    return {
        'mAP50': None if figures.mAP50 is None else round(figures.mAP50, 4),
        'mAP50-95': None if figures.mAP50_95 is None else round(figures.mAP50_95, 4),
    }


def _dataset(truths: Sequence[Frame]) -> Dataset:
    images = []
    for index, frame in enumerate(truths):
        scores = np.ones(len(frame.class_ids), np.float32)
        truth = Detections(frame.boxes_xyxy, scores, frame.class_ids)
        images.append(LabelledImage(Path(f'scene {index}'), truth, frame.ignored))
    return Dataset('scenes', CLASS_NAMES, tuple(images))
