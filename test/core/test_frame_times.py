# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The moments of a frame, the spans between them, and their way through a message."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.frame_times import FrameTimes

MOMENTS = ('stamp_ns', 'received_ns', 'taken_ns', 'detected_ns', 'published_ns')


def frame_times(*moments_ms, camera='front', **stages):
    moments = [round(moment * 1e6) for moment in moments_ms]
    return FrameTimes(camera, *moments, stage_times=stages)


def test_spans_are_milliseconds_between_the_moments():
    times = frame_times(1000, 1004, 1005, 1025.5, 1025.75)
    assert times.transport_ms == 4
    assert times.waiting_ms == 1
    assert times.detection_ms == 20.5
    assert times.publishing_ms == 0.25
    assert times.age_ms == 25.75


def test_stamp_of_the_future_gives_negative_spans():
    times = frame_times(1000, 900, 901, 902, 903)
    assert times.transport_ms == -100
    assert times.age_ms == -97


def test_values_are_texts_with_their_units():
    values = frame_times(1, 2, 3, 4.5, 5, preprocess=0.25, inference=1.5).as_values(7)
    assert values == {
        'camera': 'front',
        'num_detections': '7',
        'stamp_ns': '1000000',
        'received_ns': '2000000',
        'taken_ns': '3000000',
        'detected_ns': '4500000',
        'published_ns': '5000000',
        'transport_ms': '1.000',
        'waiting_ms': '1.000',
        'detection_ms': '1.500',
        'publishing_ms': '0.500',
        'age_ms': '4.000',
        'stage.preprocess_ms': '0.250',
        'stage.inference_ms': '1.500',
    }


@given(
    moments=st.tuples(*[st.integers(-(2**62), 2**62)] * 5),
    camera=st.text(max_size=10),
    count=st.integers(0, 10_000),
    stages=st.dictionaries(st.text(max_size=10), st.integers(0, 10**9), max_size=4),
)
def test_values_are_read_back(moments, camera, count, stages):
    stage_times = {name: microseconds / 1e3 for name, microseconds in stages.items()}
    times = FrameTimes(camera, *moments, stage_times=stage_times)
    read, num_detections = FrameTimes.from_values(times.as_values(count))
    assert read == times
    assert num_detections == count


@pytest.mark.parametrize('name', ['camera', 'num_detections', *MOMENTS])
def test_missing_value_is_named(name):
    values = frame_times(1, 2, 3, 4, 5).as_values(0)
    del values[name]
    with pytest.raises(ValueError, match=f"must hold '{name}', but hold only "):
        FrameTimes.from_values(values)


def test_value_that_is_no_number_is_refused():
    values = frame_times(1, 2, 3, 4, 5).as_values(0)
    with pytest.raises(ValueError, match='soon'):
        FrameTimes.from_values({**values, 'taken_ns': 'soon'})
