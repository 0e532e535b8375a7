# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A report as one HTML file: it needs no network, no script and no other file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.tools.report_style import NUM_SERIES, STYLE

JPEG_QUALITY = 82


class Markup(str):
    """HTML that is ready; any other text is escaped where it is put in."""

    __slots__ = ()


class Cell(NamedTuple):
    """A value of a table, with the mood that its colour tells: ``good``, ``bad`` or none."""

    text: str
    mood: str = ''


def page(title: str, parts: Iterable[Markup], *, footer: str) -> str:
    """Return the whole file."""
    body = '\n'.join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n'
        f'<h1>{escape(title)}</h1>\n{body}\n<footer>{escape(footer)}</footer>\n</body>\n</html>\n'
    )


def section(title: str, *parts: Markup) -> Markup:
    """Return a heading with what belongs to it."""
    body = '\n'.join(parts)
    return Markup(f'<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>')


def paragraph(text: str, *, faint: bool = False) -> Markup:
    """Return a paragraph."""
    kind = ' class="faint"' if faint else ''
    return Markup(f'<p{kind}>{_safe(text)}</p>')


def bullets(texts: Iterable[str]) -> Markup:
    """Return a list of sentences."""
    items = ''.join(f'<li>{_safe(text)}</li>' for text in texts)
    return Markup(f'<ul class="findings">{items}</ul>')


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    *,
    caption: str = '',
    as_cards: bool = False,
) -> Markup:
    """
    Return a table; the first column holds names.

    :param caption: a line above it.
    :param as_cards: on a phone each row becomes a card, instead of scrolling sideways.
    """
    kind = ' class="cards"' if as_cards else ''
    title = f'<p class="note">{_safe(caption)}</p>' if caption else ''
    head = ''.join(f'<th scope="col">{_safe(name)}</th>' for name in header)
    body = ''.join(f'<tr>{_cells(header, row)}</tr>\n' for row in rows)
    return Markup(
        f'{title}<div class="scroll"><table{kind}><thead><tr>{head}</tr></thead>\n'
        f'<tbody>{body}</tbody></table></div>'
    )


def figure(content: Markup, caption: str) -> Markup:
    """Return a plot or a picture with what it shows."""
    return Markup(f'<figure>{content}<figcaption>{_safe(caption)}</figcaption></figure>')


def group(kind: str, parts: Iterable[Markup]) -> Markup:
    """Put parts side by side where there is room: ``plots`` or ``pair``."""
    return Markup(f'<div class="{kind}">{"".join(parts)}</div>')


def folded(title: str, content: Markup) -> Markup:
    """Return what opens on a click."""
    return Markup(f'<details><summary>{escape(title)}</summary>{content}</details>')


def heading(text: str) -> Markup:
    """Return a small heading within a section."""
    return Markup(f'<h3>{_safe(text)}</h3>')


def picture(image_bgr: NDArray[np.uint8], description: str) -> Markup:
    """Return a picture with its bytes inside."""
    _, data = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    height, width = image_bgr.shape[:2]
    text = b64encode(data.tobytes()).decode()
    return Markup(
        f'<img width="{width}" height="{height}" alt="{escape(description)}" '
        f'src="data:image/jpeg;base64,{text}">'
    )


def series_name(name: str, number: int) -> Markup:
    """Return a name with the dot that shows its colour in the plots."""
    color = f'var(--series-{number % NUM_SERIES})'
    return Markup(f'<span class="dot" style="background:{color}"></span>{escape(name)}')


def legend(names: Sequence[str]) -> Markup:
    """Return the names of all series with their colours."""
    items = (f'<span>{series_name(name, row)}</span>' for row, name in enumerate(names))
    return Markup(f'<div class="legend">{"".join(items)}</div>')


def _cells(header: Sequence[str], row: Sequence[str | Cell]) -> str:
    cells = []
    for name, value in zip(header, row, strict=True):
        text, mood = value if isinstance(value, Cell) else (value, '')
        kind = f' class="{mood}"' if mood else ''
        cells.append(f'<td data-name="{escape(name)}"{kind}>{_safe(text)}</td>')
    return ''.join(cells)


def _safe(text: str) -> str:
    return text if isinstance(text, Markup) else escape(text)
