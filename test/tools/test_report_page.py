# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports in HTML: what is put in arrives as it is, and nothing outside is needed."""

from html.parser import HTMLParser
import re

import cv2
import numpy as np
import pytest

from yolotrt_ros.tools.report_page import (
    bullets,
    Cell,
    figure,
    group,
    legend,
    page,
    paragraph,
    picture,
    section,
    series_name,
    table,
)

ODD = 'a<b>&"c"\'é'
VOID = {'meta', 'img', 'br', 'link', 'input'}


class Reader(HTMLParser):
    """Collects the text and checks that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.ids = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == 'id']
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == 'id']

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def text(self):
        return ' '.join(self.words)


def assert_stands_alone(text):
    """A page may point at nothing but itself and the data within."""
    reader = Reader(text)
    assert not any(tag in ('script', 'link', 'iframe') for tag, _ in reader.tags)
    targets = [
        value
        for _, attributes in reader.tags
        for name, value in attributes.items()
        if name in ('src', 'href', 'xlink:href')
    ]
    assert all(target.startswith(('data:', '#')) for target in targets)
    assert not re.search(r'@import|url\((?!#)', text)
    assert len(reader.ids) == len(set(reader.ids))
    return reader


def test_texts_arrive_as_they_are():
    parts = [
        paragraph(ODD),
        bullets([ODD]),
        section(ODD, paragraph('inside')),
        table([ODD, 'x'], [[ODD, Cell(ODD, 'good')]], caption=ODD, as_cards=True),
        legend([ODD]),
    ]
    reader = assert_stands_alone(page(ODD, parts, footer=ODD))
    assert reader.text().count(ODD) == 11
    names = [attributes['data-name'] for tag, attributes in reader.tags if tag == 'td']
    assert names == [ODD, 'x']
    assert ('td', {'data-name': 'x', 'class': 'good'}) in reader.tags


def test_rows_must_fit_the_header():
    with pytest.raises(ValueError, match='zip'):
        table(['a', 'b'], [['only one']])


def test_picture_comes_back_from_its_bytes(rng):
    import base64

    image = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (80, 60))
    text = picture(image, ODD)
    reader = Reader(text)
    attributes = reader.tags[0][1]
    assert (attributes['width'], attributes['height'], attributes['alt']) == ('80', '60', ODD)
    data = base64.b64decode(attributes['src'].partition('base64,')[2])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(decoded.astype(int) - image).mean() < 12


def test_colours_of_series_begin_anew():
    assert 'var(--series-0)' in series_name('a', 0)
    assert 'var(--series-0)' in series_name('a', 6)
    assert 'var(--series-1)' in series_name('a', 7)


def test_figures_stand_side_by_side():
    text = group('plots', [figure(paragraph('a'), 'x'), figure(paragraph('b'), 'y')])
    assert [tag for tag, _ in Reader(text).tags].count('figure') == 2
