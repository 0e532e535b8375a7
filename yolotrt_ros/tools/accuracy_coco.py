# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision as COCO defines it, by pycocotools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.boxes import box_areas
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.tools.accuracy_hits import Hits, IOU_THRESHOLDS
from yolotrt_ros.tools.dataset import Dataset

SIZES = ('all', 'small', 'medium', 'large')
"""COCO's: areas below 32², below 96² and from 96² pixels."""


@dataclass(frozen=True)
class CocoEvaluation:
    """
    What pycocotools answers.

    :param precision: float64 ``(10, 101, C, 4)``: for each IoU threshold, recall, class and one of
        ``SIZES``; NaN where there is no object.
    :param hits: all detections, matched with the objects.
    """

    precision: NDArray[np.float64]
    hits: Hits


def evaluate_coco(dataset: Dataset, found: Sequence[Detections]) -> CocoEvaluation:
    """
    Compare detections with the truth.

    :param found: for each picture, in its pixels, with the class ids of the set; all of them
        count, however many there are.
    :raises BackendError: pycocotools is not installed.
    """
    coco, coco_eval = _import()
    truth = [(image.truth, image.ignored, image.object_areas) for image in dataset.images]
    answers = [(each, np.zeros(len(each), np.bool_), box_areas(each.boxes_xyxy)) for each in found]
    with redirect_stdout(io.StringIO()):  # it reports its progress there
        evaluation = coco_eval(
            _index(coco(), dataset, truth), _index(coco(), dataset, answers), 'bbox'
        )
        evaluation.params.iouThrs = np.array(IOU_THRESHOLDS)
        evaluation.params.maxDets = [max(map(len, found), default=0) or 1]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval['precision'][..., 0]
    return CocoEvaluation(
        precision=np.where(precision < 0, np.nan, precision),
        hits=_hits(evaluation.evalImgs, dataset),
    )


def _import() -> tuple[Any, Any]:
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise BackendError(
            'the accuracy is computed by pycocotools, which is not installed; install it with '
            '`pip install pycocotools`'
        ) from error
    return COCO, COCOeval


def _index(
    coco: Any,  # noqa: ANN401 - pycocotools has no types
    dataset: Dataset,
    rows: Iterable[tuple[Detections, NDArray[np.bool_], NDArray[np.float32]]],
) -> Any:  # noqa: ANN401
    """Fill a COCO object; pictures and classes go by their rows."""
    annotations: list[dict[str, Any]] = []
    for image_id, (objects, crowds, areas) in enumerate(rows):
        x1, y1, x2, y2 = objects.boxes_xyxy.T.astype(np.float64)
        columns = (
            np.stack([x1, y1, x2 - x1, y2 - y1], axis=1).tolist(),
            objects.scores.tolist(),
            objects.class_ids.tolist(),
            crowds.tolist(),
            areas.tolist(),
        )
        for bbox, score, class_id, crowd, area in zip(*columns, strict=True):
            annotations.append(
                {
                    'id': len(annotations) + 1,  # to pycocotools, 0 is no match
                    'image_id': image_id,
                    'category_id': class_id,
                    'bbox': bbox,
                    'score': score,
                    'area': area,
                    'iscrowd': int(crowd),
                }
            )
    coco.dataset = {
        'images': [{'id': row} for row in range(len(dataset.images))],
        'categories': [{'id': row} for row in range(len(dataset.class_names))],
        'annotations': annotations,
    }
    coco.createIndex()
    return coco


def _hits(per_image: Sequence[dict[str, Any] | None], dataset: Dataset) -> Hits:
    """Gather the matches of all sizes together from pycocotools' rows: class, size, image."""
    num_images = len(dataset.images)
    per_class = len(SIZES) * num_images
    num_objects = np.zeros(len(dataset.class_names), np.int64)
    parts: list[tuple[NDArray[Any], ...]] = []
    for class_id in range(len(dataset.class_names)):
        for entry in per_image[class_id * per_class : class_id * per_class + num_images]:
            if entry is not None:
                scores = np.array(entry['dtScores'], np.float32)
                ids = np.full(len(scores), class_id, np.int32)
                matched = entry['dtMatches'].astype(np.bool_)
                ignored = np.asarray(entry['dtIgnore'], np.bool_)
                parts.append((scores, ids, matched & ~ignored, ignored))
                num_objects[class_id] += int((np.asarray(entry['gtIgnore']) == 0).sum())
    empty = (np.empty(0, np.float32), np.empty(0, np.int32), *[np.empty((10, 0), np.bool_)] * 2)
    columns = [np.concatenate(column, axis=-1) for column in zip(empty, *parts, strict=True)]
    return Hits(columns[0], columns[1], columns[2], columns[3], num_objects)
