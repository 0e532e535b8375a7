# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ranges for the profiler, with and without the package that makes them."""

import sys

import pytest

from yolotrt_ros.gpu import nvtx


@pytest.fixture(autouse=True)
def fresh_import():
    nvtx._annotate.cache_clear()
    yield
    nvtx._annotate.cache_clear()


def test_ranges_do_nothing_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'nvtx', None)
    with nvtx.nvtx_range('upload'), nvtx.nvtx_range('inner'):
        done = True
    assert done


def test_ranges_let_errors_through(monkeypatch):
    monkeypatch.setitem(sys.modules, 'nvtx', None)
    with pytest.raises(ValueError, match='inside'), nvtx.nvtx_range('upload'):
        raise ValueError('inside')


def test_ranges_are_those_of_the_package():
    package = pytest.importorskip('nvtx', reason='needs nvtx, which is not installed')
    with nvtx.nvtx_range('upload') as annotation:
        assert isinstance(annotation, package.annotate)
