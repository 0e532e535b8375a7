# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plots that take their colours from the page."""

import re
import sys

import pytest

pytest.importorskip('matplotlib', reason='matplotlib is not installed: run scripts/setup.sh')

from test.tools.test_report_page import assert_stands_alone
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.tools.report_page import page
from yolotrt_ros.tools.report_plots import series_color, series_line, svg_plot


def draw(axes):
    axes.plot([0, 1, 2], [3, 1, 2], 'o-', color=series_color(1))
    axes.set(xlabel='seconds')


def test_every_colour_is_one_of_the_page():
    text = svg_plot('lines', draw)
    assert 'var(--series-1)' in text
    assert 'var(--faint)' in text
    assert re.findall(r'(?:stroke|fill): (#[0-9a-f]{6})', text) == []
    assert 'seconds</text>' in text


def test_two_plots_share_a_page():
    reader = assert_stands_alone(page('x', [svg_plot('a', draw), svg_plot('b', draw)], footer=''))
    assert {name.partition('-')[0] for name in reader.ids} == {'a', 'b'}


def test_size_is_that_of_its_place():
    start = svg_plot('a', draw).partition('>')[0]
    assert 'viewBox=' in start
    assert ' width=' not in start
    assert ' height=' not in start


def test_the_same_data_gives_the_same_bytes():
    assert svg_plot('a', draw) == svg_plot('a', draw)


def test_many_series_differ_in_colour_or_line():
    assert len({(series_color(number), series_line(number)) for number in range(18)}) == 18


def test_missing_matplotlib_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    with pytest.raises(BackendError, match='pip install matplotlib'):
        svg_plot('a', draw)
