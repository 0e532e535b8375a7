# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes of the arena as a COCO data set."""

import json

import numpy as np
import pytest

pytest.importorskip('pycocotools', reason='pycocotools is not installed: run scripts/setup.sh')

from yolotrt_ros.__main__ import main
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL, HELD_OUT_SEED, render_scene
from yolotrt_ros.tools.demo_dataset import write_demo_dataset


def test_pictures_and_boxes_are_those_of_the_scenes(tmp_path):
    content = json.loads(write_demo_dataset(tmp_path, 3).read_text())
    assert [category['name'] for category in content['categories']] == list(CLASS_NAMES)
    assert len({row['id'] for row in content['annotations']}) == len(content['annotations'])
    assert min(row['id'] for row in content['annotations']) == 1  # pycocotools ignores id 0
    for image in content['images']:
        frame = render_scene(HELD_OUT_SEED + image['id'])
        np.testing.assert_array_equal(read_picture(tmp_path / image['file_name']), frame.image_bgr)
        rows = [row for row in content['annotations'] if row['image_id'] == image['id']]
        boxes = np.array([row['bbox'] for row in rows]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        np.testing.assert_allclose(boxes, frame.boxes_xyxy, atol=1e-4)
        assert [row['category_id'] for row in rows] == frame.class_ids.tolist()
        assert [bool(row['iscrowd']) for row in rows] == frame.ignored.tolist()


def test_demo_network_is_evaluated_on_it(tmp_path):
    truth = write_demo_dataset(tmp_path, 8)
    figures = tmp_path / 'figures.json'
    status = main(
        [
            'evaluate', str(DECODED_MODEL), '--annotations', str(truth), '--images',
            str(tmp_path), '--json', str(figures),
        ]
    )  # fmt: skip
    assert status == 0
    assert json.loads(figures.read_text())['mAP50'] > 0.8
