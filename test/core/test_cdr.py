# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Values of serialised messages: both byte orders, every alignment, and bytes that are wrong."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.cdr import CdrReader
from yolotrt_ros.core.errors import ImageFormatError

LITTLE = bytes([0, 1, 0, 0])


@pytest.mark.parametrize(
    ('identifier', 'order'),
    [(0, 'big'), (1, 'little'), (6, 'big'), (7, 'little'), (0x10, 'big'), (0x11, 'little')],
)
def test_the_identifier_tells_the_byte_order(identifier, order):
    # Options: the number of padding bytes at the end, which the reader does not need.
    message = identifier.to_bytes(2, 'big') + bytes([0, 3]) + (77).to_bytes(4, order) + bytes(3)
    assert CdrReader(message, 'a message').uint32('value') == 77


@pytest.mark.parametrize('identifier', [2, 3, 4, 5, 8, 9, 0xA, 0xB, 0x12, 0x14, 0x100, 0xFFFF])
def test_other_representations_are_refused(identifier):
    message = identifier.to_bytes(2, 'big') + bytes(20)
    with pytest.raises(ImageFormatError, match=f'0x{identifier:04x}, but only plain CDR'):
        CdrReader(message, 'a message')


@pytest.mark.parametrize('num_bytes', range(4))
def test_less_than_an_encapsulation_header_is_refused(num_bytes):
    with pytest.raises(ImageFormatError, match='too short: its encapsulation header needs 4'):
        CdrReader(LITTLE[:num_bytes], 'a message')


@given(st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs'])))
def test_words_behind_a_text_are_aligned(text):
    raw = text.encode() + b'\0'
    body = len(raw).to_bytes(4, 'little') + raw
    # Bytes that are all different, so that one of the padding among them is seen.
    body += b'\xff' * (-len(body) % 4) + (-0x01020304).to_bytes(4, 'little', signed=True)
    reader = CdrReader(LITTLE + body, 'a message')
    assert (reader.string('text'), reader.int32('number')) == (text, -0x01020304)


@pytest.mark.parametrize(('raw', 'text'), [(b'', ''), (b'\0', ''), (b'ab', 'ab'), (b'ab\0', 'ab')])
def test_a_text_may_lack_its_nul(raw, text):
    message = LITTLE + len(raw).to_bytes(4, 'little') + raw
    assert CdrReader(message, 'a message').string('text') == text


@pytest.mark.parametrize(
    ('raw', 'words'),
    [
        (b'\xff\xfe\0', "frame of a message must be UTF-8, but it is 2 bytes that begin with b'"),
        (b'a\0b\0', 'frame of a message must be text without NUL, but it is 3 bytes'),
    ],
)
def test_bytes_that_are_no_text_are_shown(raw, words):
    reader = CdrReader(LITTLE + len(raw).to_bytes(4, 'little') + raw, 'a message')
    with pytest.raises(ImageFormatError, match=words):
        reader.string('frame')


def test_only_the_beginning_of_a_long_text_is_shown():
    reader = CdrReader(LITTLE + (99).to_bytes(4, 'little') + b'a' * 98 + b'\xff', 'a message')
    with pytest.raises(ImageFormatError, match=r"is 99 bytes that begin with b'a{24}'"):
        reader.string('frame')


def test_bytes_stand_side_by_side():
    reader = CdrReader(LITTLE + b'\x01\x02\xff', 'a message')
    assert [reader.uint8('flag') for _ in range(3)] == [1, 2, 255]


@pytest.mark.parametrize('read', [CdrReader.string, CdrReader.byte_sequence])
def test_a_length_is_not_believed(read):
    reader = CdrReader(LITTLE + b'\xff' * 4 + bytes(8), 'a message')
    with pytest.raises(ImageFormatError, match='of 16 bytes is too short: it needs 4294967295'):
        read(reader, 'it')


def test_a_sequence_is_a_view_that_may_be_empty():
    message = bytearray(LITTLE + (2).to_bytes(4, 'little') + b'ab' + bytes(6))
    reader = CdrReader(message, 'a message')
    data = reader.byte_sequence('data')
    message[8] = ord('x')
    assert data.tobytes() == b'xb'
    assert reader.byte_sequence('nothing').size == 0
