# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A real network behind real topics: every encoding finds what the picture shows."""

from array import array
import json

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage

from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message, read_detection_array

pytestmark = pytest.mark.ros

# A mosaic keeps a third of the colour samples and grey keeps none, so their scores differ more.
LOSSLESS = {
    'rgb8': 0.02, 'bgra8': 0.02, 'nv12': 0.05, 'yuv422_yuy2': 0.05, 'i420': 0.05, 'nv24': 0.05,
    'bayer_rggb8': 0.25,
}  # fmt: skip


@pytest.fixture(scope='module')
def reference(request):
    find = request.getfixturevalue('test_data')
    photos = json.loads(find('reference/photos_yolov5n.json').read_text())['images']
    return photos['zidane.jpg']['detections'], cv2.imread(str(find('photos/zidane.jpg')))


def iou(a, b) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    overlap = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return overlap / (sum(areas) - overlap)


def assert_found(message, reference, *, score_tolerance, iou_above):
    labels = {row['class_name']: row['class_id'] for row in reference}
    found = read_detection_array(message, labels)
    names = [item.results[0].hypothesis.class_id for item in message.detections]
    for row in (row for row in reference if row['score'] > 0.3):
        matches = [
            index
            for index, box in enumerate(found.boxes_xyxy)
            if names[index] == row['class_name'] and iou(box, row['xyxy']) >= iou_above
        ]
        assert matches, f'{row} is not among {names} {found.boxes_xyxy}'
        assert abs(found.scores[matches[0]] - row['score']) <= score_tolerance


@pytest.fixture
def yolov5n(start, test_data, peer):
    network = test_data('models/yolov5n.onnx')
    start(
        'node',
        onnx_path=network,
        score_threshold=0.2,
        class_filter='[person, tie]',
        **{'qos_overrides./image.subscription.reliability': 'reliable'},
    )
    peer.connect()
    return peer


def test_raw_images_of_every_kind(yolov5n, reference):
    expected, picture = reference
    for encoding, score_tolerance in LOSSLESS.items():
        message = image_message(encode(picture, encoding, row_padding=12), yolov5n.header())
        answer = yolov5n.answer_to(message)
        iou_above = 0.95 if score_tolerance < 0.03 else 0.85
        assert_found(answer, expected, score_tolerance=score_tolerance, iou_above=iou_above)


def test_compressed_images(start, test_data, peer, reference):
    expected, picture = reference
    start(
        'node',
        onnx_path=test_data('models/yolov5n.onnx'),
        image_transport='compressed',
        class_filter='[person, tie]',
        **{'qos_overrides./image/compressed.subscription.reliability': 'reliable'},
    )
    peer.connect('image/compressed', kind=CompressedImage)
    message = CompressedImage(header=peer.header(), format='jpeg')
    quality = [cv2.IMWRITE_JPEG_QUALITY, 98]
    data = np.asarray(cv2.imencode('.jpg', picture, quality)[1])
    message.data = array('B', data.tobytes())
    answer = peer.answer_to(message, 'image/compressed')
    assert_found(answer, expected, score_tolerance=0.05, iou_above=0.9)
