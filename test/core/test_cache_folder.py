# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where things that can be made again are kept."""

import os
import tempfile

import pytest

from yolotrt_ros.core.cache_folder import cache_folder
from yolotrt_ros.core.errors import BackendError

NOBODY = 65534


@pytest.fixture
def unprivileged():
    """Let the test run without the rights of root, for whom nothing is read-only."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(user)


def test_variable_names_the_place_and_the_folders_are_made(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'a' / 'b'))
    folder = cache_folder('plugins', 'x')
    assert folder == tmp_path / 'a' / 'b' / 'yolotrt_ros' / 'plugins' / 'x'
    assert folder.is_dir()
    assert cache_folder('plugins', 'x') == folder
    assert cache_folder() == tmp_path / 'a' / 'b' / 'yolotrt_ros'


@pytest.mark.parametrize('value', [None, '', 'relative/path'])
def test_home_is_taken_where_the_variable_says_nothing(value, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    if value is None:
        monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    else:
        monkeypatch.setenv('XDG_CACHE_HOME', value)
    assert cache_folder('kernels') == tmp_path / '.cache' / 'yolotrt_ros' / 'kernels'
    assert not (tmp_path / 'relative').exists()


def test_place_that_cannot_be_a_folder_is_explained(tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    message = "cache folder cannot be made: .*file/yolotrt_ros'; set XDG_CACHE_HOME to a folder"
    with pytest.raises(BackendError, match=message):
        cache_folder()


def test_place_that_cannot_be_written_is_explained(monkeypatch, unprivileged):
    with tempfile.TemporaryDirectory() as name:
        monkeypatch.setenv('XDG_CACHE_HOME', name)
        folder = cache_folder()
        folder.chmod(0o555)
        message = f'the cache folder {folder} cannot be written to; set XDG_CACHE_HOME'
        with pytest.raises(BackendError, match=message):
            cache_folder()
        with pytest.raises(BackendError, match=r'cannot be made: .*Permission denied.*; set'):
            cache_folder('plugins')
        folder.chmod(0o755)


def test_user_without_a_home_is_told_what_to_set(monkeypatch):
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setenv('HOME', '~')  # what a user without an entry in /etc/passwd amounts to
    with pytest.raises(BackendError, match=r'not determine home directory\.?; set XDG_CACHE_HOME'):
        cache_folder()
