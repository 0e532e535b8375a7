# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of a camera."""

import pytest

pytest.importorskip('diagnostic_msgs')

from yolotrt_ros.core.frame_counts import FrameCounts
from yolotrt_ros.ros.input_status import input_status, InputHealth
from yolotrt_ros.ros.status import ERROR, OK, WARN

pytestmark = pytest.mark.ros

COUNTS = FrameCounts(received=100, processed=80, rejected=2, superseded=10, rate=5, unwatched=2)
HEALTHY = InputHealth(
    topic='/front/image',
    counts=COUNTS,
    previous=FrameCounts(received=70, processed=50, rejected=2, superseded=10, rate=5),
    is_active=True,
    is_silent=False,
    silence_s=0.03,
    num_publishers=1,
    rate_hz=29.97,
    age_s=0.0123,
    last_rejection='too short',
)


def report(**changes):
    fields = {**HEALTHY.__dict__, **changes}
    return input_status('detector: input front', InputHealth(**fields), 'a GPU')


def test_values_account_for_every_image():
    values = {pair.key: pair.value for pair in report().values}
    assert values == {
        'topic': '/front/image',
        'publishers': '1',
        'rate Hz': '30.0',
        'newest stamp age s': '0.012',
        'seconds without image': '0.0',
        'received': '100',
        'processed': '80',
        'dropped': '17',
        'rejected': '2',
        'waiting': '1',
        'dropped: superseded': '10',
        'dropped: rate': '5',
        'dropped: age': '0',
        'dropped: late': '0',
        'dropped: disabled': '0',
        'dropped: unwatched': '2',
        'dropped: inactive': '0',
        'last rejection': 'too short',
    }


def test_what_is_not_known_yet_is_left_out():
    values = {pair.key for pair in report(rate_hz=None, age_s=None, last_rejection=None).values}
    assert not values & {'rate Hz', 'newest stamp age s', 'last rejection'}


@pytest.mark.parametrize(
    ('changes', 'level', 'message'),
    [
        ({}, OK, 'receiving'),
        ({'previous': FrameCounts(received=70, processed=50)}, WARN, '2 images rejected'),
        (
            {'is_silent': True, 'silence_s': 4.2, 'num_publishers': 0},
            ERROR,
            'no image for 4 s; the topic has no publishers',
        ),
        ({'is_active': False}, OK, 'inactive'),
        ({'is_active': False, 'is_silent': True}, OK, 'inactive'),
        ({'previous': COUNTS}, OK, 'no new image'),
        (
            {'previous': FrameCounts(received=90, processed=80, rejected=2, superseded=8, rate=5)},
            OK,
            'receiving, all dropped: superseded',
        ),
        (
            {'age_s': -2.5},
            OK,
            'receiving, but stamps lie 2.5 s ahead: are the clocks of the machines in step?',
        ),
        (
            {'age_s': 31_536_000.0},
            OK,
            'receiving, but stamps are 3.15e+07 s old: does use_sim_time fit the source?',
        ),
    ],
    ids=[
        'healthy', 'rejections', 'silent', 'inactive', 'inactive and silent', 'nothing new',
        'all dropped', 'from the future', 'from the past',
    ],
)  # fmt: skip
def test_level_and_sentence(changes, level, message):
    made = report(**changes)
    assert (made.level, made.message) == (level, message)
