# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Endpoints that cannot talk to each other, reported with both sides and the cure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.qos import (
    qos_policy_name_from_kind,
    QoSDurabilityPolicy,
    QoSLivelinessPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # its name in Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

from yolotrt_ros.ros.endpoints import Endpoint, own_endpoint, publishers_of, subscriptions_of


class Mismatch(NamedTuple):
    """A policy by which a publisher offers less than a subscription requests."""

    policy: str
    offered: str
    requested: str


def mismatches(offered: QoSProfile, requested: QoSProfile) -> list[Mismatch]:
    """
    List what keeps a publisher and a subscription apart; empty where they can talk.

    The rules of DDS ("request vs offered"), as in REP-2003's table of compatibility.
    """
    found = []
    best_effort, reliable = QoSReliabilityPolicy.BEST_EFFORT, QoSReliabilityPolicy.RELIABLE
    if (offered.reliability, requested.reliability) == (best_effort, reliable):
        found.append(Mismatch('reliability', 'best_effort', 'reliable'))
    volatile, latched = QoSDurabilityPolicy.VOLATILE, QoSDurabilityPolicy.TRANSIENT_LOCAL
    if (offered.durability, requested.durability) == (volatile, latched):
        found.append(Mismatch('durability', 'volatile', 'transient_local'))
    automatic = QoSLivelinessPolicy.AUTOMATIC
    manual = QoSLivelinessPolicy.MANUAL_BY_TOPIC
    if (offered.liveliness, requested.liveliness) == (automatic, manual):
        found.append(Mismatch('liveliness', 'automatic', 'manual_by_topic'))
    for policy in ('deadline', 'liveliness_lease_duration'):
        sides = [_seconds(getattr(profile, policy)) for profile in (offered, requested)]
        if sides[0] > sides[1]:
            found.append(Mismatch(policy, f'{sides[0]:g} s', f'{sides[1]:g} s'))
    return found


def describe_qos(profile: QoSProfile) -> str:
    """Say what decides whether two endpoints match."""
    return f'{profile.reliability.name.lower()}, {profile.durability.name.lower()}'


def subscription_events(node: Node, topic: str) -> SubscriptionEventCallbacks:
    """
    Return the callbacks that report publishers whose messages a subscription cannot get.

    :param topic: as it is given to ``create_subscription``.
    """
    report = _reporter(node, topic, publishers_of, incompatible_publishers)
    return SubscriptionEventCallbacks(incompatible_qos=report, use_default_callbacks=False)


def publisher_events(node: Node, topic: str) -> PublisherEventCallbacks:
    """
    Return the callbacks that report subscriptions that cannot get a publisher's messages.

    :param topic: as it is given to ``create_publisher``.
    """
    report = _reporter(node, topic, subscriptions_of, incompatible_subscriptions)
    return PublisherEventCallbacks(incompatible_qos=report, use_default_callbacks=False)


def no_events() -> PublisherEventCallbacks:
    """
    Return the callbacks of a publisher that has nothing to report.

    rclpy would add two of its own. The SingleThreadedExecutor looks at each of them twice an
    image, while the worker waits for Python's lock: without those of all endpoints the detections
    of an image come 0.3 ms sooner.
    """
    return PublisherEventCallbacks(use_default_callbacks=False)


def incompatible_publishers(topic: str, ours: Endpoint, theirs: Sequence[Endpoint]) -> list[str]:
    """
    Explain, publisher by publisher, why its messages do not arrive.

    :param ours: the subscription of this node.
    :param theirs: the publishers of the topic.
    """
    return [
        f'nothing of {peer.node} arrives on {topic}: it offers {item.policy} {item.offered}, but '
        f'this node requests {item.requested}; {_cure(topic, "subscription", item)}'
        for peer in theirs
        for item in mismatches(peer.qos, ours.qos)
    ]


def incompatible_subscriptions(
    topic: str, ours: Endpoint, theirs: Sequence[Endpoint]
) -> list[str]:
    """Explain, subscriber by subscriber, why it gets nothing; see ``incompatible_publishers``."""
    return [
        f'{peer.node} gets nothing of {topic}: it requests {item.policy} {item.requested}, but '
        f'this node offers {item.offered}; {_cure(topic, "publisher", item)}'
        for peer in theirs
        for item in mismatches(ours.qos, peer.qos)
    ]


def _reporter(
    node: Node,
    topic: str,
    peers_of: Callable[[Node, str], list[Endpoint]],
    explain: Callable[[str, Endpoint, Sequence[Endpoint]], list[str]],
) -> Callable[[Any], None]:
    topic = str(node.resolve_topic_name(topic))

    def report(event: Any) -> None:  # noqa: ANN401
        ours = own_endpoint(node, topic, is_publisher=peers_of is subscriptions_of)
        reasons = [] if ours is None else explain(topic, ours, peers_of(node, topic))
        if not reasons:  # the graph may learn of an endpoint after the event
            policy = qos_policy_name_from_kind(event.last_policy_kind)
            reasons = [
                f'an endpoint of {topic} does not match this node by its policy {policy}; compare '
                f'both with `ros2 topic info --verbose {topic}`'
            ]
        for reason in reasons:
            node.get_logger().warning(reason)

    return report


def _cure(topic: str, entity: str, mismatch: Mismatch) -> str:
    """Name the parameter of this node that helps, where the policy has one."""
    theirs = 'publisher' if entity == 'subscription' else 'subscriber'
    wanted = mismatch.offered if entity == 'subscription' else mismatch.requested
    other = mismatch.requested if entity == 'subscription' else mismatch.offered
    if mismatch.policy != 'reliability':
        return f'set {mismatch.policy} of the {theirs} to {other}'
    return (
        f'start this node with `-p qos_overrides.{topic}.{entity}.reliability:={wanted}`, or make '
        f'the {theirs} {other}'
    )


def _seconds(duration: Any) -> float:  # noqa: ANN401
    """Return a duration in seconds; 0 stands for none, which is infinite."""
    nanoseconds = int(duration.nanoseconds)
    return nanoseconds / 1e9 if nanoseconds else float('inf')
