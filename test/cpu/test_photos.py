# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real networks on real photos, against detections made by an independent program."""

import json

import numpy as np
import pytest

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.host_pipeline import open_onnx
from yolotrt_ros.cpu.media import read_picture

pytest.importorskip('onnxruntime')
# Network and the detections it must reproduce.
NETWORKS = {
    'yolov5n': 'yolov5n',
    'yolov5n_dynamic': 'yolov5n',
    'yolov5n_fp16io': 'yolov5n',
    'yolov5n_fp16w_fp32io': 'yolov5n',
    'yolov8n': 'yolov8n',
    'yolov8n_dynamic': 'yolov8n',
    'yolo11n': 'yolo11n',
}
PHOTOS = ('bus.jpg', 'dog.jpg', 'horses.jpg', 'person.jpg', 'zidane.jpg')
COMPARED_ABOVE = 0.3
MIN_IOU = 0.95
MAX_SCORE_DIFFERENCE = 0.02


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    overlap = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return overlap / (sum(areas) - overlap)


def assert_same_detections(found, expected, class_names):
    """Match every box above ``COMPARED_ABOVE`` of either side with one of the other."""
    # What is compared must have its partner even where the partner's score is just below.
    partners = [
        (class_names[class_id], score, box)
        for class_id, score, box in zip(
            found.class_ids, found.scores.tolist(), found.boxes_xyxy.tolist(), strict=True
        )
    ]
    references = [(item['class_name'], item['score'], item['xyxy']) for item in expected]
    for rows, others in ((references, partners), (partners, references)):
        for name, score, box in rows:
            if score > COMPARED_ABOVE:
                close = [
                    other
                    for other in others
                    if other[0] == name
                    and abs(other[1] - score) <= MAX_SCORE_DIFFERENCE
                    and iou(other[2], box) >= MIN_IOU
                ]
                assert len(close) == 1, f'{name} {score:.3f} {box}: {others}'


@pytest.fixture(scope='module', params=NETWORKS)
def network(request, test_data):
    """Return a pipeline, its reference and the rules that the reference was made with."""
    path = test_data(f'models/{request.param}.onnx')
    reference = json.loads(
        test_data(f'reference/photos_{NETWORKS[request.param]}.json').read_text()
    )
    assert reference['class_aware_nms']
    pipeline = open_onnx(DetectorConfig(onnx_path=str(path)))
    selection = Selection(reference['conf'], reference['nms_iou'], 300)
    return pipeline, reference['images'], selection


@pytest.mark.parametrize('photo', PHOTOS)
def test_detections_are_those_of_the_reference(photo, network, test_data):
    pipeline, reference, selection = network
    image = read_picture(test_data(f'photos/{photo}'))
    assert image.shape[:2] == (reference[photo]['height'], reference[photo]['width'])
    [found] = pipeline.detect([ImageView.from_array(image)], selection)
    assert_same_detections(found, reference[photo]['detections'], pipeline.info.class_names)
    assert found.num_nonfinite == 0


def test_reference_holds_detections_to_compare(network):
    _, reference, _ = network
    for photo in PHOTOS:
        scores = [item['score'] for item in reference[photo]['detections']]
        assert max(scores) > COMPARED_ABOVE


@pytest.mark.parametrize('name', ['yolov5n_dynamic', 'yolov8n_dynamic'])
def test_batch_of_all_photos_gives_what_each_gives_alone(name, test_data):
    path = test_data(f'models/{name}.onnx')
    pipeline = open_onnx(DetectorConfig(onnx_path=str(path), max_batch=len(PHOTOS)))
    frames = [ImageView.from_array(read_picture(test_data(f'photos/{p}'))) for p in PHOTOS]
    selection = Selection(0.25, 0.45, 300)
    together = pipeline.detect(frames, selection)
    for frame, found in zip(frames, together, strict=True):
        [alone] = pipeline.detect([frame], selection)
        np.testing.assert_array_equal(found.class_ids, alone.class_ids)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-4)
        np.testing.assert_allclose(found.boxes_xyxy, alone.boxes_xyxy, atol=0.05)


@pytest.mark.parametrize('encoding', ['rgb8', 'bgra8', 'nv24', 'nv12', 'yuyv', 'i420'])
def test_encoding_of_a_photo_hardly_changes_what_is_found(encoding, test_data):
    path = test_data('models/yolov5n.onnx')
    pipeline = open_onnx(DetectorConfig(onnx_path=str(path)))
    image = read_picture(test_data('photos/bus.jpg'))
    selection = Selection(0.4, 0.45, 300)
    [expected] = pipeline.detect([ImageView.from_array(image)], selection)
    [found] = pipeline.detect([encode(image, encoding, row_padding=32)], selection)
    assert len(expected) > 1
    assert sorted(found.class_ids) == sorted(expected.class_ids)
    for class_id, box in zip(expected.class_ids, expected.boxes_xyxy, strict=True):
        same_class = found.boxes_xyxy[found.class_ids == class_id]
        assert max(iou(box, other) for other in same_class) > 0.9
