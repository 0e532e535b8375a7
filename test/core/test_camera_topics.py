# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from yolotrt_ros.core.camera_topics import camera_names, camera_topics
from yolotrt_ros.core.errors import ConfigError


@pytest.mark.parametrize(
    ('text', 'expected'),
    [('', []), ('front', ['front']), ('front,rear', ['front', 'rear']), (' a , b,', ['a', 'b'])],
)
def test_names(text, expected):
    assert camera_names(text) == expected


@pytest.mark.parametrize(
    ('text', 'cameras', 'expected'),
    [
        ('/camera/image_raw', [], {'': '/camera/image_raw'}),
        ('image', ['a', 'b'], {'a': 'a/image', 'b': 'b/image'}),
        ('/{camera}/raw', ['a', 'b'], {'a': '/a/raw', 'b': '/b/raw'}),
        ('b=/y, a=x', ['a', 'b'], {'a': 'x', 'b': '/y'}),
        ('/camera/image_raw', ['only'], {'only': '/camera/image_raw'}),
    ],
)
def test_topics(text, cameras, expected):
    assert camera_topics('image', text, cameras) == expected


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        (
            '/camera/image',
            r'one topic for several cameras.*/\{camera\}/camera/image.*a=/cam',
        ),
        ('a=/x', 'one topic for each of a, b'),
        ('a=/x,b=', 'one topic for each of a, b'),
        ('a=/x,b=/y,c=/z', 'for no other'),
        ('a=/x,b=/x', 'two cameras the same topic'),
    ],
)
def test_topics_that_do_not_fit_the_cameras(text, reason):
    with pytest.raises(ConfigError, match=f"parameter 'image'.*{reason}"):
        camera_topics('image', text, ['a', 'b'])
