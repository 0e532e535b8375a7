# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A data set through a pipeline."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test.color_network import expected_box, NAMES
from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError, DetectionError
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.tools.dataset import Dataset, LabelledImage
from yolotrt_ros.tools.dataset_run import class_map, missing_classes, run_dataset

SELECTION = Selection(0.5, 0.65, 300)


def dataset_of(*paths, names=NAMES):
    nothing = (Detections.empty(), np.empty(0, np.bool_))
    images = [LabelledImage(path, *nothing) for path in paths]
    return Dataset('a set', tuple(names), tuple(images))


@pytest.fixture
def pipeline(network):
    return build_pipeline(DetectorConfig(onnx_path=str(network)))


def test_pictures_are_detected_in_order_with_the_classes_of_the_set(pipeline, pictures):
    dataset = dataset_of(
        pictures / 'b_black.png', pictures / 'a_red.png', names=('blue', 'green', 'Red ', 'x')
    )
    run = run_dataset(pipeline, SELECTION, dataset)
    black, red = run.found
    assert len(black) == 0
    assert red.class_ids.tolist() == [2]
    np.testing.assert_allclose(red.boxes_xyxy, [expected_box('red', (64, 48))], atol=1e-3)
    assert [set(times) for times in run.stage_times] == [
        {'preprocess', 'inference', 'postprocess'}
    ] * 2
    assert (run.failures, run.num_unknown, run.num_nonfinite) == ((), 0, 0)


def test_detections_of_other_classes_are_left_out_and_counted(pipeline, pictures):
    dataset = dataset_of(pictures / 'a_red.png', names=('blue', 'green'))
    run = run_dataset(pipeline, SELECTION, dataset)
    assert (len(run.found[0]), run.num_unknown) == (0, 1)


def test_picture_that_is_gone_is_a_failure(pipeline, pictures):
    dataset = dataset_of(pictures / 'gone.png', pictures / 'a_red.png')
    run = run_dataset(pipeline, SELECTION, dataset)
    assert [len(found) for found in run.found] == [0, 1]
    assert len(run.stage_times) == 1
    (failure,) = run.failures
    assert failure.startswith(f'{pictures / "gone.png"}: ')
    assert 'gone.png cannot be read: No such file' in failure


class FailsOnWide:
    """A pipeline whose runtime breaks on wide pictures."""

    def __init__(self, pipeline):
        self._pipeline = pipeline
        self.info = pipeline.info
        self.warm_up = pipeline.warm_up

    @property
    def stage_times(self):
        return self._pipeline.stage_times

    def detect(self, frames, selection):
        if frames[0].source_wh[0] == 90:
            raise DetectionError('out of memory')
        return self._pipeline.detect(frames, selection)


def test_picture_that_the_runtime_fails_on_is_a_failure(pipeline, pictures):
    dataset = dataset_of(pictures / 'b_black.png', pictures / 'a_red.png')
    run = run_dataset(FailsOnWide(pipeline), SELECTION, dataset)
    assert run.failures == (f'{pictures / "b_black.png"}: out of memory',)
    assert [len(found) for found in run.found] == [0, 1]


def test_classes_are_found_by_name():
    dataset = dataset_of(names=('cat', 'Dog', 'bird'))
    assert class_map(['dog', 'horse', 'cat'], dataset).tolist() == [1, -1, 0]
    assert missing_classes(['dog', 'horse', 'cat'], dataset) == ['bird']
    assert missing_classes(dataset.class_names, dataset) == []


def test_capitals_matter_where_they_tell_classes_apart():
    dataset = dataset_of(names=('a', 'A'))
    assert class_map(['A', 'a'], dataset).tolist() == [1, 0]


def test_network_of_other_classes_is_refused_before_it_runs(pipeline):
    dataset = dataset_of(Path('absent.png'), names=[f'class {i}' for i in range(7)])
    text = (
        r"'red, green, blue \(3\)': not one is a class of a set, which has class 0, class 1, "
        r'class 2, class 3, class 4 … \(7\)'
    )
    with pytest.raises(ConfigError, match=text):
        run_dataset(pipeline, SELECTION, dataset)
