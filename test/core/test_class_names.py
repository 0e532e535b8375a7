# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Class names from metadata, files and parameters, and what is said where they do not fit."""

import json

import pytest

from yolotrt_ros.core.class_names import (
    choose_class_names,
    parse_metadata_names,
    read_names_file,
)
from yolotrt_ros.core.errors import ConfigError, ModelError


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ('[]', ()),
        ('{}', ()),
        ("{0: 'person', 1: 'bicycle'}", ('person', 'bicycle')),  # Ultralytics
        ("['person', 'bicycle']", ('person', 'bicycle')),  # YOLOv5 up to 6.1
        ("('person', 'bicycle')", ('person', 'bicycle')),
        ('{"0": "person", "1": "bicycle"}', ('person', 'bicycle')),  # JSON
        ("{1: 'bicycle', 0: 'person'}", ('person', 'bicycle')),
        ('[1, 2]', ('1', '2')),
        ("['Stoßstange', '停止']", ('Stoßstange', '停止')),
        ('["it\'s"]', ("it's",)),
    ],
)
def test_metadata_names_are_read(text, names):
    assert parse_metadata_names(text) == names


def test_eleven_names_stay_in_the_order_of_their_numbers():
    names = {str(index): f'class {index}' for index in reversed(range(11))}
    assert parse_metadata_names(json.dumps(names)) == tuple(f'class {i}' for i in range(11))


@pytest.mark.parametrize(
    'text',
    [
        '',
        'person',
        'person, bicycle',
        '7',
        'None',
        "'person'",
        "{'a': 'person'}",
        "{1: 'person'}",
        "{0: 'person', 2: 'car'}",
        "{0: 'person', '0': 'car'}",
        "{-1: 'person', 0: 'car'}",
        "{0.5: 'person'}",
        "{'person', 'car'}",
        "{[0]: 'person'}",
        "{0: 'person'",
        "__import__('os')",
        'nan' * 100,
    ],
)
def test_other_metadata_is_refused_and_shown(text):
    message = "'names' must be a list of names or a dict .* or set the parameter class_names"
    with pytest.raises(ModelError, match=message) as caught:
        parse_metadata_names(text)
    assert repr(text[:120]) in str(caught.value)


@pytest.mark.parametrize(
    ('content', 'names'),
    [
        ('person', ('person',)),
        ('person\nbicycle\n', ('person', 'bicycle')),
        ('person\r\nbicycle\r\n\r\n', ('person', 'bicycle')),
        ('  traffic light \nbicycle\n\n \n', ('traffic light', 'bicycle')),
        ('person\n\nbicycle', ('person', '', 'bicycle')),  # a gap keeps its number
        ('\ufeffperson\nbicycle', ('person', 'bicycle')),  # as Notepad saves it
        ('Stoßstange\n停止\n', ('Stoßstange', '停止')),
    ],
)
def test_names_file_holds_one_name_a_line(content, names, tmp_path):
    path = tmp_path / 'names.txt'
    path.write_bytes(content.encode())
    assert read_names_file(path) == names


@pytest.mark.parametrize('content', ['', '\n', ' \n\n'])
def test_names_file_without_names_is_refused(content, tmp_path):
    path = tmp_path / 'names.txt'
    path.write_text(content)
    with pytest.raises(ConfigError, match=r'names\.txt.*: holds no names; write one a line'):
        read_names_file(path)


def test_names_file_that_cannot_be_read_is_refused(tmp_path):
    binary = tmp_path / 'model.onnx'
    binary.write_bytes(b'\xff\xfe\x00\x81')
    for path in (tmp_path / 'absent.txt', tmp_path, binary):
        with pytest.raises(ConfigError, match=r"'class_names_path' is .* cannot be read"):
            read_names_file(path)


@pytest.fixture
def names_file(tmp_path):
    path = tmp_path / 'names.txt'
    path.write_text('file a\nfile b\n')
    return path


def test_network_without_names_gets_numbers():
    assert choose_class_names(3) == ('0', '1', '2')


def test_parameter_goes_before_the_file_and_the_file_before_the_metadata(names_file):
    metadata = "['metadata a', 'metadata b']"
    given = ['given a', 'given b']
    everything = {'given': given, 'path': names_file, 'metadata': metadata}
    assert choose_class_names(2, **everything) == ('given a', 'given b')
    assert choose_class_names(2, path=names_file, metadata=metadata) == ('file a', 'file b')
    assert choose_class_names(2, metadata=metadata) == ('metadata a', 'metadata b')


def test_broken_metadata_does_no_harm_where_names_are_given():
    assert choose_class_names(1, given=['a'], metadata='{') == ('a',)


def test_wrong_number_of_names_is_refused_by_its_source(names_file):
    with pytest.raises(ConfigError, match=r"'class_names' is \['a'\]: has 1 names, .* 3 classes"):
        choose_class_names(3, given=('a',))
    with pytest.raises(ConfigError, match=r"'class_names_path' is .*names.txt': has 2 names"):
        choose_class_names(3, path=names_file)
    with pytest.raises(ModelError, match='names 2 classes, but the outputs hold 3; export'):
        choose_class_names(3, metadata="['a', 'b']")
