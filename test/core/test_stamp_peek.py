# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps of serialised messages."""

from struct import pack

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.stamp_peek import peek_stamp_ns

SECONDS = st.integers(-(2**31), 2**31 - 1)
NANOSECONDS = st.integers(0, 2**32 - 1)


@given(sec=SECONDS, nanosec=NANOSECONDS, frame_id=st.sampled_from(['', 'camera']))
def test_stamp_is_that_of_the_header(sec, nanosec, frame_id):
    message = b'\0\1\0\0' + MessageHeader(sec, nanosec, frame_id).serialised() + bytes(100)
    assert peek_stamp_ns(message) == sec * 10**9 + nanosec


@given(sec=SECONDS, nanosec=NANOSECONDS)
def test_big_endian_is_understood(sec, nanosec):
    assert peek_stamp_ns(b'\0\0\0\0' + pack('>iI', sec, nanosec)) == sec * 10**9 + nanosec


@pytest.mark.parametrize('length', range(12))
def test_message_cut_short_has_no_stamp(length):
    assert peek_stamp_ns(bytes(length)) is None
