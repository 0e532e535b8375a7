# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The decode kernel against the definition in NumPy: the same bits.

Each test runs on the GPU, and with the same arithmetic compiled for the CPU.
"""

from dataclasses import replace

from hypothesis import given
import numpy as np
import pytest

from test.plugins import decoder
from test.plugins.decoder import Heads, in_hwc8
from test.plugins.expectation import (
    ANCHORS,
    assert_is_definition,
    FORMATS,
    random_heads,
    rows_of,
    small_heads,
    STRIDES,
    with_special_values,
)

THRESHOLDS = (0.0, 0.01, 0.25, 0.9)

any_format = pytest.mark.parametrize(('dtype', 'is_hwc8'), FORMATS.values(), ids=FORMATS)


@pytest.fixture(scope='module', params=['cpu', pytest.param('gpu', marks=pytest.mark.gpu)])
def decode(request):
    return request.getfixturevalue(f'decode_{request.param}')


@any_format
@pytest.mark.parametrize(
    ('network_wh', 'num_classes', 'batch'),
    [
        ((640, 640), 80, 4),
        ((640, 640), 8, 1),
        ((640, 384), 80, 1),
        ((640, 384), 1, 4),
        ((416, 320), 1, 1),
        ((416, 320), 8, 4),
        ((416, 320), 80, 1),
    ],
)
def test_detections_are_those_of_the_definition(
    network_wh, num_classes, batch, dtype, is_hwc8, decode, rng
):
    heads = random_heads(rng, network_wh, num_classes, batch=batch, dtype=dtype, is_hwc8=is_hwc8)
    for threshold in THRESHOLDS:
        heads = replace(heads, threshold=threshold)
        assert assert_is_definition(decode(heads), heads) > 0


@any_format
@pytest.mark.parametrize('threshold', THRESHOLDS)
def test_candidates_that_are_not_finite_are_left_out(threshold, dtype, is_hwc8, decode, rng):
    heads = random_heads(
        rng, (416, 320), 8, batch=2, dtype=dtype, threshold=threshold, is_hwc8=is_hwc8
    )
    clean = decode(heads)
    spoiled = with_special_values(heads, rng)
    outputs = decode(spoiled)
    assert 0 < assert_is_definition(outputs, spoiled) < clean[0].sum()
    assert all(np.isfinite(rows).all() for rows in rows_of(outputs))


def one_candidate(values, *, threshold=0.25, dtype=np.float32, is_hwc8=False):
    """Make heads of one cell a level, of which the first candidate alone has any objectness."""
    heads = [np.zeros((1, 3 * len(values), 32 // s, 32 // s), dtype) for s in STRIDES]
    heads[0][0, : len(values), 0, 0] = values
    return Heads(heads, ANCHORS, STRIDES, threshold, is_hwc8)


@any_format
def test_box_is_that_of_the_published_formula(dtype, is_hwc8, decode):
    # Sigmoid outputs of one half mean the cell's centre and a box as large as its anchor.
    values = [0.5, 0.5, 0.5, 0.5, 1, 0.25, 0.75]
    (row,) = rows_of(decode(one_candidate(values, dtype=dtype, is_hwc8=is_hwc8)))[0]
    np.testing.assert_array_equal(row, [4 - 5, 4 - 6.5, 4 + 5, 4 + 6.5, 0.75, 1])


@any_format
@pytest.mark.parametrize('threshold', [0.01, 0.1, 0.25, 0.3, 0.7])
def test_threshold_is_inclusive(threshold, dtype, is_hwc8, decode):
    above = np.nextafter(dtype(threshold), dtype(1))
    at = dtype(threshold) if dtype(threshold) >= np.float32(threshold) else above
    below = np.nextafter(at, dtype(0))
    for objectness, score, found in ((at, 1, 1), (below, 1, 0), (1, at, 1), (1, below, 0)):
        values = [0.5] * 4 + [objectness, score]
        heads = one_candidate(values, threshold=threshold, dtype=dtype, is_hwc8=is_hwc8)
        assert assert_is_definition(decode(heads), heads) == found


def test_weak_objectness_is_left_out_even_where_the_score_would_do(decode):
    heads = one_candidate([0.5] * 4 + [0.2, 2.0], threshold=0.25)
    assert assert_is_definition(decode(heads), heads) == 0


@any_format
def test_first_of_equally_strong_classes_wins(dtype, is_hwc8, decode):
    values = [0.5] * 4 + [1, 0.25, 0.75, 0.5, 0.75, 0.75]
    heads = one_candidate(values, dtype=dtype, is_hwc8=is_hwc8)
    (row,) = rows_of(decode(heads))[0]
    assert row[5] == 1


@pytest.mark.parametrize('place', range(8))
@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_one_special_value_rejects_its_candidate(value, place, decode):
    values = np.full(8, 0.5, np.float32)
    values[place] = value
    heads = one_candidate(values)
    # The weakest class may be minus infinity: it is not the score.
    expected = 1 if place >= 5 and value == -np.inf else 0
    assert assert_is_definition(decode(heads), heads) == expected


@pytest.mark.parametrize('sign', [-1, 1])
@pytest.mark.parametrize('axis', [0, 1])
def test_one_corner_beyond_the_largest_number_rejects_its_candidate(axis, sign, decode):
    values = np.array([0.5, 0.5, 0.5, 0.5, 1, 1], np.float32)
    values[axis] = sign * 2e37  # the centre comes to 3.2e38,
    values[axis + 2] = 2.5e18  # and half of the size to more than 1e38
    heads = one_candidate(values)
    assert assert_is_definition(decode(heads), heads) == 0
    values[axis + 2] = 0.5
    heads = one_candidate(values)
    assert assert_is_definition(decode(heads), heads) == 1


@pytest.mark.parametrize('is_hwc8', [False, True], ids=['linear', 'hwc8'])
def test_every_half_number_is_read_right(is_hwc8, decode):
    every_half = np.arange(2**16, dtype=np.uint16).view(np.float16).reshape(256, 256)
    values = [np.zeros((1, 18, 256 // f, 256 // f), np.float16) for f in (1, 2, 4)]
    anchors = values[0].reshape(3, 6, 256, 256)
    anchors[:, 4:] = 1
    anchors[0, 5] = every_half  # scores: those from 0 on
    anchors[1, 0] = every_half  # places: all that are finite
    heads = Heads(values, ANCHORS, STRIDES, 0.0, is_hwc8)
    num_finite = np.count_nonzero(np.isfinite(every_half))
    num_scores = np.count_nonzero(np.isfinite(every_half) & (every_half >= 0))
    num_others = heads.num_candidates - 2 * 2**16
    outputs = decode(heads)
    assert assert_is_definition(outputs, heads) == num_scores + num_finite + num_others


@given(heads=small_heads())
def test_any_numbers_give_what_the_definition_gives(heads, decode):
    assert_is_definition(decode(heads), heads)


@any_format
@pytest.mark.parametrize('strides', [(4, 8, 16), (16, 32, 64), (8, 8, 8), (6, 12, 48)])
def test_any_three_strides_do(strides, dtype, is_hwc8, decode, rng):
    heads = random_heads(
        rng, (192, 96), 3, strides=strides, dtype=dtype, threshold=0.1, is_hwc8=is_hwc8
    )
    assert assert_is_definition(decode(heads), heads) > 0


def test_input_is_stored_in_hwc8_as_tensorrt_defines_it():
    # TensorFormat::kHWC8: an array [N][H][W][(C+7)/8*8], with (n, c, h, w) at [n][h][w][c].
    head = np.arange(2 * 18 * 4 * 5, dtype=np.float16).reshape(2, 18, 4, 5)
    flat = in_hwc8(head).ravel()
    assert flat.size == 2 * 4 * 5 * 24
    for n, c, y, x in np.ndindex(head.shape):
        assert flat[((n * 4 + y) * 5 + x) * 24 + c] == head[n, c, y, x]
    assert np.count_nonzero(np.isnan(flat)) == 2 * 4 * 5 * (24 - 18)


def test_format_unknown_to_the_cpu_is_refused(decode_cpu, rng, monkeypatch):
    monkeypatch.setattr(decoder, 'HALF_HWC8', 3)
    heads = random_heads(rng, (96, 64), 3, dtype=np.float16, is_hwc8=True)
    with pytest.raises(AssertionError, match='1 == 0'):
        decode_cpu(heads)
