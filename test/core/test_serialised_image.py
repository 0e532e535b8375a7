# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images read from serialised messages of rclpy and of rosbags, and from bytes that are none."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.serialised_image import read_compressed_image, read_image

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'

# Strings of CDR end at a NUL, and surrogates are not UTF-8.
texts = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), max_size=20)
uint32s = st.integers(0, 2**32 - 1)
stamps = st.tuples(st.integers(-(2**31), 2**31 - 1), uint32s)
headers = st.tuples(stamps, texts)
image_fields = st.tuples(
    headers, uint32s, uint32s, texts, st.booleans(), uint32s, st.binary(max_size=50)
)
compressed_fields = st.tuples(headers, texts, st.binary(max_size=50))


@pytest.fixture(scope='module')
def store():
    typesys = pytest.importorskip('rosbags.typesys', reason='needs rosbags')
    return typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)


@pytest.fixture(scope='module')
def rclpy_serialization():
    reason = 'rclpy is not installed: source ROS 2 or run scripts/setup.sh'
    return pytest.importorskip('rclpy.serialization', reason=reason)


def serialise(store, kind, fields, *, little_endian=True):
    """Serialise with rosbags."""
    ((sec, nanosec), frame_id), *values = fields
    stamp = store.types['builtin_interfaces/msg/Time'](sec, nanosec)
    header = store.types['std_msgs/msg/Header'](stamp, frame_id)
    data = np.frombuffer(values.pop(), np.uint8)
    message = store.types[kind](header, *values, data)
    return bytes(store.serialize_cdr(message, kind, little_endian=little_endian))


def fields_of(image):
    """Return what was read in the form that the strategies make."""
    (sec, nanosec, frame_id), *values, data = image
    return (((sec, nanosec), frame_id), *values, data.tobytes())


@given(fields=image_fields, little_endian=st.booleans())
def test_images_of_rosbags_are_read(store, fields, little_endian):
    serialised = serialise(store, IMAGE, fields, little_endian=little_endian)
    assert fields_of(read_image(serialised)) == fields


@given(fields=compressed_fields, little_endian=st.booleans())
def test_compressed_images_of_rosbags_are_read(store, fields, little_endian):
    serialised = serialise(store, COMPRESSED, fields, little_endian=little_endian)
    assert fields_of(read_compressed_image(serialised)) == fields


@pytest.mark.ros
@given(fields=image_fields)
def test_images_of_rclpy_are_read(rclpy_serialization, fields):
    from sensor_msgs.msg import Image

    _, height, width, encoding, is_bigendian, step, data = fields
    message = Image(
        header=header_message(fields[0]),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(is_bigendian),
        step=step,
        data=data,
    )
    assert fields_of(read_image(rclpy_serialization.serialize_message(message))) == fields


@pytest.mark.ros
@given(fields=compressed_fields)
def test_compressed_images_of_rclpy_are_read(rclpy_serialization, fields):
    from sensor_msgs.msg import CompressedImage

    message = CompressedImage(header=header_message(fields[0]), format=fields[1], data=fields[2])
    serialised = rclpy_serialization.serialize_message(message)
    assert fields_of(read_compressed_image(serialised)) == fields


def header_message(fields):
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header

    (sec, nanosec), frame_id = fields
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame_id)


def test_pixels_are_the_memory_of_the_message(store):
    serialised = np.frombuffer(serialise(store, IMAGE, example(bytes(range(12)))), np.uint8)
    assert np.shares_memory(read_image(serialised).data, serialised)


def example(data):
    return (((1, 2), 'camera'), 2, 2, 'bgr8', False, 6, data)


@pytest.mark.parametrize('little_endian', [False, True])
def test_a_message_cut_at_any_byte_is_refused(store, little_endian):
    serialised = serialise(store, IMAGE, example(bytes(12)), little_endian=little_endian)
    end = serialised.rindex(bytes(12)) + 12
    assert read_image(serialised[:end]).data.size == 12
    for num_bytes in range(end):
        with pytest.raises(ImageFormatError, match=f'of {num_bytes} bytes is too short'):
            read_image(serialised[:num_bytes])


# The readers take these bytes one way or refuse them in words: no other exception passes.
@settings(max_examples=5000)
@given(serialised=st.binary(max_size=120))
def test_random_bytes_raise_nothing_else(serialised):
    for read in (read_image, read_compressed_image):
        for message in (serialised, b'\0\1\0\0' + serialised):
            with suppress(ImageFormatError):
                assert read(message).data.size <= len(message)


@settings(max_examples=5000)
@given(
    changes=st.lists(st.tuples(st.integers(0, 75), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 76),
)
def test_mutated_messages_raise_nothing_else(store, changes, cut):
    message = bytearray(serialise(store, IMAGE, example(bytes(range(12)))))
    for offset, value in changes:
        message[offset % len(message)] = value
    for read in (read_image, read_compressed_image):
        for mutated in (message, message[:cut]):
            with suppress(ImageFormatError):
                assert read(bytes(mutated)).data.size <= len(mutated)
