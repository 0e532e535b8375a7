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
from yolotrt_ros.demo import DECODED_MODEL
from yolotrt_ros.tools.demo_dataset import write_demo_dataset

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


def evaluate(network, pictures, truth, *options, expected_status=0):
    figures = truth.with_suffix('.figures.json')
    status = main(
        [
            'evaluate', str(network), '--annotations', str(truth), '--images', str(pictures),
            '--json', str(figures), *options,
        ]
    )  # fmt: skip
    assert status == expected_status
    return json.loads(figures.read_text())


def test_the_right_box_scores_one(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    figures = evaluate(network, pictures, truth, '--score-threshold', '0.5')
    assert figures['mAP50_95'] == pytest.approx(1)
    red = figures['per_class']['red']
    assert (red['mAP50_95'], red['mAP50'], red['objects']) == pytest.approx((1, 1, 1))
    assert figures['per_class']['green']['mAP50'] is None
    assert (figures['images'], figures['objects'], figures['backgrounds']) == (2, 1, 1)
    assert figures['model'] == str(network)
    assert figures['backend'].startswith('ONNX Runtime')
    assert figures['conditions'] == {
        'score_threshold': 0.5, 'iou_threshold': 0.65, 'max_detections': 300,
        'class_agnostic_nms': False,
    }  # fmt: skip
    assert set(figures['median_ms']) == {'total', 'preprocess', 'inference', 'postprocess'}
    assert figures['problems'] == figures['failures'] == []
    output = capsys.readouterr().out
    assert '2 pictures, 1 objects, 1 pictures without any' in output
    assert re.search(r'^red +1( +1.0000){5}$', output, re.MULTILINE)


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
    assert figures['at'] == {'score': 1, 'precision': None, 'recall': 0, 'f1': 0}


def test_precision_and_recall_stand_at_the_score_asked_for(network, pictures, tmp_path):
    # The grey beside the pictures makes every colour of both a weak detection.
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    high = evaluate(network, pictures, truth, '--at', '0.6')['at']
    assert high == {'score': 0.6, 'precision': 1, 'recall': 1, 'f1': 1}
    low = evaluate(network, pictures, truth, '--at', '0.05')['at']
    assert low['recall'] == 1
    assert low['precision'] == pytest.approx(1 / 6)
    assert low['f1'] == pytest.approx(2 / 7)


def test_best_f1_names_its_score(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    best = evaluate(network, pictures, truth)['best_f1']
    assert (best['f1'], best['precision'], best['recall']) == (1, 1, 1)
    assert best['score'] > 0.6
    assert f'the best F1, 1.0000, is at {best["score"]:.3f}' in capsys.readouterr().out


def test_categories_that_the_network_lacks_are_named(network, pictures, tmp_path, capsys):
    boxes = [('a_red.png', 'red', 0), ('a_red.png', 'green', 0)]
    truth = annotations(tmp_path / 'truth.json', boxes)
    content = json.loads(truth.read_text().replace('"green"', '"violet"'))
    truth.write_text(json.dumps(content))
    figures = evaluate(network, pictures, truth, '--score-threshold', '0.05')
    output = capsys.readouterr()
    assert 'the network has no class for these of the data set: violet, purple' in output.err
    assert figures['missing_classes'] == ['violet', 'purple']
    assert figures['mAP50'] == pytest.approx(0.5)  # what cannot be found is missed
    assert figures['detections_of_other_classes'] == 2
    assert '2 detections of classes that the data set does not have are left out' in output.out


def test_network_of_other_classes_is_refused(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)], names=('red',))
    truth.write_text(truth.read_text().replace('"red"', '"yeti"'))
    status = main(
        ['evaluate', str(network), '--annotations', str(truth), '--images', str(pictures)]
    )
    assert status == 1
    text = "'red, green, blue \\(3\\)': not one is a class of .*truth.json, which has yeti"
    assert re.search(text, capsys.readouterr().err)


def test_names_can_be_given_to_a_network_that_has_others(network, pictures, tmp_path):
    truth = annotations(
        tmp_path / 'truth.json', [('a_red.png', 'red', 0)], names=('red', 'green', 'blue')
    )
    truth.write_text(truth.read_text().replace('"red"', '"rot"'))
    figures = evaluate(network, pictures, truth, '--class-names', 'rot', 'green', 'blue')
    assert figures['mAP50'] == pytest.approx(1)


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        ('{}', 'it has no annotations, categories, images'),
        ('not json', 'cannot be read as a COCO instances file'),
        (
            '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "red"}]}',
            'has no picture to measure on: it lists none',
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


def test_labelled_pictures_must_be_named(network, capsys):
    assert main(['evaluate', str(network)]) == 1
    assert 'give either data (the data.yaml of a YOLO data set), or' in capsys.readouterr().err


def test_problems_are_listed_and_end_with_status_3(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    content = json.loads(truth.read_text())
    (row,) = content['annotations']
    content['annotations'] += [{**row, 'id': 100 + i, 'image_id': 77} for i in range(14)]
    truth.write_text(json.dumps(content))
    figures = evaluate(network, pictures, truth, expected_status=3)
    assert figures['mAP50'] == pytest.approx(1)
    assert len(figures['problems']) == 14
    told = capsys.readouterr().err
    assert f'14 problems in {truth}:\n  annotation 100: no picture has the id 77' in told
    assert 'annotation 109:' in told
    assert 'annotation 110:' not in told
    assert '… and 4 more; --json lists all' in told


def test_object_on_the_standard_output_is_alone_there(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    words = ['--annotations', str(truth), '--images', str(pictures), '--json', '-']
    assert main(['evaluate', str(network), *words]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)['mAP50'] == pytest.approx(1)
    assert 'mAP50-95' in output.err


@pytest.mark.parametrize('name', ['no/f.json', '.', '/dev/full'])
def test_file_that_cannot_be_written_is_refused_at_once(name, network, pictures, tmp_path, capsys):
    words = ['--annotations', 'absent.json', '--images', str(pictures)]
    status = main(['evaluate', str(network), *words, '--json', str(tmp_path / name)])
    assert status == 1
    assert re.search(r"parameter 'json' is .*: cannot be written", capsys.readouterr().err)


def test_file_that_is_read_is_not_written(network, pictures, tmp_path, capsys):
    truth = annotations(tmp_path / 'truth.json', [('a_red.png', 'red', 0)])
    words = ['--annotations', str(truth), '--images', str(pictures), '--json']
    for path in (truth, network):
        before = path.read_bytes()
        assert main(['evaluate', str(network), *words, str(path)]) == 1
        assert 'is read by this command; choose another file' in capsys.readouterr().err
        assert path.read_bytes() == before


def yolo_set(root, names, images):
    """Write a YOLO data set: pictures by name and their lines of labels."""
    (root / 'labels').mkdir(parents=True)
    (root / 'images').mkdir()
    for picture, lines in images.items():
        (root / 'images' / picture.name).symlink_to(picture)
        if lines:
            (root / 'labels' / picture.with_suffix('.txt').name).write_text('\n'.join(lines))
    path = root / 'data.yaml'
    path.write_text(json.dumps({'test': 'images', 'names': dict(enumerate(names))}))
    return path


def yolo_line(class_id, box_xyxy, size_wh):
    (x1, y1, x2, y2), (width, height) = box_xyxy, size_wh
    values = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height
    return ' '.join([str(class_id), *(f'{value:.8f}' for value in values)])


def test_yolo_data_set(network, pictures, tmp_path):
    line = yolo_line(1, expected_box('red', SIZES['a_red.png']), SIZES['a_red.png'])
    images = {pictures / 'a_red.png': [line], pictures / 'b_black.png': []}
    data = yolo_set(tmp_path / 'set', ('green', 'red'), images)
    figures = tmp_path / 'figures.json'
    words = ['--data', str(data), '--split', 'test', '--json', str(figures)]
    assert main(['evaluate', str(network), *words]) == 0
    found = json.loads(figures.read_text())
    assert found['mAP50_95'] == pytest.approx(1)
    assert found['dataset'] == f'{data} (test)'
    assert (found['images'], found['backgrounds']) == (2, 1)


@pytest.mark.slow
def test_yolov5n_on_coco_reaches_its_known_accuracy(test_data, tmp_path):
    folder = test_data('coco_val103')
    figures = tmp_path / 'figures.json'
    status = main(
        [
            'evaluate', str(test_data('models/yolov5n.onnx')),
            '--annotations', str(folder / 'instances_val103.json'),
            '--images', str(folder / 'images'), '--json', str(figures),
        ]
    )  # fmt: skip
    assert status == 0
    # The figure of the data's manifest for one class a box, measured by other code.
    found = json.loads(figures.read_text())
    assert found['mAP50_95'] == pytest.approx(0.3176, abs=0.002)
    assert found['mAP50'] == pytest.approx(0.5157, abs=0.002)


@pytest.mark.slow
def test_coco_and_yolo_form_of_one_set_give_the_same_figures(test_data, tmp_path):
    model = test_data('models/yolov5n.onnx')
    folder = test_data('coco_val103')
    content = json.loads((folder / 'instances_val103.json').read_text())
    content['images'] = content['images'][::4]
    used = {row['id'] for row in content['images']}
    # YOLO's labels have no crowds, and sizes go by boxes.
    content['annotations'] = [
        {**row, 'area': None}
        for row in content['annotations']
        if row['image_id'] in used and not row['iscrowd']
    ]
    truth = tmp_path / 'truth.json'
    truth.write_text(json.dumps(content))
    names = {row['id']: row['name'] for row in content['categories']}
    ids = {key: index for index, key in enumerate(sorted(names))}
    images = {folder / 'images' / row['file_name']: [] for row in content['images']}
    rows = {row['id']: row for row in content['images']}
    for annotation in content['annotations']:
        row = rows[annotation['image_id']]
        x, y, width, height = annotation['bbox']
        line = yolo_line(
            ids[annotation['category_id']],
            (x, y, x + width, y + height),
            (row['width'], row['height']),
        )
        images[folder / 'images' / row['file_name']].append(line)
    data = yolo_set(tmp_path / 'set', [names[key] for key in sorted(names)], images)
    yolo = tmp_path / 'yolo.json'
    words = ['--data', str(data), '--split', 'test', '--json', str(yolo)]
    assert main(['evaluate', str(model), *words]) == 0
    found, expected = json.loads(yolo.read_text()), evaluate(model, folder / 'images', truth)
    for key in ('mAP50_95', 'mAP50', 'at', 'best_f1', 'objects', 'images', 'backgrounds'):
        assert found[key] == pytest.approx(expected[key]), key
    for size, figures in expected['per_size'].items():
        assert found['per_size'][size] == pytest.approx(figures), size


@pytest.mark.slow
@pytest.mark.tensorrt
def test_engine_is_as_accurate_as_its_network(tensorrt_module, tmp_path):
    truth = write_demo_dataset(tmp_path, 12)
    engine = tmp_path / 'demo.engine'
    words = ['--batch', '1', '--optimization-level', '0', '--score-threshold', '0.001']
    words += ['--tactic-sources', 'EDGE_MASK_CONVOLUTIONS,JIT_CONVOLUTIONS']
    words += ['--precision', 'fp32', '--no-verify', '--output', str(engine)]
    assert main(['build_engine', str(DECODED_MODEL), *words]) == 0
    found, expected = (evaluate(model, tmp_path, truth) for model in (engine, DECODED_MODEL))
    assert found['backend'].startswith('TensorRT')
    assert found['mAP50'] == pytest.approx(expected['mAP50'], abs=0.03)
    assert found['at']['recall'] == pytest.approx(expected['at']['recall'], abs=0.03)
