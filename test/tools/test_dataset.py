# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled pictures from COCO files: what is used, and what is told about the rest."""

import json
import re

import cv2
import numpy as np
import pytest

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.dataset import open_dataset

WIDTH, HEIGHT = 80, 60
GOOD = {'id': 1, 'image_id': 7, 'category_id': 3, 'bbox': [10, 20, 30, 15], 'iscrowd': 0}


@pytest.fixture
def pictures(tmp_path):
    """Two pictures and a file that is none."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(folder / name), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    (folder / 'damaged.jpg').write_bytes(b'\xff\xd8\xff no picture')
    return folder


@pytest.fixture
def open_coco(pictures, tmp_path):
    """Return a function that writes a COCO file with these parts and opens it."""

    def write_and_open(*annotations, **parts):
        content = {
            'images': [
                {'id': 7, 'file_name': 'a.png', 'width': WIDTH, 'height': HEIGHT},
                {'id': 2, 'file_name': 'b.png'},
            ],
            'categories': [{'id': 9, 'name': 'dog'}, {'id': 3, 'name': 'cat'}],
            'annotations': list(annotations),
        }
        path = tmp_path / 'instances.json'
        path.write_text(json.dumps(content | parts))
        return open_dataset(annotations=path, images=pictures)

    return write_and_open


def test_boxes_classes_and_crowds_come_as_they_are_written(open_coco, pictures):
    crowd = {
        'id': 2, 'image_id': 7, 'category_id': 9, 'bbox': [0, 0, 80, 60], 'iscrowd': 1, 'area': 99
    }  # fmt: skip
    dataset = open_coco(GOOD, crowd)
    assert dataset.class_names == ('cat', 'dog')  # in the order of the ids
    first, second = dataset.images
    assert first.path == pictures / 'a.png'
    assert first.truth.boxes_xyxy.tolist() == [[10, 20, 40, 35], [0, 0, 80, 60]]
    assert first.truth.class_ids.tolist() == [0, 1]
    assert first.truth.scores.tolist() == [1, 1]
    assert first.ignored.tolist() == [False, True]
    assert first.object_areas.tolist() == [30 * 15, 99]  # of the box where the file has none
    assert len(second.truth) == 0
    assert (dataset.num_objects, dataset.num_backgrounds) == (1, 1)
    assert dataset.problems == ()


def test_categories_of_one_name_are_one_class(open_coco):
    categories = [{'id': 1, 'name': 'cat'}, {'id': 3, 'name': 'cat'}, {'id': 9, 'name': 'dog'}]
    dataset = open_coco(GOOD, {**GOOD, 'category_id': 1}, categories=categories)
    assert dataset.class_names == ('cat', 'dog')
    assert dataset.images[0].truth.class_ids.tolist() == [0, 0]


@pytest.mark.parametrize(
    ('changes', 'text'),
    [
        ({'image_id': 8}, 'annotation 1: no picture has the id 8; left out'),
        ({'category_id': 4}, 'of picture 7: no category has the id 4; left out'),
        ({'bbox': [1, 2, 3]}, r'its bbox is \[1, 2, 3\], not four numbers x y w h; left out'),
        ({'bbox': None}, 'its bbox is None, not four numbers'),
        ({'bbox': ['a', 1, 2, 3]}, 'not four numbers'),
        ({'bbox': [1, 2, float('nan'), 4]}, 'the box holds NaN or infinity; left out'),
        ({'bbox': [1, 2, 10**400, 4]}, 'not four numbers'),
        ({'area': 'x'}, "of picture 7: its area is 'x', not a number; left out"),
        ({'bbox': [1, 2, 0, 4]}, r'the box \(1.0, 2.0, 1.0, 6.0\) has no area; left out'),
        ({'bbox': [1, 2, -5, 4]}, 'has no area; left out'),
        ({'bbox': [80, 2, 5, 4]}, 'is outside of the 80×60 picture; left out'),
    ],
)
def test_label_that_cannot_be_used_is_listed_and_left_out(open_coco, changes, text):
    dataset = open_coco(GOOD, {**GOOD, **changes})
    assert dataset.num_objects == 1
    assert len(dataset.problems) == 1
    assert re.search(text, dataset.problems[0]), dataset.problems


def test_box_that_reaches_out_is_cut_and_listed(open_coco):
    dataset = open_coco({**GOOD, 'bbox': [-4, 50, 20, 30]})
    assert dataset.images[0].truth.boxes_xyxy.tolist() == [[0, 50, 16, 60]]
    assert 'reaches 20.0 px out of the 80×60 picture; cut at its edge' in dataset.problems[0]


def test_box_that_reaches_out_by_rounding_is_cut_without_a_word(open_coco):
    dataset = open_coco({**GOOD, 'bbox': [70, 50, 10.9, 10.5]})
    assert dataset.images[0].truth.boxes_xyxy.tolist() == [[70, 50, 80, 60]]
    assert dataset.problems == ()


@pytest.mark.parametrize('side', [{'width': 5}, {'height': 5}, {'width': 5, 'height': 0}])
def test_half_a_size_is_none(side, open_coco):
    images = [{'id': 7, 'file_name': 'a.png', **side}]
    assert open_coco(GOOD, images=images).problems == ()


def test_pictures_that_cannot_be_used_are_listed(open_coco):
    images = [
        {'id': 7, 'file_name': 'a.png', 'width': WIDTH, 'height': HEIGHT},
        {'id': 8, 'file_name': 'absent.png'},
        {'id': 9, 'file_name': 'damaged.jpg'},
        {'id': 10, 'file_name': 'b.png', 'width': HEIGHT, 'height': WIDTH},
        {'id': 7, 'file_name': 'b.png'},
    ]
    dataset = open_coco(GOOD, {**GOOD, 'image_id': 8}, {**GOOD, 'image_id': 9}, images=images)
    assert [image.path.name for image in dataset.images] == ['a.png']
    assert dataset.num_objects == 1
    told = '\n'.join(sorted(problem.split('pictures/')[1] for problem in dataset.problems))
    assert told == (
        'absent.png does not exist; its objects are left out\n'
        'b.png is 80×60, but its labels were made for 60×80; it is another picture, or was '
        'turned or resized since\n'
        'b.png: its id 7 belongs to another picture; left out\n'
        'damaged.jpg cannot be decoded as a picture; it is damaged or mislabelled'
    )


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        ('not json', 'cannot be read as a COCO instances file'),
        ('[1]', 'it holds no object'),
        ('{}', 'it has no annotations, categories, images'),
        ('{"annotations": [], "images": {}, "categories": []}', 'it has no images'),
        ('{"annotations": [], "images": [], "categories": [{}]}', 'cannot be read'),
        (
            '{"annotations": [], "images": [], "categories": '
            '[{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}]}',
            'two categories have the id 1',
        ),
        (
            '{"annotations": [3], "images": [], "categories": []}',
            'not all of annotations',
        ),
        ('{"annotations": [], "images": [], "categories": []}', 'no picture to measure on: it'),
        (
            '{"annotations": [], "images": [{"id": 1, "file_name": "no.png"}], "categories": []}',
            'has no picture to measure on: .*no.png does not exist',
        ),
    ],
)
def test_file_that_is_no_coco_file_is_refused(tmp_path, pictures, content, text):
    path = tmp_path / 'truth.json'
    path.write_text(content)
    with pytest.raises(ConfigError, match=text):
        open_dataset(annotations=path, images=pictures)


def test_files_that_do_not_exist_are_named(tmp_path, pictures):
    with pytest.raises(ConfigError, match=r'absent.json.*No such file'):
        open_dataset(annotations=tmp_path / 'absent.json', images=pictures)
    path = tmp_path / 'truth.json'
    path.write_text('{"annotations": [], "images": [], "categories": []}')
    with pytest.raises(ConfigError, match='is no folder; give the folder of the pictures'):
        open_dataset(annotations=path, images=tmp_path / 'absent')


def test_one_kind_of_set_is_named(tmp_path):
    text = 'give either data .* or both annotations .* and images'
    for given in ({}, {'annotations': tmp_path}, {'data': tmp_path, 'images': tmp_path}):
        with pytest.raises(ConfigError, match=text):
            open_dataset(**given)
