# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The detector's states, driven through the real services."""

from importlib.util import find_spec

from lifecycle_msgs.msg import Transition
import numpy as np
import pytest

from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

PICTURE = np.full((48, 64, 3), (200, 150, 100), np.uint8)


def image(peer):
    return image_message(encode(PICTURE, 'bgr8'), peer.header())


def test_starts_by_itself(start, network, peer):
    start('node', onnx_path=network)
    peer.connect()
    assert peer.state() == 'active'


def test_waits_for_a_manager_without_autostart(start, network, peer):
    start('node', onnx_path=network, autostart=False)
    assert peer.state() == 'unconfigured'
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.state() == 'inactive'
    assert peer.change_state(Transition.TRANSITION_ACTIVATE)
    peer.connect()
    assert peer.answer_to(image(peer)).detections


def test_is_silent_while_inactive_and_counts_on_afterwards(start, network, peer):
    start('node', onnx_path=network)
    peer.connect()
    peer.answer_to(image(peer))
    assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
    peer.send(image(peer))
    peer.spin(0.5)
    assert len(peer.detections['detections']) == 1
    assert peer.change_state(Transition.TRANSITION_ACTIVATE)
    peer.connect()
    peer.answer_to(image(peer))
    assert peer.settled_counts()['processed'] == 2


def test_takes_another_network_without_a_new_process(start, network, peer, tmp_path):
    other = tmp_path / 'other.onnx'
    other.write_bytes(network.read_bytes())
    start('node', onnx_path=network)
    peer.connect()
    for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP):
        assert peer.change_state(transition)
    assert peer.set_parameter('onnx_path', str(other)).successful
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        assert peer.change_state(transition)
    assert peer.status('inference')['model'] == str(other)


def test_a_failed_configure_names_the_cure_and_can_be_repeated(start, network, peer):
    process = start('node', onnx_path='absent/network.onnx')
    process.wait_for_output('absent/network.onnx does not exist; check the path (onnx_path)')
    assert peer.state() == 'unconfigured'
    assert not peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.set_parameter('onnx_path', str(network)).successful
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.change_state(Transition.TRANSITION_ACTIVATE)
    peer.connect()
    peer.answer_to(image(peer))


@pytest.mark.parametrize(
    ('parameters', 'text'),
    [
        ({}, 'names no network; set it to an ONNX file'),
        ({'engine_path': 'a.engine'}, 'a.engine does not exist'),
        ({'class_names': '[a, b]'}, 'has 2 names, but the network has 3 classes'),
        ({'class_filter': '[purple]'}, "'purple' is no class of this network"),
    ],
    ids=['no network', 'engine', 'wrong number of names', 'unknown class'],
)
def test_a_configuration_that_cannot_work_is_explained(start, network, peer, parameters, text):
    path = {} if text.startswith('names no') else {'onnx_path': network}
    process = start('node', **path, **parameters)
    process.wait_for_output(text)
    assert peer.state() == 'unconfigured'


def test_several_cameras_keep_their_topics_and_headers(start, network, peer):
    start('node', onnx_path=network, cameras='[front, rear]')
    peer.connect('front/image', 'front/detections')
    peer.connect('rear/image', 'rear/detections')
    for camera in ('front', 'rear', 'front'):
        message = image_message(encode(PICTURE, 'bgr8'), peer.header(frame_id=camera))
        answer = peer.answer_to(message, f'{camera}/image', f'{camera}/detections')
        assert answer.header == message.header
    assert peer.settled_counts('input front')['processed'] == 2
    assert peer.settled_counts('input rear')['processed'] == 1


def test_transition_that_the_state_does_not_have_is_refused_and_the_node_lives(
    start, network, peer
):
    process = start('node', onnx_path=network)
    peer.connect()
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP, 77):
        assert not peer.change_state(transition)
    assert peer.state() == 'active'
    peer.answer_to(image(peer))
    assert process.stop() == 0
    # From Kilted on it is rclpy that says so.
    assert 'is refused' in process.output or 'Unable to start transition' in process.output


BEFORE_SHUTDOWN = {
    'unconfigured': (),
    'inactive': (Transition.TRANSITION_CONFIGURE,),
    'active': (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE),
}


@pytest.mark.parametrize('state', BEFORE_SHUTDOWN)
def test_shuts_down_from_every_state(start, network, peer, state):
    process = start('node', onnx_path=network, autostart=False)
    for transition in BEFORE_SHUTDOWN[state]:
        assert peer.change_state(transition)
    assert peer.state() == state
    shutdown = getattr(Transition, f'TRANSITION_{state.upper()}_SHUTDOWN')
    assert peer.change_state(shutdown)
    assert peer.state() == 'finalized'
    assert process.stop() == 0
    assert 'Traceback' not in process.output


def test_fixed_parameters_may_change_between_cleanup_and_configure_only(start, network, peer):
    start('node', onnx_path=network)
    peer.connect()
    fixed = ('cameras', ['front'])
    assert 'deactivate, clean up' in peer.set_parameter(*fixed).reason
    assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
    assert 'deactivate, clean up' in peer.set_parameter(*fixed).reason
    assert peer.change_state(Transition.TRANSITION_CLEANUP)
    assert peer.set_parameter(*fixed).successful
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.change_state(Transition.TRANSITION_ACTIVATE)
    peer.connect('front/image', 'front/detections')
    peer.answer_to(image(peer), 'front/image', 'front/detections')


@pytest.mark.parametrize('executor', ['single', 'events'])
def test_every_executor_serves_and_ends_cleanly(start, network, peer, executor):
    process = start('node', onnx_path=network, executor=executor)
    peer.connect()
    for _ in range(3):
        peer.answer_to(image(peer))
    assert peer.set_parameter('score_threshold', 0.9).successful
    assert not peer.answer_to(image(peer)).detections
    assert not peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
    assert peer.change_state(Transition.TRANSITION_ACTIVATE)
    peer.connect()
    peer.answer_to(image(peer))
    assert peer.settled_counts()['processed'] == 5
    assert process.stop() == 0
    counts = {'received': 5, 'processed': 5, 'dropped': 0, 'rejected': 0}
    assert process.final_counts() == counts
    assert 'Traceback' not in process.output


def test_engine_that_cannot_be_built_here_gives_way_to_the_network(start, network, peer, tmp_path):
    if find_spec('tensorrt') is not None:
        pytest.skip('needs a machine without TensorRT')
    engine = tmp_path / 'missing.engine'
    build = {'onnx_path': network, 'engine_path': engine, 'engine_policy': 'build_if_missing'}
    process = start('node', **build)
    process.wait_for_output(f'{engine} is not built: ')
    peer.connect()
    peer.answer_to(image(peer))
    assert peer.status('inference')['model'] == str(network)
    assert process.stop() == 0
    insisting = start('node', backend='tensorrt', **build)
    insisting.wait_for_output('on_configure failed: ')
    assert not engine.exists()
