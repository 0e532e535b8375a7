# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Plots for reports, as SVG that takes its colours and its letters from the page around it.

A picture could not follow the reader from light to dark. Matplotlib knows no CSS, so it draws with
colours that stand for the page's, and these are replaced in its output.
"""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
import re
from typing import Any

from yolotrt_ros.tools.plotting import import_matplotlib
from yolotrt_ros.tools.report_page import Markup
from yolotrt_ros.tools.report_style import NUM_SERIES

SIZE_INCHES = (4.6, 3.1)
INK, FAINT, LINE = '#010101', '#020202', '#030303'
SERIES = tuple(f'#0000{10 + number}' for number in range(NUM_SERIES))
STYLES = ('solid', 'dashed', 'dotted')
"""Of lines: they tell apart series that share a colour."""

_PAGE_COLORS = {
    INK: 'var(--ink)',
    FAINT: 'var(--faint)',
    LINE: 'var(--line)',
    **{color: f'var(--series-{number})' for number, color in enumerate(SERIES)},
}

_SETTINGS = {
    'svg.fonttype': 'none',
    'svg.hashsalt': 'yolotrt_ros',
    'font.size': 10,
    'text.color': INK,
    'axes.labelcolor': FAINT,
    'axes.edgecolor': LINE,
    'xtick.color': LINE,
    'ytick.color': LINE,
    'xtick.labelcolor': FAINT,
    'ytick.labelcolor': FAINT,
}


def series_color(number: int) -> str:
    """Return the colour that stands for that of a series."""
    return SERIES[number % NUM_SERIES]


def series_line(number: int) -> str:
    """Return the style of a line."""
    return STYLES[number // NUM_SERIES % len(STYLES)]


def svg_plot(name: str, draw: Callable[[Any], None]) -> Markup:
    """
    Draw a plot.

    :param name: a word that no other plot of the page has.
    :param draw: fills matplotlib's axes.
    :raises BackendError: matplotlib is not installed.
    """
    mpl = import_matplotlib()
    with mpl.rc_context(_SETTINGS):
        figure = mpl.figure.Figure(figsize=SIZE_INCHES, layout='constrained')
        axes = figure.add_subplot()
        axes.spines[['top', 'right']].set_visible(False)
        axes.grid(color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        draw(axes)
        file = StringIO()
        figure.savefig(file, format='svg', transparent=True, metadata={'Date': None})
    return Markup(_for_page(file.getvalue(), name))


def _for_page(text: str, name: str) -> str:
    """Take the SVG element alone, with the page's colours and letters and ids of its own."""
    svg = text[text.index('<svg') :]
    svg = re.sub(r'<metadata>.*?</metadata>', '', svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1', svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1', svg, count=1)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf'\1{name}-', svg)
    svg = re.sub(r'(font: [0-9.]+px) [^;\"]*', r'\1 system-ui, sans-serif', svg)
    for color, value in _PAGE_COLORS.items():
        svg = svg.replace(color, value)
    return svg
