# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One detector for several cameras, really launched."""

import pytest

# Not launch: where it is not installed, this project's folder of that name passes for it.
pytest.importorskip(
    'launch_ros', reason='launch_ros is not installed: it comes with a ROS 2 installation'
)
pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2')

from test.launch.test_detector_launch import message_of, names_in

pytestmark = pytest.mark.ros

FILE = 'multi_camera.launch.py'


@pytest.mark.parametrize(
    ('arguments', 'images', 'found'),
    [
        ({}, ('/front/image_raw', '/rear/image_raw'), ('/front/detections', '/rear/detections')),
        (
            {'image': 'rear=/b/picture,front=/a/picture', 'detections': '/{camera}/found'},
            ('/a/picture', '/b/picture'),
            ('/front/found', '/rear/found'),
        ),
        (
            {'namespace': 'car', 'image': '{camera}/image', 'detections': 'seen'},
            ('/car/front/image', '/car/rear/image'),
            ('/car/front/seen', '/car/rear/seen'),
        ),
    ],
    ids=['the defaults', 'each topic by name', 'a namespace'],
)
def test_each_camera_has_its_topics(
    launch, peer, network, reliable_file, picture, arguments, images, found
):
    file = reliable_file(*images)
    process = launch(FILE, onnx=network, cameras='front,rear', params_file=file, **arguments)
    for image, detections in zip(images, found, strict=True):
        peer.connect(image, detections)
        message = message_of(picture, peer)
        answer = peer.answer_to(message, image, detections)
        assert answer.header == message.header
        assert names_in(answer) == {'red', 'green', 'blue'}
    assert [len(peer.detections[topic]) for topic in found] == [1, 1]
    process.stop()


def test_the_cameras_must_be_named(launch):
    process = launch(FILE)
    assert process.wait() != 0
    assert "'cameras'" in process.output
