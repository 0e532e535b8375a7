# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where kernel times are kept, and what happens to files that do not fit."""

from types import SimpleNamespace

import pytest

from yolotrt_ros.trt import timing_cache


@pytest.fixture
def cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def test_each_version_and_gpu_has_a_file_of_its_own(cache_home):
    path = timing_cache.default_path('8.6.0', 'NVIDIA A100 (80GB)', (8, 0))
    assert path == cache_home / 'yolotrt_ros/timing/tensorrt-8.6.0-sm80-nvidia-a100-80gb.cache'
    others = [
        timing_cache.default_path('10.3.0', 'NVIDIA A100 (80GB)', (8, 0)),
        timing_cache.default_path('8.6.0', 'NVIDIA A30', (8, 0)),
        timing_cache.default_path('8.6.0', 'NVIDIA A100 (80GB)', (8, 7)),
    ]
    assert len({path, *others}) == 4


def test_machine_without_a_cache_folder_builds_without(tmp_path, monkeypatch, caplog):
    blocked = tmp_path / 'file'
    blocked.write_text('no folder')
    monkeypatch.setenv('XDG_CACHE_HOME', str(blocked))
    assert timing_cache.default_path('8.6.0', 'GPU', (8, 0)) is None
    assert 'kernel times are not kept for the next build' in caplog.text


class Config:
    """What a builder configuration does with a cache: it takes the content that it made itself."""

    def __init__(self, accepts):
        self.accepts = accepts
        self.attached = None

    def create_timing_cache(self, content):
        return None if content == b'unreadable' else content

    def set_timing_cache(self, cache, ignore_mismatch):
        assert ignore_mismatch is False
        if cache and cache != self.accepts:
            return False
        self.attached = cache
        return True

    def get_timing_cache(self):
        return SimpleNamespace(serialize=lambda: b'measured')


@pytest.mark.parametrize('content', [b'unreadable', b'of another GPU'])
def test_file_that_does_not_fit_is_put_aside_with_a_warning(content, tmp_path, caplog):
    path = tmp_path / 'timing.cache'
    path.write_bytes(content)
    config = Config(accepts=b'good')
    assert not timing_cache.attach(config, path)
    assert config.attached == b''
    assert f'{path} is damaged or was made by another TensorRT or GPU' in caplog.text


def test_file_that_fits_is_used(tmp_path, caplog):
    path = tmp_path / 'timing.cache'
    path.write_bytes(b'good')
    config = Config(accepts=b'good')
    assert timing_cache.attach(config, path)
    assert config.attached == b'good'
    assert not caplog.records


def test_missing_file_begins_an_empty_cache_without_a_word(tmp_path, caplog):
    config = Config(accepts=b'good')
    assert not timing_cache.attach(config, tmp_path / 'absent' / 'timing.cache')
    assert config.attached == b''
    assert not caplog.records


def test_times_are_written_into_a_new_folder(tmp_path):
    path = tmp_path / 'new' / 'timing.cache'
    timing_cache.save(Config(accepts=b''), path)
    assert path.read_bytes() == b'measured'
    assert [item.name for item in path.parent.iterdir()] == ['timing.cache']


def test_times_that_cannot_be_written_are_only_a_warning(tmp_path, caplog):
    (tmp_path / 'file').write_text('no folder')
    timing_cache.save(Config(accepts=b''), tmp_path / 'file' / 'timing.cache')
    assert 'cannot be written' in caplog.text
