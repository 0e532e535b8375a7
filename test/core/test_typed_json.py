# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dataclasses as JSON: no loss on the way, and what does not fit is named with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.typed_json import check_fields, parse, to_record, to_text


class Colour(Enum):
    RED = 'red'
    BLUE = 'blue'


@dataclass(frozen=True)
class Part:
    name: str
    size: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Thing:
    colour: Colour
    path: Path
    weight: float
    is_new: bool
    parts: tuple[Part, ...]
    main: Part | None = None
    counts: dict[str, int] = field(default_factory=dict)
    rest: Any = None

    def __post_init__(self):
        check_fields(self)


finite = st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | finite | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
parts = st.builds(Part, name=st.text(), size=st.tuples(st.integers(), st.integers()))
things = st.builds(
    Thing,
    colour=st.sampled_from(Colour),
    path=st.text(st.characters(exclude_characters='\0')).map(Path),
    weight=finite,
    is_new=st.booleans(),
    parts=st.lists(parts, max_size=3).map(tuple),
    main=st.none() | parts,
    counts=st.dictionaries(st.text(), st.integers()),
    rest=plain,
)
GOOD = {'colour': 'red', 'path': 'a/b', 'weight': 1, 'is_new': True, 'parts': [{'name': 'x'}]}


@given(things)
def test_nothing_is_lost_on_the_way(thing):
    assert to_record(Thing, parse(to_text(thing))) == thing


def test_file_name_that_is_no_utf8_is_kept():
    thing = to_record(Thing, GOOD | {'path': '/data/\udcff\udc80.onnx'})
    assert to_record(Thing, parse(to_text(thing))) == thing
    assert b'/data/\\udcff\\udc80.onnx' in to_text(thing)


def test_text_can_be_read_by_people():
    thing = to_record(
        Thing, GOOD | {'parts': [{'name': 'Stoßstange'}, {'name': 'y'}], 'counts': {'a': 1}}
    )
    assert (
        to_text(thing).decode()
        == """\
{
  "colour": "red",
  "path": "a/b",
  "weight": 1.0,
  "is_new": true,
  "parts": [
    {"name": "Stoßstange", "size": [1, 1]},
    {"name": "y", "size": [1, 1]}
  ],
  "main": null,
  "counts": {
    "a": 1
  },
  "rest": null
}
"""
    )


def test_lists_and_whole_numbers_become_what_is_annotated():
    thing = Thing(Colour.RED, 'a/b', 1, True, [Part('x')])
    assert thing == to_record(Thing, GOOD)
    assert thing.parts == (Part('x'),)
    assert isinstance(thing.weight, float)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'weight': '1'}, r"^weight must be a number, but is '1'$"),
        ({'weight': True}, r'^weight must be a number, but is True$'),
        ({'weight': 10**400}, r'^weight must be a number, but is 10+…$'),
        ({'weight': float('inf')}, r'^weight must be a finite number, but is inf$'),
        ({'is_new': 1}, r'^is_new must be true or false, but is 1$'),
        ({'path': 3}, r'^path must be a path, but is 3$'),
        ({'colour': 'green'}, r"^colour must be one of 'red', 'blue', but is 'green'$"),
        ({'parts': {}}, r'^parts must be a list, but is \{\}$'),
        ({'parts': ['x']}, r"^parts\[0\] must be an object, but is 'x'$"),
        ({'parts': [{}]}, r'^parts\[0\]\.name is missing$'),
        ({'main': {'name': 'x', 'size': [1]}}, r'^main\.size must be a list of 2, but is \[1\]$'),
        ({'main': {'name': 'x', 'size': [1, 2.5]}}, r'^main\.size\[1\] must be a whole number'),
        ({'main': {'name': 'x', 'sort': 1}}, r'^main\.sort is no known field$'),
        ({'counts': {'a': None}}, r'^counts\.a must be a whole number, but is None$'),
        ({'counts': {1: 1}}, r'^counts must be an object, but is \{1: 1\}$'),
        ({'rest': {'a': [float('nan')]}}, r'^rest\.a\[0\] must be a finite number, but is nan$'),
        ({'rest': {'a': object}}, r"^rest\.a must be a number, but is <class 'object'>$"),
        ({'wait': 1}, r'^wait is no known field$'),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        to_record(Thing, GOOD | change)


@pytest.mark.parametrize('name', ['colour', 'path', 'weight', 'is_new', 'parts'])
def test_missing_field_is_named(name):
    with pytest.raises(ValueError, match=f'^{name} is missing$'):
        to_record(Thing, {key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize('value', [None, 3, 'x', [], [GOOD]])
def test_other_than_an_object_is_refused(value):
    with pytest.raises(ValueError, match=r'^it must be an object, but is '):
        to_record(Thing, value)


@pytest.mark.parametrize('constant', ['NaN', 'Infinity', '-Infinity'])
def test_constants_that_are_no_json_are_refused(constant):
    with pytest.raises(ValueError, match=f'^{constant} is no number in JSON$'):
        parse(f'[{constant}]')


@pytest.mark.parametrize('depth', [600, 100_000])
def test_endless_nesting_is_refused(depth):
    text = json.dumps(GOOD)[:-1] + ', "rest": ' + '[' * depth + ']' * depth + '}'
    with pytest.raises(ValueError, match='nested too deeply'):
        to_record(Thing, parse(text))


@given(st.binary(max_size=200) | st.text(max_size=200) | plain.map(json.dumps))
def test_any_text_gives_a_record_or_a_value_error(text):
    try:
        record = to_record(Thing, parse(text))
    except ValueError:
        return
    assert isinstance(record, Thing)
