# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a network is read from its outputs, its metadata and the parameters together."""

import numpy as np
import pytest

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError, ModelError
from yolotrt_ros.core.heads import Head
from yolotrt_ros.core.network_reading import metadata_anchors, read_network

SIZE = (64, 64)
DECODED = {'output0': np.zeros((1, 252, 7), np.float32)}
END_TO_END = {'output0': np.zeros((1, 300, 6), np.float32)}


def test_names_of_the_metadata_are_read():
    layout, names = read_network(DECODED, SIZE, {'names': "['ball', 'cone']"}, DetectorConfig())
    assert (layout.head, names) == (Head.YOLOV5, ('ball', 'cone'))


def test_network_that_holds_class_ids_takes_their_number_from_the_names():
    config = DetectorConfig(class_names=('ball', 'cone', 'cup'))
    layout, names = read_network(END_TO_END, SIZE, {'names': "['a', 'b']"}, config)
    assert (layout.head, layout.num_classes, len(names)) == (Head.END_TO_END, 3, 3)


def test_network_that_holds_class_ids_needs_names():
    with pytest.raises(ModelError, match=r'hold class ids, but not how many .* class_names'):
        read_network(END_TO_END, SIZE, {}, DetectorConfig())


def test_names_of_another_number_are_refused():
    with pytest.raises(ConfigError, match=r"'class_names' is .* has 1 names, but .* 2 classes"):
        read_network(DECODED, SIZE, {}, DetectorConfig(class_names=('ball',)))


@pytest.mark.parametrize(
    ('text', 'anchors'),
    [
        (None, ()),
        ('[]', ()),
        ('[10, 13, 16.5]', (10.0, 13.0, 16.5)),
        ('[[[10, 13], [16, 30]], [[30, 61], [62, 45]]]', (10, 13, 16, 30, 30, 61, 62, 45)),
    ],
)
def test_metadata_anchors_are_read_in_order(text, anchors):
    assert metadata_anchors(text) == anchors


@pytest.mark.parametrize(
    'text', ['', '[1, 2', 'ten', "['ten']", '[[1, 2], [3]]', "{'a': 1}", 'None']
)
def test_other_metadata_anchors_are_refused_and_shown(text):
    message = r"'anchors' must be lists of widths and heights .* set the parameter anchors"
    with pytest.raises(ModelError, match=message) as caught:
        metadata_anchors(text)
    assert f'but is {text!r}' in str(caught.value)
