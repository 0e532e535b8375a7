# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of the network at work."""

import pytest

pytest.importorskip('diagnostic_msgs')

from yolotrt_ros.core.frame_record import Spread, Troubles
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.ros.inference_status import inference_status, InferenceHealth
from yolotrt_ros.ros.status import ERROR, OK, WARN

pytestmark = pytest.mark.ros

INFO = NetworkInfo('a.engine', 'TensorRT 10.3.0, Orin', (640, 384), 4, ('cone',), 'YOLOV5')
HEALTHY = InferenceHealth(
    info=INFO,
    spreads={'inference': Spread(3.25, 4.5), 'stamp to publish': Spread(12, 20)},
    troubles=Troubles(2, 'out of memory', 5),
    previous=Troubles(2, 'out of memory', 5),
    is_active=True,
    rate_hz=29.96,
)


def report(**changes):
    fields = {**HEALTHY.__dict__, **changes}
    return inference_status('detector: inference', InferenceHealth(**fields), 'a GPU')


def test_values_tell_the_times():
    assert {pair.key: pair.value for pair in report().values} == {
        'model': 'a.engine',
        'backend': 'TensorRT 10.3.0, Orin',
        'network size': '640x384',
        'classes': '1',
        'frames a second': '30.0',
        'inference median ms': '3.250',
        'inference p99 ms': '4.500',
        'stamp to publish median ms': '12.000',
        'stamp to publish p99 ms': '20.000',
        'nonfinite candidates': '5',
        'failures': '2',
        'last failure': 'out of memory',
    }


@pytest.mark.parametrize(
    ('changes', 'level', 'message'),
    [
        ({}, OK, 'running'),
        ({'rate_hz': 0.0}, OK, 'idle'),
        ({'rate_hz': None}, OK, 'idle'),
        ({'is_active': False}, OK, 'inactive'),
        ({'troubles': Troubles(2, 'out of memory', 6)}, WARN, 'the network puts out NaN'),
        ({'troubles': Troubles(5, 'lost', 6)}, ERROR, '3 calls of the network failed: lost'),
    ],
)
def test_level_and_sentence(changes, level, message):
    made = report(**changes)
    assert (made.level, made.message) == (level, message)
