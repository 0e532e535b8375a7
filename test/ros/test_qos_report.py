# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Endpoints that cannot talk to each other, and the sentence that says so."""

from itertools import product

import pytest
from rclpy.duration import Duration
from rclpy.qos import (
    qos_check_compatible,
    QoSCompatibility,
    QoSDurabilityPolicy,
    QoSLivelinessPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image

from test.ros.pair import Pair
from yolotrt_ros.ros.endpoints import Endpoint
from yolotrt_ros.ros.qos_report import (
    describe_qos,
    incompatible_publishers,
    incompatible_subscriptions,
    Mismatch,
    mismatches,
    publisher_events,
    subscription_events,
)

pytestmark = pytest.mark.ros

RELIABLE = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
IMAGE = 'sensor_msgs/msg/Image'


def profiles():
    for reliability, durability, liveliness, deadline_s, lease_s in product(
        (QoSReliabilityPolicy.RELIABLE, QoSReliabilityPolicy.BEST_EFFORT),
        (QoSDurabilityPolicy.VOLATILE, QoSDurabilityPolicy.TRANSIENT_LOCAL),
        (QoSLivelinessPolicy.AUTOMATIC, QoSLivelinessPolicy.MANUAL_BY_TOPIC),
        (0, 1, 2),
        (0, 3),
    ):
        yield QoSProfile(
            depth=1,
            reliability=reliability,
            durability=durability,
            liveliness=liveliness,
            deadline=Duration(seconds=deadline_s),
            liveliness_lease_duration=Duration(seconds=lease_s),
        )


def test_every_pair_is_judged_as_ros_judges_it():
    for offered, requested in product(profiles(), repeat=2):
        verdict, reason = qos_check_compatible(offered, requested)
        assert bool(mismatches(offered, requested)) == (verdict == QoSCompatibility.ERROR), reason


def test_mismatch_names_both_sides():
    assert mismatches(BEST_EFFORT, RELIABLE) == [
        Mismatch('reliability', 'best_effort', 'reliable')
    ]
    slow = QoSProfile(depth=1, deadline=Duration(seconds=2))
    quick = QoSProfile(depth=1, deadline=Duration(seconds=0.5))
    assert mismatches(slow, quick) == [Mismatch('deadline', '2 s', '0.5 s')]
    assert mismatches(RELIABLE, quick) == [Mismatch('deadline', 'inf s', '0.5 s')]


def test_qos_is_described_by_what_decides():
    assert describe_qos(BEST_EFFORT) == 'best_effort, volatile'
    assert describe_qos(LATCHED) == 'reliable, transient_local'


def test_publisher_that_offers_too_little_is_named_with_the_cure():
    ours = Endpoint('/detector', IMAGE, RELIABLE)
    driver = Endpoint('/front/driver', IMAGE, BEST_EFFORT)
    fitting = Endpoint('/other', IMAGE, RELIABLE)
    assert incompatible_publishers('/image', ours, [fitting, driver]) == [
        'nothing of /front/driver arrives on /image: it offers reliability best_effort, but this '
        'node requests reliable; start this node with '
        '`-p qos_overrides./image.subscription.reliability:=best_effort`, or make the publisher '
        'reliable'
    ]


def test_subscriber_that_requests_too_much_is_named_with_the_cure():
    ours = Endpoint('/detector', IMAGE, BEST_EFFORT)
    viewer = Endpoint('/rviz', IMAGE, RELIABLE)
    assert incompatible_subscriptions('/detector/debug_image', ours, [viewer]) == [
        '/rviz gets nothing of /detector/debug_image: it requests reliability reliable, but this '
        'node offers best_effort; start this node with '
        '`-p qos_overrides./detector/debug_image.publisher.reliability:=reliable`, or make the '
        'subscriber best_effort'
    ]


def test_policy_that_this_node_cannot_change_is_to_be_set_elsewhere():
    ours = Endpoint('/detector', IMAGE, RELIABLE)
    viewer = Endpoint('/rviz', IMAGE, LATCHED)
    [reason] = incompatible_subscriptions('/detections', ours, [viewer])
    assert reason.endswith('; set durability of the subscriber to volatile')


@pytest.fixture
def pair(ros):
    pair = Pair('qos_report')
    yield pair
    pair.close()


def until_said(pair, capfd, text):
    said = []

    def is_said():
        said.append(capfd.readouterr().err)
        return text in ''.join(said)

    pair.wait_for(is_said, f'{text!r} in the log')
    return ''.join(said)


def test_driver_that_does_not_match_is_reported(pair, capfd):
    pair.node.create_subscription(
        Image,
        'image',
        lambda _: None,
        RELIABLE,
        event_callbacks=subscription_events(pair.node, 'image'),
    )
    pair.other.create_publisher(Image, 'image', BEST_EFFORT)
    said = until_said(pair, capfd, 'reliability')
    assert 'nothing of /qos_report/other arrives on /qos_report/image' in said
    assert '-p qos_overrides./qos_report/image.subscription.reliability:=best_effort' in said


def test_viewer_that_does_not_match_is_reported(pair, capfd):
    pair.node.create_publisher(
        Image, '~/debug', BEST_EFFORT, event_callbacks=publisher_events(pair.node, '~/debug')
    )
    pair.other.create_subscription(Image, '/qos_report/detector/debug', lambda _: None, RELIABLE)
    said = until_said(pair, capfd, 'reliability')
    assert '/qos_report/other gets nothing of /qos_report/detector/debug' in said


def test_the_cure_that_is_named_cures(ros, capfd):
    """The parameter in the warning is one that the node takes, and then images arrive."""
    name = 'qos_overrides./qos_cure/image.subscription.reliability'
    pair = Pair('qos_cure', **{name: 'best_effort'})
    try:
        received = []
        pair.node.create_subscription(
            Image,
            'image',
            received.append,
            RELIABLE,
            event_callbacks=subscription_events(pair.node, 'image'),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        publisher = pair.other.create_publisher(Image, 'image', BEST_EFFORT)

        def is_received():
            publisher.publish(Image())
            return received

        pair.wait_for(is_received, 'an image')
        assert 'arrives' not in capfd.readouterr().err
    finally:
        pair.close()
