# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled plugins on disk: found again when nothing has changed, and never half of one."""

from dataclasses import replace
import json

import pytest

from yolotrt_ros.trt.plugin_cache import PluginCache, PluginKey

KEY = PluginKey('10.3.0', (8, 7), '12.6', 'd' * 64)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'yolotrt_ros' / 'plugins'


@pytest.fixture
def cache(root):
    return PluginCache()


def store(cache, key, content=b'library'):
    with cache.lock(key, print), cache.new_folder(key) as folder:
        (folder / 'built.so').write_bytes(content)
        return cache.store(key, folder / 'built.so', folder)


def test_empty_cache_finds_nothing(cache):
    assert cache.find(KEY) is None


def test_library_is_found_under_a_name_for_people(cache, root):
    path = store(cache, KEY)
    assert cache.find(KEY) == path
    assert path.read_bytes() == b'library'
    name = 'tensorrt10.3.0-sm87-cuda12.6-dddddddddddddddd'
    assert path == root / name / 'libyolotrt_plugins.so'
    assert sorted(item.name for item in root.iterdir()) == [name, f'{name}.lock']


@pytest.mark.parametrize(
    'change',
    [
        {'tensorrt_version': '10.3.1'},
        {'compute_capability': (9, 0)},
        {'cuda_version': '12.2'},
        {'source_digest': 'e' * 64},
        {'source_digest': 'd' * 63 + 'e'},  # the same name of the folder
    ],
)
def test_whatever_differs_another_library_is_needed(change, cache):
    store(cache, KEY)
    assert cache.find(replace(KEY, **change)) is None


def test_machine_without_a_compiler_takes_the_library_of_any(cache):
    anything = replace(KEY, cuda_version=None)
    assert cache.find(anything) is None
    path = store(cache, KEY)
    assert cache.find(anything) == path
    assert cache.find(replace(anything, compute_capability=(9, 0))) is None


@pytest.mark.parametrize(
    'damage',
    [
        lambda folder: (folder / 'libyolotrt_plugins.so').write_bytes(b'librar'),
        lambda folder: (folder / 'libyolotrt_plugins.so').unlink(),
        lambda folder: (folder / 'facts.json').unlink(),
        lambda folder: (folder / 'facts.json').write_text('{'),
        lambda folder: (folder / 'facts.json').write_text(
            json.dumps(json.loads((folder / 'facts.json').read_text()) | {'key': {}})
        ),
    ],
)
def test_damaged_library_is_replaced(damage, cache):
    path = store(cache, KEY)
    damage(path.parent)
    assert cache.find(KEY) is None
    assert store(cache, KEY, b'again') == path
    assert cache.find(KEY).read_bytes() == b'again'


def test_failed_build_leaves_nothing_but_the_lock(cache, root):
    def fail():
        with cache.lock(KEY, print), cache.new_folder(KEY) as folder:
            (folder / 'half').write_bytes(b'x')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [item.suffix for item in root.iterdir()] == ['.lock']


def test_leftovers_of_a_killed_build_are_removed(cache, root):
    other = root / f'.{replace(KEY, compute_capability=(9, 0)).folder_name}.1234'
    for leftover in (root / f'.{KEY.folder_name}.abcd', other):
        leftover.mkdir()
        (leftover / 'half').write_bytes(b'x')
    store(cache, KEY)
    assert not (root / f'.{KEY.folder_name}.abcd').exists()
    assert other.exists()  # perhaps in use: it is under another lock
