# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand damaged images: none is read beyond its end, brings the node down or gets lost."""

import time

import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.serialised_image import read_compressed_image, read_image
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.message_images import view_of_compressed, view_of_image
from yolotrt_ros.ros.messages import byte_array, image_message

pytestmark = pytest.mark.ros

NUM_MESSAGES = 10_000
# The node's queue: so long that nothing is lost before it is counted.
DEPTH = 2 * NUM_MESSAGES
HUGE = (2**31 - 1, 2**31, 2**32 - 1, 2**32 - 4)
# Fewer images than the queue of the test holds answers, so that none of these is lost either.
BURST, BURST_S = 25, 0.005


def whole_image(rng) -> bytes:
    """A small image of any encoding, such as a driver sends."""
    picture = rng.integers(0, 256, (2 * rng.integers(1, 9), 2 * rng.integers(1, 9), 3), np.uint8)
    view = encode(
        picture, str(rng.choice(sorted(ENCODINGS))), row_padding=2 * int(rng.integers(3))
    )
    return serialize_message(image_message(view, Header(frame_id='camera')))


def whole_compressed_image(rng) -> bytes:
    """A small JPEG or PNG."""
    picture = rng.integers(0, 256, (*rng.integers(1, 17, 2), 3), np.uint8)
    suffix = str(rng.choice(['jpg', 'png']))
    message = CompressedImage(header=Header(frame_id='camera'), format=suffix)
    message.data = byte_array(cv2.imencode(f'.{suffix}', picture)[1])
    return serialize_message(message)


def cut(message, rng):
    return message[: rng.integers(len(message))]


def with_a_wrong_number(message, rng):
    """Lengths of strings and data, width, height and step are four bytes at a multiple of four."""
    number = rng.choice([*HUGE, 0, 1, *rng.integers(0, 2**32, 4)])
    return spliced(message, 4 * rng.integers(3, 14), int(number).to_bytes(4, 'little'))


def with_a_length_near_the_truth(message, rng):
    start = 4 * int(rng.integers(3, 14))
    number = int.from_bytes(message[start : start + 4], 'little') + int(rng.integers(-9, 10))
    return spliced(message, start, (number % 2**32).to_bytes(4, 'little'))


def with_random_bytes_within(message, rng):
    return spliced(message, rng.integers(len(message)), rng.bytes(rng.integers(1, 17)))


def with_another_representation(message, rng):
    return spliced(message, 0, rng.bytes(4))


def with_bytes_behind(message, rng):
    return message + rng.bytes(rng.integers(1, 65))


def nothing_but_random_bytes(message, rng):
    return rng.bytes(rng.integers(1, 257))


def random_bytes_behind_a_good_start(message, rng):
    return message[: rng.integers(4, 40)] + rng.bytes(rng.integers(1, 257))


DAMAGES = (
    cut,
    with_a_wrong_number,
    with_a_length_near_the_truth,
    with_random_bytes_within,
    with_another_representation,
    with_bytes_behind,
    nothing_but_random_bytes,
    random_bytes_behind_a_good_start,
)


def spliced(message, start, replacement):
    end = min(len(message), start + len(replacement))
    return message[:start] + replacement[: max(0, end - start)] + message[end:]


def damaged_messages(rng, whole) -> list[bytes]:
    """Each damage in turn, to a message of its own; none is empty, which DDS does not send."""
    messages = (
        DAMAGES[index % len(DAMAGES)](whole(rng), rng) or b'\0' for index in range(NUM_MESSAGES)
    )
    return list(messages)


def test_damages_change_messages(rng):
    for damage in DAMAGES:
        changed = 0
        for _ in range(20):
            message = whole_image(rng)
            changed += damage(message, rng) != message
        assert changed >= 10, damage.__name__


def test_whole_messages_are_read(rng):
    for _ in range(50):
        assert view_of_image(read_image(whole_image(rng))).num_bytes > 0
        assert view_of_compressed(read_compressed_image(whole_compressed_image(rng))).width > 0


@pytest.mark.parametrize(
    ('whole', 'view_of'),
    [
        (whole_image, lambda message: view_of_image(read_image(message))),
        (
            whole_compressed_image,
            lambda message: view_of_compressed(read_compressed_image(message)),
        ),
    ],
    ids=['raw', 'compressed'],
)
def test_reader_refuses_or_stays_within_the_message(whole, view_of, rng):
    refused = 0
    for message in damaged_messages(rng, whole):
        try:
            view = view_of(message)
        except ImageFormatError:
            refused += 1
            continue
        assert view.num_bytes <= view.data.size
        for plane in view.planes():
            plane.sum()  # touches every sample
    # Bytes behind a message, and other pixels, are no mistakes.
    assert NUM_MESSAGES / 4 < refused < NUM_MESSAGES


def test_a_damaged_size_is_refused_before_memory_is_asked_for(rng):
    data = bytearray(cv2.imencode('.jpg', rng.integers(0, 256, (16, 16, 3), np.uint8))[1])
    start = data.index(b'\xff\xc0') + 5  # height and width in the frame header
    data[start : start + 4] = (9000).to_bytes(2, 'big') * 2
    message = CompressedImage(format='jpeg', data=byte_array(np.frombuffer(data, np.uint8)))
    with pytest.raises(ImageFormatError, match='9000x9000'):
        view_of_compressed(read_compressed_image(serialize_message(message)))


@pytest.mark.slow
@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_node_counts_each_over_dds_and_goes_on(start, network, peer, rng, transport):
    topic = 'image' if transport == 'raw' else 'image/compressed'
    whole = whole_image if transport == 'raw' else whole_compressed_image
    kind = Image if transport == 'raw' else CompressedImage
    qos = f'qos_overrides./{topic}.subscription'
    overrides = {
        f'{qos}.reliability': 'reliable',
        f'{qos}.depth': DEPTH,
        'qos_overrides./detections.publisher.depth': DEPTH,
    }
    process = start(
        'node', onnx_path=network, score_threshold=0.05, image_transport=transport, **overrides
    )
    peer.connect(topic, kind=kind, qos=QoSProfile(depth=DEPTH))
    answers = peer.detections['detections']
    for index, message in enumerate(damaged_messages(rng, whole)):
        peer.send(message, topic)
        if index % BURST == BURST - 1:
            peer.spin(BURST_S)
    counts = counts_of(peer, NUM_MESSAGES)
    peer.wait_for(
        lambda: len(answers) == counts['processed'],
        f'{counts["processed"]} answers, {len(answers)} are here',
    )
    good = image_message(encode(np.full((48, 64, 3), 99, np.uint8), 'bgr8'), peer.header())
    if transport == 'compressed':
        picture = cv2.imencode('.png', np.full((48, 64, 3), 99, np.uint8))[1]
        good = CompressedImage(header=good.header, format='png', data=byte_array(picture))
    peer.answer_to(good, topic)
    assert counts['rejected'] > NUM_MESSAGES / 100
    assert process.stop() == 0
    assert 'Traceback' not in process.output


def counts_of(peer, received) -> dict[str, int]:
    """Wait until so many images are counted and none waits; check that the counts add up."""
    deadline = time.monotonic() + 60
    while True:
        counts = peer.settled_counts()
        settled = counts['processed'] + counts['dropped'] + counts['rejected']
        assert counts['received'] == settled, counts
        if counts['received'] >= received or time.monotonic() > deadline:
            assert counts['received'] == received, counts
            return counts
