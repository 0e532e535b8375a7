# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures on which networks differ most, with what each of them sees."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.cpu.draw import Bgr, class_color, draw_detections, draw_label
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.tools.compare_agreement import disagreement, lonely_rows
from yolotrt_ros.tools.compare_run import Comparison
from yolotrt_ros.tools.report_page import figure, group, heading, Markup, picture, series_name

WIDTH = 560
SHARED: Bgr = (235, 235, 235)
SHARED_RIM: Bgr = (40, 40, 40)


def differing_pictures(comparison: Comparison, count: int) -> Iterator[Markup]:
    """Yield the pictures with the largest differences, the worst first; none where all agree."""
    costs = disagreement(comparison.found, comparison.conditions.score_threshold)
    for index in np.argsort(-costs, kind='stable')[:count].tolist():
        if costs[index] > 0:
            yield heading(comparison.dataset.images[index].path.name)
            yield group('pair', _panels(comparison, index))


def _panels(comparison: Comparison, index: int) -> Iterator[Markup]:
    """Yield the picture with the truth, then as each network sees it."""
    labelled = comparison.dataset.images[index]
    threshold = comparison.conditions.score_threshold
    image = read_picture(labelled.path)
    scale = WIDTH / image.shape[1]
    size = (WIDTH, max(1, round(image.shape[0] * scale)))
    image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    classes = comparison.dataset.class_names
    truth = _scaled(labelled.truth[~labelled.ignored], scale)
    yield figure(picture(_with_truth(image, truth, classes), 'the labels'), 'the labels')
    found = [run[index] for run in comparison.found]
    for number, own in enumerate(found):
        # Each network is held against the first, and the first against all others.
        others = found[1:] if number == 0 else found[:1]
        lonely = lonely_rows(own, others, threshold)
        seen = own.scores >= threshold
        caption = series_name(comparison.names[number], number)
        count = int(np.count_nonzero(lonely))
        text = Markup(f'{caption}: {int(np.count_nonzero(seen))} objects, {count} not shared')
        drawn = _with_objects(image, _scaled(own[seen], scale), lonely[seen], classes)
        yield figure(picture(drawn, _plain(text)), text)


def _with_truth(
    image: NDArray[np.uint8], truth: Detections, class_names: tuple[str, ...]
) -> NDArray[np.uint8]:
    """Draw the labelled objects, which have no score to write."""
    drawn = image.copy()
    for box, class_id in zip(truth.boxes_xyxy, truth.class_ids.tolist(), strict=True):
        x1, y1, x2, y2 = np.rint(box).astype(int).tolist()
        cv2.rectangle(drawn, (x1, y1), (x2 - 1, y2 - 1), class_color(class_id), 1)
        draw_label(drawn, class_names[class_id], (x1, y1), class_color(class_id))
    return drawn


def _with_objects(
    image: NDArray[np.uint8],
    detections: Detections,
    marked: NDArray[np.bool_],
    class_names: tuple[str, ...],
) -> NDArray[np.uint8]:
    """Draw objects, those marked in the colour of their class and with its name."""
    drawn = image.copy()
    shared = np.rint(detections.boxes_xyxy[~marked]).astype(int).tolist()
    for color, thickness in ((SHARED_RIM, 3), (SHARED, 1)):
        for x1, y1, x2, y2 in shared:
            cv2.rectangle(drawn, (x1, y1), (x2 - 1, y2 - 1), color, thickness)
    draw_detections(drawn, detections[marked], class_names)
    return drawn


def _scaled(detections: Detections, scale: float) -> Detections:
    boxes = detections.boxes_xyxy * np.float32(scale)
    return Detections(boxes, detections.scores, detections.class_ids)


def _plain(caption: str) -> str:
    """Return a caption for those who cannot see the picture."""
    return caption.rpartition('</span>')[2]
