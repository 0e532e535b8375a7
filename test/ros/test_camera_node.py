# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera that the other tests and the demo rely on."""

import cv2
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import CompressedImage, Image

from test.ros.peer import RELIABLE
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.images import view_of

pytestmark = pytest.mark.ros


@pytest.fixture
def folder(tmp_path, rng):
    """Three pictures that differ."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for index in range(3):
        coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_LINEAR)
        cv2.imwrite(str(folder / f'{index}.png'), picture)
    return folder


@pytest.fixture
def receive(peer):
    """Return a function that waits for a number of images."""

    def wait(count: int, kind: type = Image, topic: str = 'image') -> list:
        messages = []
        subscription = peer.node.create_subscription(kind, topic, messages.append, RELIABLE)
        peer.wait_for(lambda: len(messages) >= count, f'{count} images')
        peer.node.destroy_subscription(subscription)
        return messages

    return wait


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_publishes_every_encoding_bit_for_bit(start, receive, folder, encoding):
    start('camera', str(folder), encoding=encoding, row_padding=4, wait_for_subscribers=1)
    message = receive(1)[0]
    picture = cv2.imread(str(folder / '0.png'))
    expected = encode(picture, encoding, row_padding=4)
    assert view_of(message).data.tobytes() == expected.data.tobytes()
    assert (message.width, message.height) == (expected.width, expected.height)
    assert (message.step, message.encoding) == (expected.step, encoding)


def test_stamps_and_frame_id(start, receive, folder):
    start('camera', str(folder), '--no-loop', '--frame-id', 'front', wait_for_subscribers=1)
    messages = receive(3)
    times = [rclpy.time.Time.from_msg(message.header.stamp) for message in messages]
    stamps = [time.nanoseconds for time in times]
    assert stamps == sorted(set(stamps))
    assert {message.header.frame_id for message in messages} == {'front'}


def test_a_folder_is_read_in_the_order_of_its_names(start, receive, folder):
    start('camera', str(folder), '--no-loop', wait_for_subscribers=1)
    for index, message in enumerate(receive(3)):
        picture = cv2.imread(str(folder / f'{index}.png'))
        np.testing.assert_array_equal(view_of(message).planes()[0], picture)


@pytest.mark.parametrize('name', ['jpeg', 'png'])
def test_publishes_compressed_images(start, receive, folder, name):
    start('camera', str(folder), image_transport='compressed', format=name, wait_for_subscribers=1)
    message = receive(1, CompressedImage, 'image/compressed')[0]
    assert message.format == f'bgr8; {name} compressed bgr8'
    decoded = view_of(message).planes()[0]
    picture = cv2.imread(str(folder / '0.png'))
    difference = np.abs(decoded.astype(int) - picture).mean()
    assert difference == 0 if name == 'png' else difference < 3


def test_ends_after_the_last_picture_with_its_count(start, receive, folder):
    process = start('camera', str(folder), '--no-loop', wait_for_subscribers=1)
    receive(3)
    assert process.wait() == 0
    assert 'published 3 images' in process.output


def test_loops_until_the_number_of_frames(start, receive, folder):
    process = start('camera', str(folder), frames=7, rate=100.0, wait_for_subscribers=1)
    assert len(receive(7)) == 7
    assert process.wait() == 0
    assert 'published 7 images' in process.output


def test_resizes(start, receive, folder):
    start('camera', str(folder), width=32, height=16, wait_for_subscribers=1)
    message = receive(1)[0]
    assert (message.width, message.height, len(message.data)) == (32, 16, 32 * 16 * 3)


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (
            ['{folder}/absent'],
            'absent does not exist; give a picture, a video or',
        ),
        (['{folder}', '--encoding', 'rainbow'], "parameter 'encoding' is 'rainbow': must be one"),
        (['{folder}', '--rate', '0'], "parameter 'rate' is 0.0: must be between 0.001 and"),
        (['{folder}', '--rate', 'nan'], "parameter 'rate' is nan: must be between 0.001 and"),
        (['--rate', 'inf'], "parameter 'rate' is inf: must be between 0.001 and 10000"),
        (['--seed', '-1'], "parameter 'seed' is -1: must be between 0 and"),
        (['{folder}', '--width', '-5'], "parameter 'width' is -5: must be between 0 and 32768"),
        (['{folder}', '--height', '99999'], "parameter 'height' is 99999: must be between 0"),
        (['{folder}', '--row-padding', '-1'], "parameter 'row_padding' is -1: must be between"),
        (['{folder}', '--jpeg-quality', '1000'], "'jpeg_quality' is 1000: must be between 1 and"),
        (['{folder}', '--start-delay', 'nan'], "parameter 'start_delay' is nan: must be"),
        (['{folder}', '--image-transport', 'theora'], 'must be one of raw, compressed'),
    ],
)
def test_what_it_cannot_do_ends_it_with_the_reason(start, folder, arguments, text):
    process = start('camera', *(argument.format(folder=folder) for argument in arguments))
    assert process.wait() == 2
    assert text in process.output
    assert 'Traceback' not in process.output


def test_ends_on_a_signal_while_simulated_time_stands_still(start, peer, folder):
    process = start('camera', str(folder), use_sim_time=True)
    peer.wait_for(lambda: peer.node.count_publishers('image') > 0, 'the camera')
    peer.spin(0.2)  # until it waits for its timer
    assert process.stop() == 0
    assert 'published 0 images' in process.output
