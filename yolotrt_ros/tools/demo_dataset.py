# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes of the arena as a labelled data set, for the tools that take COCO files."""

from __future__ import annotations

import json
from pathlib import Path
import sys
from typing import Any

import numpy as np
from tqdm import tqdm

from yolotrt_ros.cpu.media import write_picture
from yolotrt_ros.demo import CLASS_NAMES, Frame, HELD_OUT_SEED, render_scene


def write_demo_dataset(folder: Path, count: int) -> Path:
    """
    Write held-out scenes: pictures, and ``instances.json`` as COCO has it.

    :param folder: where to.
    :param count: scenes, from the first held-out seed on.
    :returns: the path of ``instances.json``.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in tqdm(range(count), unit='scene', file=sys.stderr):
        frame = render_scene(HELD_OUT_SEED + number)
        name = f'{number:05d}.png'
        write_picture(folder / name, frame.image_bgr)
        height, width = frame.image_bgr.shape[:2]
        images.append({'id': number, 'file_name': name, 'width': width, 'height': height})
        annotations += _annotations(frame, number, len(annotations) + 1)
    categories = [{'id': index, 'name': name} for index, name in enumerate(CLASS_NAMES)]
    path = folder / 'instances.json'
    content = {'images': images, 'annotations': annotations, 'categories': categories}
    path.write_text(json.dumps(content), encoding='utf-8')
    return path


def _annotations(frame: Frame, image_id: int, first_id: int) -> list[dict[str, Any]]:
    """Return the objects of a scene; one that nobody need find counts as a crowd."""
    sides = frame.boxes_xyxy[:, 2:] - frame.boxes_xyxy[:, :2]
    return [
        {
            'id': first_id + row,
            'image_id': image_id,
            'category_id': int(frame.class_ids[row]),
            'bbox': [*frame.boxes_xyxy[row, :2].tolist(), *sides[row].tolist()],
            'area': float(np.prod(sides[row])),
            'iscrowd': int(frame.ignored[row]),
        }
        for row in range(len(frame.class_ids))
    ]
