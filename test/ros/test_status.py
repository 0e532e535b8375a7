# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a report: level, sentence and values."""

import pytest

pytest.importorskip('diagnostic_msgs')

from yolotrt_ros.ros.status import flattened, OK, status

pytestmark = pytest.mark.ros


def test_values_are_texts_and_unknown_ones_are_left_out():
    made = status('n: t', OK, 'good', {'a': 1, 'b': 0.1 + 0.2, 'c': None, 'd': 'x'}, 'a GPU')
    assert (made.name, made.level, made.message, made.hardware_id) == ('n: t', OK, 'good', 'a GPU')
    assert [(pair.key, pair.value) for pair in made.values] == [
        ('a', '1'),
        ('b', '0.3'),
        ('d', 'x'),
    ]


def test_nested_values_have_names_with_dots():
    nested = {'a': 1, 'b': {'c': 2, 'd': {'e': 'x'}}, 'f': {}}
    assert flattened(nested, 'p.') == {'p.a': 1, 'p.b.c': 2, 'p.b.d.e': 'x'}
