# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
from struct import pack

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.header_stamp import read_stamp_ns, restamped
from yolotrt_ros.core.message_header import MessageHeader

LITTLE_ENDIAN = b'\x00\x01\x00\x00'
seconds = st.integers(-(2**31), 2**31 - 1)
stamps = st.tuples(seconds, st.integers(0, 10**9 - 1))
# What a damaged message may hold.
any_stamps = st.tuples(seconds, st.integers(0, 2**32 - 1))


def nanoseconds(stamp):
    return stamp[0] * 10**9 + stamp[1]


@given(stamp=stamps, frame_id=st.text(st.characters(codec='ascii', exclude_characters='\0')))
def test_stamp_of_a_serialised_header_is_read(stamp, frame_id):
    data = LITTLE_ENDIAN + MessageHeader(*stamp, frame_id).serialised()
    assert read_stamp_ns(data) == nanoseconds(stamp)


@given(stamp=any_stamps, frame_id=st.sampled_from(['', 'camera']))
def test_stamp_is_read_whatever_follows(stamp, frame_id):
    message = LITTLE_ENDIAN + MessageHeader(*stamp, frame_id).serialised() + bytes(100)
    assert read_stamp_ns(message) == nanoseconds(stamp)


@given(stamp=any_stamps)
def test_every_big_endian_stamp_is_read(stamp):
    assert read_stamp_ns(b'\0\0\0\0' + pack('>iI', *stamp)) == nanoseconds(stamp)


@given(data=st.binary(min_size=12, max_size=40), stamp=stamps)
def test_only_the_stamp_changes_in_either_byte_order(data, stamp):
    changed = restamped(data, nanoseconds(stamp))
    assert read_stamp_ns(changed) == nanoseconds(stamp)
    assert changed[:4] == data[:4]
    assert changed[12:] == data[12:]


def test_big_endian_messages_are_read_as_such():
    data = bytes([0, 0, 0, 0]) + (5).to_bytes(4, 'big') + (7).to_bytes(4, 'big')
    assert read_stamp_ns(data) == 5 * 10**9 + 7
    assert restamped(data, 9)[4:] == bytes(7) + b'\x09'


@pytest.mark.parametrize('length', range(12))
def test_message_that_is_too_short_stays_as_it_is(length):
    assert read_stamp_ns(bytes(length)) is None
    assert restamped(bytes(length), 7) == bytes(length)
