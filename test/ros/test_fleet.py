# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several detectors in one domain, and cameras that come and go."""

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest

from test.ros.peer import Peer
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

PICTURE = np.full((48, 64, 3), (200, 150, 100), np.uint8)


def image(peer, frame_id='camera'):
    return image_message(encode(PICTURE, 'bgr8'), peer.header(frame_id))


@pytest.fixture
def sides(ros):
    peers = {side: Peer(namespace=side) for side in ('left', 'right')}
    yield peers
    for peer in peers.values():
        peer.close()


def test_two_detectors_in_one_domain_leave_each_other_alone(start, network, sides):
    for side, peer in sides.items():
        start('node', onnx_path=network, score_threshold=0.05, namespace=side)
        peer.connect()
    for side, peer in sides.items():
        message = image(peer, f'{side}_camera')
        answer = peer.answer_to(message)
        assert answer.header == message.header
        assert len(answer.detections) == 3
    assert sides['left'].set_parameter('score_threshold', 1.0).successful
    assert not sides['left'].answer_to(image(sides['left'])).detections
    assert len(sides['right'].answer_to(image(sides['right'])).detections) == 3
    assert [peer.settled_counts()['processed'] for peer in sides.values()] == [2, 2]
    assert [len(peer.detections['detections']) for peer in sides.values()] == [2, 2]


def test_camera_that_dies_and_returns_holds_nobody_back(start, network, peer):
    process = start('node', onnx_path=network, cameras='[front, rear]', image_timeout=1.0)
    topics = {camera: (f'{camera}/image', f'{camera}/detections') for camera in ('front', 'rear')}
    for camera in topics:
        peer.connect(*topics[camera])
        peer.answer_to(image(peer), *topics[camera])
    peer.disconnect('rear/image')

    def is_reported_alone():
        peer.answer_to(image(peer), *topics['front'])
        other, _ = peer.levels.get('detector: input front', (b'', ''))
        level, text = peer.levels.get('detector: input rear', (b'', ''))
        is_reported = level == DiagnosticStatus.ERROR and 'the topic has no publishers' in text
        return is_reported and other == DiagnosticStatus.OK

    peer.wait_for(is_reported_alone, 'an error of one camera alone in /diagnostics')
    process.wait_for_output('rear/image')

    peer.connect(*topics['rear'])
    returned = image(peer, 'rear_again')
    assert peer.answer_to(returned, *topics['rear']).header == returned.header
    process.wait_for_output('again')
    peer.wait_for(
        lambda: peer.levels['detector: input rear'][0] == DiagnosticStatus.OK,
        'a camera that is ok',
    )
