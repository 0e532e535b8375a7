# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an installation holds beside the Python code: sources that are compiled on the robot."""

from pathlib import Path
import subprocess
import sys

import pytest

from yolotrt_ros.core.resources import share_path
from yolotrt_ros.trt.plugin_source import plugin_source_digest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='module')
def prefix(tmp_path_factory):
    """Install the package's files into a folder."""
    pytest.importorskip('setuptools', reason='needs setuptools, which is not installed')
    folder = tmp_path_factory.mktemp('prefix')
    commands = ['install_data', '-d', folder, 'build_py', '-d', folder / 'python']
    child = subprocess.run(
        [sys.executable, 'setup.py', '-q', *commands],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    return folder


def names_below(folder, pattern):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(pattern))


def test_plugin_that_is_installed_is_the_one_of_the_source_tree(prefix):
    installed = prefix / 'share' / 'yolotrt_ros' / 'plugins'
    assert plugin_source_digest(installed) == plugin_source_digest(ROOT / 'plugins')


@pytest.mark.parametrize('pattern', ['*.cpp', '*.cu', '*.cuh', '*.onnx', 'py.typed'])
def test_files_within_the_package_are_installed(pattern, prefix):
    names = names_below(ROOT / 'yolotrt_ros', pattern)
    assert names
    assert names_below(prefix / 'python' / 'yolotrt_ros', pattern) == names


@pytest.mark.parametrize('name', ['config/detector.yaml', 'plugins/CMakeLists.txt'])
def test_shared_files_are_found_where_they_are_installed(name, prefix):
    assert (prefix / 'share' / 'yolotrt_ros' / name).is_file()
    assert share_path(*name.split('/')) == ROOT / name
