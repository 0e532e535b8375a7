# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that show nothing."""

import numpy as np
import pytest

from yolotrt_ros.tools.synthetic_frames import synthetic_frames


def pictures(count, source_wh):
    return [frame.planes()[0] for frame in synthetic_frames(count, source_wh)]


def test_they_are_the_same_each_time_and_differ_from_each_other():
    first, second = pictures(9, (70, 50)), pictures(9, (70, 50))
    assert len(first) == 9
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    assert len({picture.tobytes() for picture in first}) == 9


@pytest.mark.parametrize('source_wh', [(1, 1), (70, 50), (640, 384)])
def test_they_have_the_size_that_is_asked(source_wh):
    frames = list(synthetic_frames(8, source_wh))
    assert {frame.source_wh for frame in frames} == {source_wh}
    assert {frame.encoding.name for frame in frames} == {'bgr8'}


def test_they_are_bright_and_dark_everywhere():
    levels = np.stack(pictures(16, (64, 64)))
    assert levels.min() == 0
    assert levels.max() == 255
    assert 64 < levels.mean() < 192
