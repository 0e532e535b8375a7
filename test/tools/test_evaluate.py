# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros evaluate``."""

import json
import re

import numpy as np
import pytest

pytest.importorskip('pycocotools', reason='pycocotools is not installed: run scripts/setup.sh')

from test.color_network import expected_box
from yolotrt_ros.__main__ import main

SIZES = {'a_red.png': (64, 48), 'b_black.png': (90, 30)}


def annotations(path, boxes, names=('red', 'green', 'blue', 'purple')):
    """Write a COCO file with the given boxes: file, class and offset of its box in pixels."""
    files = list(SIZES)
    rows = []
    for file, name, offset in boxes:
        x1, y1, x2, y2 = (expected_box(name, SIZES[file]) + offset).tolist()
        bbox = [x1, y1, x2 - x1, y2 - y1]
        rows.append(
            {
                'id': len(rows) + 1, 'image_id': files.index(file), 'iscrowd': 0,
                'category_id': 10 + names.index(name), 'bbox': bbox, 'area': bbox[2] * bbox[3],
            }
        )  # fmt: skip
    images = [
        {'id': index, 'file_name': file, 'width': SIZES[file][0], 'height': SIZES[file][1]}
        for index, file in enumerate(files)
    ]
    categories = [{'id': 10 + index, 'name': name} for index, name in enumerate(names)]
    content = {'images': images, 'annotations': rows, 'categories': categories}
    path.write_text(json.dumps(content))
    return path


def evaluate(network, pictures, truth, *options):
    figures = truth.with_suffix('.figures.json')
    status = main(
        [
            'evaluate', str(network), '--annotations', str(truth), '--images', str(pictures),
            '--json', str(figures), *options,
        ]
    )  # fmt: skip
    assert status == 0
    return json.loads(figures.read_text())


def test_the_right_box_scores_one(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    figures = evaluate(network, pictures, truth, '--score-threshold', '0.5')
    assert figures['mAP50_95'] == pytest.approx(1)
    assert figures['per_class']['red'] == pytest.approx({'mAP50_95': 1, 'mAP50': 1})
    assert figures['per_class']['green'] == {'mAP50_95': None, 'mAP50': None}
    assert 'red                     1.0000    1.0000' in capsys.readouterr().out


def test_a_box_beside_the_truth_counts_at_low_overlap_only(network, pictures, tmp_path):
    # Shifted by a tenth of its width: an overlap of 0.82, so 7 of the 10 thresholds are met.
    width = np.ptp(expected_box('red', SIZES['a_red.png'])[[0, 2]])
    shift = np.array([width / 10, 0, width / 10, 0])
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', shift)])
    figures = evaluate(network, pictures, truth, '--score-threshold', '0.5')
    assert figures['mAP50'] == pytest.approx(1)
    assert figures['mAP50_95'] == pytest.approx(0.7)


def test_nothing_found_scores_zero(network, pictures, tmp_path):
    truth = annotations(tmp_path / 'truth.json', [('b_black.png', 'blue', 0)])
    figures = evaluate(network, pictures, truth, '--score-threshold', '1')
    assert figures['mAP50_95'] == 0
    assert figures['detections'] == 0


def test_categories_that_the_network_lacks_are_named(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    evaluate(network, pictures, truth)
    assert 'the network has no class for these categories: purple' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        ('{}', 'it has no annotations, categories, images'),
        ('not json', 'cannot be read as a COCO instances file'),
        (
            '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "yeti"}]}',
            'has no category of the network',
        ),
    ],
)
def test_annotations_that_do_not_fit_are_explained(
    network, pictures, tmp_path, capsys, content, text
):
    path = tmp_path / 'truth.json'
    path.write_text(content)
    status = main(
        ['evaluate', str(network), '--annotations', str(path), '--images', str(pictures)]
    )
    assert status == 1
    assert re.search(text, capsys.readouterr().err)


@pytest.mark.slow
def test_yolov5n_on_coco_reaches_its_known_accuracy(test_data, tmp_path):
    folder = test_data('coco_val103')
    figures = tmp_path / 'figures.json'
    main(
        [
            'evaluate', str(test_data('models/yolov5n.onnx')),
            '--annotations', str(folder / 'instances_val103.json'),
            '--images', str(folder / 'images'), '--json', str(figures),
        ]
    )  # fmt: skip
    # The figure of the data's manifest for one class a box, measured by other code.
    found = json.loads(figures.read_text())
    assert found['mAP50_95'] == pytest.approx(0.3176, abs=0.002)
    assert found['mAP50'] == pytest.approx(0.5157, abs=0.002)
