# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plugin's sources and their digest, which decides whether a library is up to date."""

from pathlib import Path
import shutil

import pytest

from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt import plugin_source
from yolotrt_ros.trt.plugin_source import plugin_folder, plugin_source_digest, source_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    for name in ('CMakeLists.txt', 'cmake/cuda.cmake', 'include/a/a.hpp', 'src/a.cu', 'src/b.cpp'):
        path = tmp_path / 'plugins' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'content of {name}')
    return tmp_path / 'plugins'


def test_sources_of_the_package_are_found():
    assert plugin_folder() == ROOT / 'plugins'
    names = [name for name, _ in source_files(plugin_folder())]
    assert names == sorted(names)
    assert {'CMakeLists.txt', 'src/decode_kernel.cu', 'src/registration.cpp'} < set(names)
    assert len(plugin_source_digest()) == 64


def test_same_sources_elsewhere_have_the_same_digest(folder, tmp_path):
    before = plugin_source_digest(folder)
    shutil.copytree(folder, tmp_path / 'copy')
    assert plugin_source_digest(tmp_path / 'copy') == before
    linked = tmp_path / 'linked'  # as `colcon build --symlink-install` does
    for name, path in source_files(folder):
        (linked / name).parent.mkdir(parents=True, exist_ok=True)
        (linked / name).symlink_to(path)
    assert plugin_source_digest(linked) == before


@pytest.mark.parametrize(
    'change',
    [
        lambda folder: (folder / 'src/a.cu').write_text('content of src/a.cu '),
        lambda folder: (folder / 'src/a.cu').rename(folder / 'src/c.cu'),
        lambda folder: (folder / 'src/b.cpp').unlink(),
        lambda folder: (folder / 'include/a/b.hpp').write_text(''),
        lambda folder: (folder / 'CMakeLists.txt').write_text(''),
        lambda folder: (folder / 'cmake/cuda.cmake').write_text(''),
    ],
)
def test_every_change_of_a_source_changes_the_digest(change, folder):
    before = plugin_source_digest(folder)
    change(folder)
    assert plugin_source_digest(folder) != before


@pytest.mark.parametrize('name', ['README.md', 'test/a.cpp', 'build/a.o', 'src/.a.cu.swp'])
def test_other_files_do_not_count(name, folder):
    before = plugin_source_digest(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text('other')
    assert plugin_source_digest(folder) == before


def test_missing_sources_are_explained(monkeypatch):
    monkeypatch.setattr(plugin_source, 'FOLDER', 'absent')
    message = r'sources are missing: absent/CMakeLists\.txt is in none of .*; install yolotrt_ros'
    with pytest.raises(PluginError, match=message):
        plugin_source_digest()
