# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batch, size and memory of a build: read, checked, and settled with the network."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.trt.build_options import (
    BuildOptions,
    choose_batch,
    choose_sizes,
    default_workspace_bytes,
    parse_batch,
    parse_bytes,
    parse_sizes,
)
from yolotrt_ros.trt.precision import Precision

SIDES = st.integers(1, 5000)
SIZES = ((320, 192), (640, 384), (960, 640))


def make_options(**facts):
    defaults = {'precision': Precision.FP16, 'batch': (1, 1, 1), 'sizes': ((640, 384),) * 3}
    return BuildOptions(**(defaults | facts))


@pytest.mark.parametrize(
    'facts',
    [
        {'optimization_level': 0},
        {'optimization_level': 5},
        {'dla_core': 0},
        {'dla_core': 1, 'precision': Precision.INT8},
        {'precision': Precision.FP32},
    ],
)
def test_values_at_the_border_are_taken(facts):
    options = make_options(**facts)
    assert {name: getattr(options, name) for name in facts} == facts


@given(st.lists(SIDES, min_size=3, max_size=3).map(sorted))
def test_batch_is_read_as_it_is_written(numbers):
    assert parse_batch(','.join(map(str, numbers))) == tuple(numbers)
    assert parse_batch(str(numbers[0])) == (numbers[0],) * 3


@given(
    st.lists(SIDES, min_size=3, max_size=3).map(sorted),
    st.lists(SIDES, min_size=3, max_size=3).map(sorted),
)
def test_sizes_are_written_height_first_and_read_width_first(widths, heights):
    text = ':'.join(f'{h}x{w}' for w, h in zip(widths, heights, strict=True))
    assert parse_sizes(text) == tuple(zip(widths, heights, strict=True))
    assert parse_sizes(f'{heights[0]}X{widths[0]}') == ((widths[0], heights[0]),) * 3


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    for parse in (parse_batch, parse_sizes, parse_bytes):
        with suppress(ConfigError):
            assert parse(text)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', r'a number, or min,opt,max'),
        ('two', r'a number, or min,opt,max'),
        ('1,2', r'a number, or min,opt,max'),
        ('1,2,3,4', r'a number, or min,opt,max'),
        ('-1', r'a number, or min,opt,max'),
        ('0', r'1 or more, in the order min, opt, max'),
        ('4,2,1', r'1 or more, in the order min, opt, max'),
    ],
)
def test_batch_that_makes_no_sense_is_refused(text, reason):
    with pytest.raises(ConfigError, match=reason):
        parse_batch(text)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('640', r'HEIGHTxWIDTH such as 384x640'),
        ('640x640:', r'HEIGHTxWIDTH such as 384x640'),
        ('320x320:640x640', r'HEIGHTxWIDTH such as 384x640'),
        ('640x0', r'1 or more'),
        ('640x640:320x320:960x960', r'in the order min, opt, max'),
    ],
)
def test_size_that_makes_no_sense_is_refused(text, reason):
    with pytest.raises(ConfigError, match=reason):
        parse_sizes(text)


@pytest.mark.parametrize(
    ('text', 'num_bytes'),
    [
        ('1', 1),
        ('512MiB', 512 << 20),
        ('512M', 512 << 20),
        ('512mb', 512 << 20),
        ('2GiB', 2 << 30),
        ('1.5 G', 3 << 29),
        ('8K', 8 << 10),
    ],
)
def test_bytes_in_units_of_1024(text, num_bytes):
    assert parse_bytes(text) == num_bytes


@pytest.mark.parametrize('text', ['', '0', 'MiB', '1TiB', '-1G', '0.0001K', '2 GiBB'])
def test_bytes_that_make_no_sense_are_refused(text):
    with pytest.raises(ConfigError, match=r'a size such as 512MiB or 2GiB'):
        parse_bytes(text)


def test_workspace_leaves_most_of_the_memory_alone():
    assert default_workspace_bytes(140 << 30) == 2 << 30
    assert default_workspace_bytes(4 << 30) == 1 << 30


def test_open_dimensions_take_what_is_asked():
    options = make_options(batch=(1, 2, 4), sizes=SIZES)
    assert options.shapes([None, 3, None, None]) == (
        (1, 3, 192, 320),
        (2, 3, 384, 640),
        (4, 3, 640, 960),
    )
    assert options.shapes([8, 3, None, 640]) == (
        (8, 3, 192, 640),
        (8, 3, 384, 640),
        (8, 3, 640, 640),
    )


@pytest.mark.parametrize(
    ('facts', 'reason'),
    [
        ({'batch': (2, 1, 4)}, 'in the order min, opt, max'),
        ({'sizes': ((640, 384), (320, 384), (640, 384))}, "'width' is '640,320,640'"),
        ({'sizes': ((640, 384), (640, 0), (640, 384))}, "'height' is '384,0,384'"),
        ({'optimization_level': 6}, 'must be between 0 and 5'),
        ({'precision': Precision.FP32, 'dla_core': 0}, 'a DLA computes in fp16 or int8'),
    ],
)
def test_options_out_of_range_are_refused(facts, reason):
    with pytest.raises(ConfigError, match=reason):
        make_options(**facts)


def test_fixed_batch_needs_no_option_and_takes_no_other():
    assert choose_batch(4, None) == (4, 4, 4)
    assert choose_batch(4, (4, 4, 4)) == (4, 4, 4)
    with pytest.raises(ConfigError, match=r'takes batches of 4 only; leave --batch out'):
        choose_batch(4, (1, 4, 4))


def test_open_batch_needs_the_option():
    assert choose_batch(None, (1, 2, 8)) == (1, 2, 8)
    assert choose_batch(None, (4, 4, 4)) == (4, 4, 4)
    with pytest.raises(ConfigError, match=r'leaves its batch open; add --batch 1'):
        choose_batch(None, None)


def test_range_of_batches_begins_with_one():
    with pytest.raises(ConfigError, match=r'a range must begin with 1'):
        choose_batch(None, (2, 4, 4))


def test_fixed_size_needs_no_option_and_takes_no_other():
    assert choose_sizes((640, 384), None, 32) == ((640, 384),) * 3
    assert choose_sizes((640, 384), ((640, 384),) * 3, 32) == ((640, 384),) * 3
    with pytest.raises(ConfigError, match=r"'640x640': this network takes 384x640 \(height x"):
        choose_sizes((640, 384), ((640, 640),) * 3, 32)
    with pytest.raises(ConfigError, match=r'takes anyx640'):
        choose_sizes((640, None), SIZES, 32)


def test_open_size_needs_the_option_and_multiples_of_the_stride():
    assert choose_sizes((None, None), SIZES, 32) == SIZES
    with pytest.raises(ConfigError, match=r'leaves its input size open; add --size'):
        choose_sizes((640, None), None, 32)
    with pytest.raises(ConfigError, match=r"'384x650': height and width must be multiples of 32"):
        choose_sizes((None, None), ((650, 384),) * 3, 32)
