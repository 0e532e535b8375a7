# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drawing: boxes where they belong, labels inside the picture, no picture too small."""

from itertools import pairwise

import numpy as np
import pytest

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.cpu.draw import class_color, draw_detections, draw_label

NAMES = ('person', 'bicycle', 'car with a very long name that no small picture can hold')


def found(*rows):
    """Make detections of rows x1 y1 x2 y2 score class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4].copy(), table[:, 5].astype(np.int32))


def black(width, height):
    return np.zeros((height, width, 3), np.uint8)


def is_color(image, class_id):
    # A smoothed line is a little darker than its colour.
    return np.abs(image.astype(int) - class_color(class_id)).max(axis=2) < 50


def test_nothing_is_drawn_for_no_detections():
    image = black(64, 48)
    draw_detections(image, Detections.empty(), NAMES)
    assert not image.any()


def test_edges_of_a_box_are_drawn_in_the_colour_of_its_class():
    image = black(400, 300)
    draw_detections(image, found([100, 120, 200, 220, 0.9, 1]), NAMES)
    drawn = is_color(image, 1)
    assert drawn[120:220, 100].all()  # left edge
    assert drawn[219, 100:200].all()  # lower edge: the last row that the box covers
    assert drawn[120:220, 199].all()
    inside = image[125:215, 105:195]
    assert not inside.any()
    below_and_beside = [image[222:], image[:, :98], image[125:, 202:]]
    assert not any(part.any() for part in below_and_beside)


# The label covers the upper edge.
@pytest.mark.parametrize(
    ('side', 'pixels'),
    [
        ('left', np.s_[30:95, 0]),
        ('right', np.s_[30:95, 119]),
        ('lower', np.s_[99, 5:115]),
    ],
)
def test_box_of_the_whole_picture_shows_all_its_edges(side, pixels):
    image = black(120, 100)
    draw_detections(image, found([0, 0, 120, 100, 0.9, 2]), ('a', 'b', 'c'))
    assert is_color(image, 2)[pixels].all(), side


def test_label_stands_above_the_box_or_inside_at_the_upper_border():
    above, inside = black(300, 200), black(300, 200)
    draw_detections(above, found([50, 100, 150, 150, 0.9, 0]), NAMES)
    draw_detections(inside, found([50, 0, 150, 150, 0.9, 0]), NAMES)
    assert above[80:98, 60:80].any()
    assert not above[110:140, 60:140].any()
    assert inside[3:15, 60:80].any()


@pytest.mark.parametrize('corner_xy', [(290, 100), (-50, 100), (1000, 100), (0, 0)])
def test_label_lies_inside_the_picture(corner_xy):
    image = black(300, 200)
    draw_label(image, 'a label', corner_xy, (255, 255, 255))
    # Wherever the corner, the ground of the label is as large as that of one in the middle.
    middle = black(300, 200)
    draw_label(middle, 'a label', (100, 100), (255, 255, 255))
    assert np.count_nonzero(image) == pytest.approx(np.count_nonzero(middle), rel=0.05)


def test_best_detection_lies_on_top():
    image = black(200, 200)
    box = [50, 50, 150, 150]
    draw_detections(image, found([*box, 0.9, 0], [*box, 0.5, 1]), ('', ''))
    assert is_color(image, 0)[100:140, 50].all()


@pytest.mark.parametrize('size', [(1, 1), (1, 9), (9, 1), (2, 2), (16, 16), (40, 12)])
@pytest.mark.parametrize('class_id', [0, 2])
def test_tiny_picture_can_be_drawn_on(size, class_id):
    image = black(*size)
    draw_detections(image, found([0, 0, *size, 0.5, class_id], [0, 0, 0.2, 0.2, 0.4, 1]), NAMES)
    assert image.any()


def test_padding_around_the_picture_is_left_alone():
    whole = black(140, 120)
    draw_detections(whole[10:-10, 10:-10], found([0, 0, 120, 100, 0.9, 0]), NAMES)
    assert whole[10:-10, 10:-10].any()
    whole[10:-10, 10:-10] = 0
    assert not whole.any()


def test_colours_of_neighbouring_classes_differ_and_stay_the_same():
    colors = [class_color(class_id) for class_id in range(80)]
    assert colors == [class_color(class_id) for class_id in range(80)]
    assert all(0 <= value <= 255 for color in colors for value in color)
    for first, second in pairwise(colors):
        assert sum(abs(a - b) for a, b in zip(first, second, strict=True)) > 200


def test_no_box_is_drawn_across_a_label():
    weak, strong = [50, 60, 150, 150, 0.5, 0], [80, 20, 90, 190, 0.9, 1]
    alone, together = black(200, 200), black(200, 200)
    draw_detections(alone, found(weak), NAMES)
    draw_detections(together, found(strong, weak), NAMES)
    label = np.s_[47:60, 50:130]
    np.testing.assert_array_equal(together[label], alone[label])


@pytest.mark.parametrize('size', [(640, 480), (1920, 1080)])
def test_letters_and_lines_grow_with_the_picture(size):
    image = black(*size)
    draw_detections(image, found([100, 200, 400, 400, 0.9, 0]), ('object',))
    lines = np.count_nonzero(is_color(image, 0)[300, 90:120])
    label_rows = np.count_nonzero(image[:195, 105:160].any(axis=(1, 2)))
    assert lines == round(sum(size) / 700) + 1  # OpenCV draws even widths one wider
    assert label_rows > sum(size) / 150


def test_a_label_is_drawn_the_same_a_second_time():
    first, second = black(200, 100), black(200, 100)
    draw_label(first, 'person 0.50', (20, 50), (10, 200, 30))
    first[:] = 255  # what is done to the picture does not reach the label
    draw_label(second, 'person 0.50', (20, 50), (10, 200, 30))
    draw_label(first, 'person 0.50', (20, 50), (10, 200, 30))
    drawn = second.any(axis=2)
    np.testing.assert_array_equal(first[drawn], second[drawn])
