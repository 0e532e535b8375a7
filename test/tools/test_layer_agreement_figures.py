# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The differences of two tensors, from their definition."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
import pytest

from yolotrt_ros.tools.layer_agreement_figures import compare_tensors, Tolerance

EXACT = Tolerance(0.0, 0.0)


def test_figures_of_a_small_tensor():
    reference = np.array([[1.0, -4.0], [2.0, 1.0]], np.float32)
    candidate = np.array([[1.5, -4.0], [2.0, 0.0]], np.float16)
    found = compare_tensors('x', reference, candidate, EXACT)
    assert (found.name, found.shape, found.worst_index) == ('x', (2, 2), (1, 1))
    assert (found.max_abs, found.mean_abs) == (1.0, 0.375)
    assert (found.max_rel, found.mean_rel) == (0.25, 0.375 / 2)
    assert not found.agrees


@pytest.mark.parametrize(
    ('tolerance', 'agrees'),
    [
        (Tolerance(0.9, 0.24), False),
        (Tolerance(1.0, 0.0), True),  # one of the two suffices
        (Tolerance(0.0, 0.25), True),
    ],
)
def test_one_of_two_limits_suffices(tolerance, agrees):
    reference, candidate = np.array([4.0, 0.0]), np.array([4.0, 1.0])
    assert compare_tensors('x', reference, candidate, tolerance).agrees is agrees


def test_values_near_zero_do_not_decide():
    # Each of them is wrong by all of itself, but by nothing of what the tensor holds.
    reference, candidate = np.array([1000.0, 1e-6]), np.array([1000.0, 2e-6])
    assert compare_tensors('x', reference, candidate, Tolerance(0.0, 1e-6)).agrees


def test_nan_in_one_of_them_is_a_difference():
    reference, candidate = np.array([1.0, 2.0]), np.array([1.0, np.nan])
    found = compare_tensors('x', reference, candidate, Tolerance(1e9, 1e9))
    assert found.num_nonfinite == (0, 1)
    assert found.num_nonfinite_differing == 1
    assert found.max_abs == 0
    assert not found.agrees


def test_infinity_of_the_other_sign_is_a_difference():
    reference, candidate = np.array([np.inf, np.inf]), np.array([np.inf, -np.inf])
    found = compare_tensors('x', reference, candidate, Tolerance(1e9, 1e9))
    assert found.num_nonfinite == (2, 2)
    assert found.num_nonfinite_differing == 1
    assert not found.agrees


def test_not_finite_in_the_same_places_agrees():
    values = np.array([np.nan, np.inf, -np.inf, 1.0])
    found = compare_tensors('x', values, values.copy(), EXACT)
    assert found.agrees
    assert found.num_nonfinite == (3, 3)


@pytest.mark.parametrize('shape', [(0,), (2, 0, 3), ()])
def test_tensors_without_values_or_sides(shape):
    found = compare_tensors('x', np.zeros(shape), np.zeros(shape), EXACT)
    assert found.agrees
    assert (found.max_abs, found.mean_rel, found.shape) == (0, 0, shape)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r'x is \(2,\) and \(1, 2\)'):
        compare_tensors('x', np.zeros(2), np.zeros((1, 2)), EXACT)


@given(data=st.data(), shape=array_shapes(max_dims=3, max_side=5))
def test_every_value_is_within_the_largest_difference(data, shape):
    floats = st.floats(width=32, allow_nan=True, allow_infinity=True)
    reference, candidate = (data.draw(arrays(np.float32, shape, elements=floats)) for _ in 'ab')
    found = compare_tensors('x', reference, candidate, EXACT)
    both = np.isfinite(reference) & np.isfinite(candidate)
    differences = np.abs(reference[both].astype(np.float64) - candidate[both])
    assert found.max_abs == differences.max(initial=0)
    assert found.mean_abs <= found.max_abs * (1 + 1e-12)
    same = np.array_equal(reference, candidate, equal_nan=True)
    assert found.agrees == same
    back = compare_tensors('x', candidate, reference, EXACT)
    assert back.max_abs == found.max_abs
    assert back.num_nonfinite == found.num_nonfinite[::-1]
