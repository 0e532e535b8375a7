# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled pictures as YOLO trainers keep them."""

import os
from pathlib import Path
import re

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.dataset import open_dataset
from yolotrt_ros.tools.dataset_yaml import read_data_yaml
from yolotrt_ros.tools.dataset_yolo import label_path
from yolotrt_ros.tools.dataset_yolo_labels import LabelFormat, read_labels

WIDTH, HEIGHT = 80, 40


class YoloFolder:
    """A data set on disk that a test fills."""

    def __init__(self, root):
        self.root = root

    def picture(self, name, labels=None):
        """Write a picture of ``images`` and its labels."""
        path = self.root / 'images' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        if labels is not None:
            self.labels(name, labels)
        return path

    def labels(self, name, text):
        path = (self.root / 'labels' / name).with_suffix('.txt')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def open(self, text='val: images/val', *, split='val'):
        path = self.root / 'data.yaml'
        path.write_text(text if 'names:' in text else f'{text}\nnames: [cat, dog]')
        return open_dataset(data=path, split=split)


@pytest.fixture
def folder(tmp_path):
    return YoloFolder(tmp_path / 'set')


def test_folder_with_boxes_polygons_and_backgrounds(folder):
    folder.picture('val/a.png', '0 0.5 0.5 0.25 0.5\n\n1 0.1 0.2 0.3 0.2 0.2 0.6\n')
    folder.picture('val/deep/er/b.JPG', '')
    folder.picture('val/c.png')
    folder.picture('train/d.png', '0 0.5 0.5 0.1 0.1\n')
    dataset = folder.open()
    assert dataset.class_names == ('cat', 'dog')
    assert [image.path.name for image in dataset.images] == ['a.png', 'c.png', 'b.JPG']
    np.testing.assert_allclose(
        dataset.images[0].truth.boxes_xyxy, [[30, 10, 50, 30], [8, 8, 24, 24]], atol=1e-5
    )
    assert dataset.images[0].truth.class_ids.tolist() == [0, 1]
    assert not dataset.images[0].ignored.any()
    assert (dataset.num_objects, dataset.num_backgrounds) == (2, 2)
    assert dataset.problems == ()
    assert dataset.description.endswith('data.yaml (val)')


def test_list_of_pictures_relative_to_itself_to_the_root_and_absolute(folder):
    paths = [folder.picture(f'val/{name}.png', '0 .5 .5 .1 .1') for name in 'abcd']
    lists = folder.root / 'lists'
    lists.mkdir()
    (lists / 'val.txt').write_text(
        f'../images/val/b.png\r\nimages/val/a.png\n\n{paths[2]}\nimages/val/absent.png\n{paths[2]}\n'
    )
    dataset = folder.open('val: lists/val.txt')
    assert [image.path.name for image in dataset.images] == ['b.png', 'a.png', 'c.png']
    assert dataset.num_objects == 3
    assert len(dataset.problems) == 2
    assert re.search(r'val.txt:5: .*absent.png does not exist; left out', dataset.problems[0])
    assert re.search(r'val.txt:6: .*c.png is listed before', dataset.problems[1])


def test_several_folders_make_one_split(folder):
    for name in ('one/a.png', 'two/b.png'):
        folder.picture(name, '0 .5 .5 .1 .1')
    dataset = folder.open('test: [images/two, images/one]', split='test')
    assert [image.path.name for image in dataset.images] == ['b.png', 'a.png']


@pytest.mark.parametrize('text', ['path: set/images\nval: v', 'path: {}/images\nval: v'])
def test_root_is_relative_to_the_working_folder_or_absolute(folder, text, monkeypatch, tmp_path):
    folder.picture('v/a.png', '0 .5 .5 .1 .1')
    monkeypatch.chdir(tmp_path)
    assert len(folder.open(text.format(folder.root)).images) == 1


def test_root_is_relative_to_the_file_first(folder, monkeypatch, tmp_path):
    folder.picture('v/a.png', '0 .5 .5 .1 .1')
    (tmp_path / 'images').mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(folder.open('path: images\nval: v').images) == 1


def test_paths_that_exporters_start_one_folder_too_high(folder):
    folder.picture('a.png', '0 .5 .5 .1 .1')
    assert len(folder.open('val: ../images').images) == 1


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        ('names: [cat, dog]\nnc: 2', ('cat', 'dog')),
        ('names:\n  1: dog\n  0: cat', ('cat', 'dog')),
        ('names: {0: no, 1: on}', ('no', 'on')),  # YAML would take these for truth values
        ('names:\nnc: 2', ('0', '1')),
        ('names: [traffic light, "1"]', ('traffic light', '1')),
        (f'names: [{", ".join(f"c{i}" for i in range(12))}]', tuple(f'c{i}' for i in range(12))),
        (
            'names: {' + ', '.join(f'{i}: c{i}' for i in range(12)) + '}',
            tuple(f'c{i}' for i in range(12)),
        ),
    ],
)
def test_names_are_a_list_or_a_dict(tmp_path, names, expected):
    path = tmp_path / 'data.yaml'
    path.write_text(names)
    assert read_data_yaml(path).class_names == expected


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('val: images/val\nnames: []', 'has no names; write a list'),
        ('names: {1: cat, 2: dog}', 'names the classes 1, 2; they must be 0, 1, 2'),
        ('names: [cat]\nnc: 2', 'has 1 names, but nc is 2'),
        ('names: [cat, dog, cat]', 'has the name cat for several classes'),
        ('names: [cat', 'cannot be read'),
        ('# names:', 'holds no keys; a data.yaml has val and names'),
        ('names: [cat]\ntrain: images', "has no split 'val'; its splits are: train"),
        ('names: [cat]\nval: absent', r"names 'absent', but .*absent does not exist"),
        ('names: [cat]\nval: ../absent', r'absent and .*absent does not exist'),
        ('names: [cat]\npath: absent\nval: images', r"has path 'absent', but .* is no folder"),
        ('names: [cat]\nkpt_shape: many\nval: images', "has kpt_shape 'many'"),
        ('names: [cat]\nval: images', 'has no picture to measure on: it lists none'),
    ],
)
def test_data_yaml_that_cannot_be_used_is_refused(folder, text, reason):
    (folder.root / 'images').mkdir(parents=True)
    with pytest.raises(ConfigError, match=reason):
        folder.open(text)


def test_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r'absent.yaml.*cannot be read'):
        open_dataset(data=tmp_path / 'absent.yaml')


def test_pictures_without_any_label_file_are_refused(folder):
    folder.picture('val/a.png')
    with pytest.raises(ConfigError, match=r'not one of 1 pictures .*/set/labels/val/a.txt'):
        folder.open()


@pytest.mark.parametrize(
    ('line', 'text'),
    [
        ('2 .5 .5 .1 .1', 'class 2 is none of 0 to 1; left out'),
        ('-1 .5 .5 .1 .1', 'class -1 is none of'),
        ('0.5 .5 .5 .1 .1', 'class 0.5 is none of'),
        ('nan .5 .5 .1 .1', 'class nan is none of'),
        ('0 .5 .5 .1', 'it has 4 columns; expected 5'),
        ('0 .5 .5 .1 .1 .9', 'it has 6 columns; expected 5'),
        ('0 .5 .5 .1 .1 .9 .9 .9', 'it has 8 columns'),
        ('cat .5 .5 .1 .1', "'cat .5 .5 .1 .1' holds something that is no number"),
        ('0 .5 .5 nan .1', 'the box holds NaN or infinity; left out'),
        ('0 .5 .5 inf .1', 'the box (?:reaches to|holds)'),
        ('0 .5 .5 0 .1', 'has no area; left out'),
        ('0 .5 .5 -.1 .1', 'has no area; left out'),
        ('0 40 20 10 10', 'the box reaches to 45, but coordinates are fractions'),
        ('0 1.5 .5 .1 .1', 'is outside of the 80×40 picture; left out'),
        ('0 .25 .25 .5 .50', 'the same object as in .*a.txt:1; left out'),
    ],
)
def test_label_that_cannot_be_used_is_listed_and_left_out(folder, line, text):
    folder.picture('val/a.png', f'0 0.25 0.25 0.5 0.5\n{line}\n')
    dataset = folder.open()
    assert dataset.num_objects == 1
    (problem,) = dataset.problems
    assert re.search(rf'labels/val/a.txt:2: .*{text}', problem), problem


def test_box_that_reaches_out_is_cut_and_listed(folder):
    folder.picture('val/a.png', '0 0.9 0.5 0.4 0.5')
    dataset = folder.open()
    np.testing.assert_allclose(dataset.images[0].truth.boxes_xyxy, [[56, 10, 80, 30]], atol=1e-4)
    assert 'a.txt:1: the box (56.0, 10.0, 88.0, 30.0) reaches 8.0 px out' in dataset.problems[0]


def test_keypoints_behind_the_box_are_not_a_polygon(folder):
    folder.picture('val/a.png', '0 0.5 0.5 0.25 0.5 .1 .2 2 .3 .4 2')
    dataset = folder.open('kpt_shape: [2, 3]\nval: images/val')
    np.testing.assert_allclose(dataset.images[0].truth.boxes_xyxy, [[30, 10, 50, 30]], atol=1e-4)
    assert dataset.problems == ()


def test_label_files_without_picture_are_listed_but_not_those_of_the_tools(folder):
    folder.picture('val/a.png', '0 .5 .5 .1 .1')
    folder.labels('val/gone.png', '0 .5 .5 .1 .1')
    folder.labels('val/classes.png', 'cat\ndog')
    (problem,) = folder.open().problems
    assert problem.endswith('labels/val/gone.txt has no picture that can be read; left out')


def test_label_files_beside_a_list_may_be_more_than_the_list(folder):
    folder.picture('val/a.png', '0 .5 .5 .1 .1')
    folder.picture('val/b.png', '0 .5 .5 .1 .1')
    (folder.root / 'val.txt').write_text('images/val/a.png')
    dataset = folder.open('val: val.txt')
    assert (len(dataset.images), dataset.problems) == (1, ())


def test_label_file_that_is_no_text_takes_its_picture_along(folder):
    folder.picture('val/a.png', '0 .5 .5 .1 .1')
    folder.picture('val/b.png')
    (folder.root / 'labels/val/b.txt').write_bytes(b'\xff\xfe0\x00 ')
    dataset = folder.open()
    assert [image.path.name for image in dataset.images] == ['a.png']
    assert re.search(
        r'b.txt cannot be read as text: .*its picture is left out', dataset.problems[0]
    )


def test_damaged_picture_is_listed(folder):
    folder.picture('val/a.png', '0 .5 .5 .1 .1')
    folder.picture('val/b.png', '0 .5 .5 .1 .1').write_bytes(b'nothing')
    dataset = folder.open()
    assert [image.path.name for image in dataset.images] == ['a.png']
    assert 'b.png cannot be decoded as a picture' in dataset.problems[0]


def test_windows_text_files_are_read(folder):
    folder.picture('val/a.png')
    path = folder.root / 'labels/val/a.txt'
    path.parent.mkdir(parents=True)
    path.write_bytes(b'\xef\xbb\xbf0 0.5 0.5 0.1 0.1\r\n1 0.2 0.2 0.1 0.1\r\n')
    dataset = folder.open()
    assert (dataset.num_objects, dataset.problems) == (2, ())


@pytest.mark.parametrize(
    ('picture', 'expected'),
    [
        ('/d/images/val/a.b.jpg', '/d/labels/val/a.b.txt'),
        ('/d/images/x/images/a.jpg', '/d/images/x/labels/a.txt'),
        ('/d/pictures/a.jpg', '/d/pictures/a.txt'),
        ('/d/pictures/images', '/d/pictures/images.txt'),
    ],
)
def test_labels_are_beside_the_last_folder_images(picture, expected):
    assert label_path(Path(picture)) == Path(expected)


@given(st.text(alphabet='0123456789.-+ \n\tenaif', max_size=120))
def test_any_text_is_read_or_listed_line_by_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / f'any_{os.getpid()}.txt'
    path.write_text(text)
    problems = []
    labels = read_labels(path, LabelFormat(3), problems)
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(labels) + len(problems) == len(lines)
    assert all(0 <= label.class_id < 3 for label in labels)
