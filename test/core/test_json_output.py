# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the one object of ``--json`` goes, and where it must not go."""

from argparse import ArgumentParser
import json
import math
import os
from pathlib import Path
import sys

import pytest

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.json_output import (
    add_json_option,
    check_output_path,
    STANDARD_OUTPUT,
    text_beside,
    write_json,
)


@pytest.mark.parametrize(
    ('words', 'path'),
    [([], None), (['--json', 'a.json'], Path('a.json')), (['--json', '-'], STANDARD_OUTPUT)],
)
def test_option_is_a_path_or_absent(words, path):
    parser = ArgumentParser()
    add_json_option(parser)
    assert parser.parse_args(words).json == path


def test_places_that_can_be_written_are_taken(tmp_path):
    (tmp_path / 'old').write_text('old')
    (tmp_path / 'read').write_text('read')
    for path in (None, STANDARD_OUTPUT, tmp_path / 'new', tmp_path / 'old'):
        check_output_path('json', path, tmp_path / 'read', tmp_path / 'absent', None)
    assert (tmp_path / 'old').read_text() == 'old'


def test_relative_path_lies_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_output_path('json', Path('new'))
    with pytest.raises(ConfigError, match='cannot be written'):
        check_output_path('json', Path('absent/new'))


def test_what_the_command_reads_is_not_replaced(tmp_path):
    (tmp_path / 'read').write_text('read')
    (tmp_path / 'link').symlink_to('read')
    for path in (tmp_path / 'read', tmp_path / 'link'):
        with pytest.raises(ConfigError, match='is read by this command; choose another file'):
            check_output_path('json', path, None, tmp_path / 'absent', tmp_path / 'read')


def test_places_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / 'file').write_text('')
    places = (tmp_path, tmp_path / 'absent' / 'x', tmp_path / 'file' / 'x', Path('/dev/null'))
    for path in places:
        with pytest.raises(ConfigError, match='cannot be written; choose a file in another'):
            check_output_path('plot', path)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_folder_that_may_not_be_written_to_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match='cannot be written; choose a file in another'):
        check_output_path('json', tmp_path / 'x')


def test_a_dash_is_the_standard_output_for_the_object_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / '-').mkdir()
    check_output_path('json', STANDARD_OUTPUT)
    with pytest.raises(ConfigError, match='cannot be written'):
        check_output_path('plot', STANDARD_OUTPUT)


@pytest.mark.parametrize('path', [None, Path('a.json'), STANDARD_OUTPUT])
def test_text_makes_room_for_the_object(path, capsys):
    with text_beside(path):
        print('text')
    print('after')
    out, err = capsys.readouterr()
    expected = ('after\n', 'text\n') if path == STANDARD_OUTPUT else ('text\nafter\n', '')
    assert (out, err) == expected


def test_object_is_written_in_lines_that_people_read(tmp_path, capsys):
    content = {'name': 'Stoßstange', 'scores': [0.5]}
    text = '{\n  "name": "Stoßstange",\n  "scores": [\n    0.5\n  ]\n}\n'
    write_json(None, content)
    write_json(tmp_path / 'a.json', content)
    assert capsys.readouterr() == ('', '')
    assert (tmp_path / 'a.json').read_text(encoding='utf-8') == text
    assert json.loads(text) == content
    write_json(STANDARD_OUTPUT, content)
    assert capsys.readouterr() == (text, '')


def test_object_is_not_kept_back(monkeypatch, tmp_path):
    with (tmp_path / 'output').open('w') as file:
        monkeypatch.setattr(sys, 'stdout', file)
        write_json(STANDARD_OUTPUT, {})
        assert (tmp_path / 'output').read_text() == '{}\n'


def test_what_is_no_json_is_no_file(tmp_path):
    with pytest.raises(ValueError, match='not JSON compliant'):
        write_json(tmp_path / 'a.json', {'loss': math.nan})
    assert list(tmp_path.iterdir()) == []


def test_failed_write_is_told_with_its_reason(tmp_path):
    with pytest.raises(ConfigError, match=r"'json' .*/x': cannot be written: .*No such file"):
        write_json(tmp_path / 'absent' / 'x', {})
