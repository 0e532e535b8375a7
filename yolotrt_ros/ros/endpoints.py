# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The publishers and subscriptions of a topic, as the graph knows them."""

from __future__ import annotations

from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.qos import QoSProfile


class Endpoint(NamedTuple):
    """
    One publisher or subscription.

    :param node: the full name of its node.
    :param type_name: of its messages, such as ``sensor_msgs/msg/Image``.
    :param qos: what it offers or requests; a remote one does not tell its history.
    """

    node: str
    type_name: str
    qos: QoSProfile


def publishers_of(node: Node, topic: str) -> list[Endpoint]:
    """
    List the publishers of a topic.

    :param topic: its full name.
    """
    return [_endpoint(info) for info in node.get_publishers_info_by_topic(topic)]


def subscriptions_of(node: Node, topic: str) -> list[Endpoint]:
    """
    List the subscriptions of a topic.

    :param topic: its full name.
    """
    return [_endpoint(info) for info in node.get_subscriptions_info_by_topic(topic)]


def own_endpoint(node: Node, topic: str, *, is_publisher: bool) -> Endpoint | None:
    """Return the endpoint that a node itself has on a topic, with its overrides; None for none."""
    endpoints = publishers_of(node, topic) if is_publisher else subscriptions_of(node, topic)
    name = str(node.get_fully_qualified_name())
    return next((endpoint for endpoint in endpoints if endpoint.node == name), None)


def _endpoint(info: Any) -> Endpoint:  # noqa: ANN401
    namespace = '' if info.node_namespace == '/' else info.node_namespace
    # An endpoint may be found some moments before its node, or belong to no node of ROS.
    is_named = info.node_name != '_NODE_NAME_UNKNOWN_'
    name = f'{namespace}/{info.node_name}' if is_named else 'a node of unknown name'
    return Endpoint(name, info.topic_type, info.qos_profile)
