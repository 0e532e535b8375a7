# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters: their ranges, their words, and that each is declared in full."""

from dataclasses import fields, FrozenInstanceError, replace
import math
import re

import pytest

from yolotrt_ros.core.config import DEFAULTS, DetectorConfig, PARAMETERS
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection

INFO = NetworkInfo('a.onnx', 'ONNX Runtime', (640, 640), 1, ('person', 'car'), 'YOLOV5')
RANGES = {
    name: (parameter.minimum, parameter.maximum)
    for name, parameter in PARAMETERS.items()
    if parameter.minimum is not None
}
CHOICES = {name: parameter.choices for name, parameter in PARAMETERS.items() if parameter.choices}


def test_defaults_are_valid_and_name_no_network():
    config = DetectorConfig()
    assert config.onnx_path == config.engine_path == ''
    assert {name: getattr(config, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize('field', fields(DetectorConfig), ids=lambda field: field.name)
def test_every_parameter_says_what_it_is(field):
    description = PARAMETERS[field.name].description
    assert description.endswith('.')
    assert description[0].isupper() or description.split()[0] in ('image',)
    assert '\n' not in description
    assert PARAMETERS[field.name].reason_against(field.default) is None


@pytest.mark.parametrize(
    'field',
    [field for field in fields(DetectorConfig) if isinstance(field.default, int | float)],
    ids=lambda field: field.name,
)
def test_every_number_has_a_range(field):
    assert isinstance(field.default, bool) or field.name in RANGES


def test_what_needs_no_other_network_can_be_changed_while_the_detector_runs():
    dynamic = {name for name, parameter in PARAMETERS.items() if parameter.dynamic}
    assert dynamic == {
        'score_threshold',
        'iou_threshold',
        'max_detections',
        'class_agnostic_nms',
        'class_filter',
        'class_thresholds',
        'min_box_size',
        'max_rate',
        'camera_max_rates',
        'max_frame_age',
        'image_timeout',
        'enabled',
    }


def test_rates_of_single_cameras_go_before_the_general_one():
    config = DetectorConfig(
        cameras=('front', 'rear'), max_rate=10.0, camera_max_rates=('rear=2.5',)
    )
    assert config.max_rates == {'front': 10.0, 'rear': 2.5}


def test_only_camera_has_the_empty_name():
    assert DetectorConfig(max_rate=4.0).max_rates == {'': 4.0}
    assert DetectorConfig().camera_names == ('',)


def test_rate_of_an_unknown_camera_is_refused():
    with pytest.raises(ConfigError, match="'top' is no camera; the cameras are front"):
        DetectorConfig(cameras=('front',), camera_max_rates=('top=1',))


def test_smallest_box_reaches_the_selection():
    assert DetectorConfig(min_box_size=12.5).selection(INFO).min_box_size == 12.5


@pytest.mark.parametrize('name', RANGES)
def test_ends_of_the_range_are_allowed_and_what_lies_beyond_is_refused(name):
    low, high = RANGES[name]
    step = 1 if isinstance(DEFAULTS[name], int) else 1e-6
    kind = type(DEFAULTS[name])
    for value in (kind(low), kind(high)):
        assert getattr(DetectorConfig(**{name: value}), name) == value
    for value in (kind(low) - step, kind(high) + step):
        message = (
            rf"parameter '{name}' is {re.escape(repr(value))}: "
            rf'must be between {low:g} and {high:g}'
        )
        with pytest.raises(ConfigError, match=message):
            DetectorConfig(**{name: value})


@pytest.mark.parametrize('name', ['score_threshold', 'iou_threshold'])
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_threshold_that_is_no_number_is_refused(name, value):
    with pytest.raises(ConfigError, match='must be between 0 and 1'):
        DetectorConfig(**{name: value})


@pytest.mark.parametrize('name', CHOICES)
def test_value_outside_the_choices_is_refused_with_the_choices(name):
    for choice in CHOICES[name]:
        assert getattr(DetectorConfig(**{name: choice}), name) == choice
    with pytest.raises(ConfigError, match=f"'{name}' is 'x': must be one of {CHOICES[name][0]}, "):
        DetectorConfig(**{name: 'x'})


@pytest.mark.parametrize('cameras', [(), ('front',), ('front', 'rear_2'), ('_a', 'B')])
def test_camera_names_are_names_of_topics(cameras):
    assert DetectorConfig(cameras=cameras).cameras == cameras


@pytest.mark.parametrize('name', ['', 'a b', 'a/b', '/front', 'front-left', 'vorne_ü', '2nd', '~'])
def test_camera_name_that_no_topic_may_have_is_refused(name):
    with pytest.raises(ConfigError, match=r"'cameras' is .* letters, digits and underscores"):
        DetectorConfig(cameras=('front', name))


def test_camera_name_that_stands_twice_is_refused():
    with pytest.raises(ConfigError, match=r"\['a', 'b', 'a'\]: each name may stand only once"):
        DetectorConfig(cameras=('a', 'b', 'a'))


@pytest.mark.parametrize('count', [0, 6, 18, 24])
def test_anchors_of_whole_levels_are_taken(count):
    assert len(DetectorConfig(anchors=(1.0,) * count).anchors) == count


@pytest.mark.parametrize('count', [1, 2, 5, 9, 20])
def test_anchors_of_half_a_level_are_refused(count):
    with pytest.raises(ConfigError, match=r'width and height of three anchors .* multiple of 6'):
        DetectorConfig(anchors=(1.0,) * count)


def test_config_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        DetectorConfig().score_threshold = 0.5


def test_selection_holds_the_rules_and_the_ids_of_the_filter():
    config = DetectorConfig(
        score_threshold=0.3,
        iou_threshold=0.6,
        max_detections=7,
        class_agnostic_nms=True,
        class_filter=('car',),
    )
    selection = config.selection(INFO)
    assert selection == Selection(0.3, 0.6, 7, True, frozenset({1}))
    assert DetectorConfig().selection(INFO).class_ids is None


def test_selection_refuses_a_class_that_the_network_lacks():
    with pytest.raises(ConfigError, match="'dog' is no class of this network"):
        DetectorConfig(class_filter=('dog',)).selection(INFO)


def test_selection_refuses_a_threshold_below_the_network_s_own():
    info = replace(INFO, score_floor=0.1)
    assert DetectorConfig(score_threshold=0.1).selection(info).score_threshold == 0.1
    with pytest.raises(
        ConfigError, match=r'itself drops scores below 0\.1; .*--score-threshold 0\.05'
    ):
        DetectorConfig(score_threshold=0.05).selection(info)


def test_selection_refuses_a_threshold_of_a_class_below_the_network_s_own():
    info = replace(INFO, score_floor=0.1)
    config = DetectorConfig(class_thresholds=('car=0.05',))
    with pytest.raises(ConfigError, match=r"'class_thresholds' is .* scores below 0\.1; .* 0\.05"):
        config.selection(info)


def test_error_carries_its_data():
    with pytest.raises(ConfigError) as caught:
        DetectorConfig(max_batch=0)
    assert (caught.value.parameter, caught.value.value) == ('max_batch', 0)
    assert caught.value.reason == 'must be between 1 and 64'
