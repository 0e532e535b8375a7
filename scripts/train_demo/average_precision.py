# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mean average precision as COCO defines it, by pycocotools."""

from __future__ import annotations

from collections.abc import Sequence
import contextlib
import io
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.demo import CLASS_NAMES, Frame

SIZES = ('all', 'small', 'medium', 'large')
"""COCO's: areas below 32², below 96² and from 96² pixels."""


def average_precision(truths: Sequence[Frame], found: Sequence[Detections]) -> dict[str, Any]:
    """
    Compare detections with the truth.

    Ignored truth counts as a crowd: it need not be found, and a detection that lies on it is
    left out of the count.

    :param found: for each frame, boxes in image pixels, at most 100.
    :returns: mAP50, mAP50-95, and both by class and by size.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth := _dataset(truths), _results(truth, found), 'bbox')
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval['precision'][..., -1]  # (IoU, recall, class, size), 100 detections
    precision = np.where(precision < 0, np.nan, precision)  # -1 marks classes that do not occur
    return {
        'images': len(truths),
        'objects': sum(int((~frame.ignored).sum()) for frame in truths),
        **_both(precision[:, :, :, 0]),
        'by_class': {
            name: _both(precision[:, :, index, 0]) for index, name in enumerate(CLASS_NAMES)
        },
        'by_size': {size: _both(precision[..., index]) for index, size in enumerate(SIZES)},
    }


def _both(precision: np.ndarray[Any, Any]) -> dict[str, float]:
    if np.isnan(precision).all():
        return {'mAP50': float('nan'), 'mAP50-95': float('nan')}
    return {
        'mAP50': round(float(np.nanmean(precision[0])), 4),
        'mAP50-95': round(float(np.nanmean(precision)), 4),
    }


def _dataset(truths: Sequence[Frame]) -> COCO:
    annotations = [
        {
            'id': 0,
            'image_id': image,
            'category_id': int(frame.class_ids[row]),
            'bbox': _xywh(frame.boxes_xyxy[row]),
            'area': float(np.prod(frame.boxes_xyxy[row, 2:] - frame.boxes_xyxy[row, :2])),
            'iscrowd': int(frame.ignored[row]),
        }
        for image, frame in enumerate(truths)
        for row in range(len(frame.class_ids))
    ]
    for number, annotation in enumerate(annotations, start=1):
        annotation['id'] = number
    dataset = COCO()
    dataset.dataset = {
        'info': {},
        'images': [{'id': image} for image in range(len(truths))],
        'annotations': annotations,
        'categories': [{'id': index, 'name': name} for index, name in enumerate(CLASS_NAMES)],
    }
    dataset.createIndex()
    return dataset


def _results(truth: COCO, found: Sequence[Detections]) -> COCO:
    rows = [
        {
            'image_id': image,
            'category_id': int(detections.class_ids[row]),
            'bbox': _xywh(detections.boxes_xyxy[row]),
            'score': float(detections.scores[row]),
        }
        for image, detections in enumerate(found)
        for row in range(len(detections))
    ]
    return truth.loadRes(rows) if rows else COCO()


def _xywh(box_xyxy: np.ndarray[Any, Any]) -> list[float]:
    x0, y0, x1, y1 = (float(value) for value in box_xyxy)
    return [x0, y0, x1 - x0, y1 - y0]
