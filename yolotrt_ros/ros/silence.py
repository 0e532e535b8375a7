# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why no image arrives, as far as the graph tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rclpy.node import Node

from yolotrt_ros.ros.endpoints import Endpoint, own_endpoint, publishers_of
from yolotrt_ros.ros.qos_report import describe_qos, incompatible_publishers

MAX_TOPICS_NAMED = 5


def silence_reason(node: Node, topic: str) -> str:
    """
    Say what is wrong with a topic that this node reads, and what to do.

    :param topic: its full name.
    """
    ours = own_endpoint(node, topic, is_publisher=False)
    return explain_silence(topic, ours, publishers_of(node, topic), _published(node))


def explain_silence(
    topic: str,
    ours: Endpoint | None,
    theirs: Sequence[Endpoint],
    topics: Mapping[str, Sequence[str]],
) -> str:
    """
    Explain the silence from the endpoints of a topic.

    :param ours: the subscription of this node; None where it has none.
    :param theirs: the publishers of the topic.
    :param topics: the names of the topics that others publish, and their types.
    """
    if ours is None:
        return f'this node does not subscribe to {topic}'
    if not theirs:
        return f'nobody publishes it; {_other_topics(topic, ours.type_name, topics)}'
    strangers = [peer for peer in theirs if peer.type_name != ours.type_name]
    if strangers:
        return (
            f'{strangers[0].node} publishes {strangers[0].type_name} on it, but this node reads '
            f'{ours.type_name}; check the remapping and the parameter image_transport'
        )
    reasons = incompatible_publishers(topic, ours, theirs)
    if len({reason.split(' arrives')[0] for reason in reasons}) == len(theirs):
        return '; '.join(reasons)
    names = ', '.join(f'{peer.node} ({describe_qos(peer.qos)})' for peer in theirs)
    text = (
        f'{len(theirs)} publisher{"s" if len(theirs) > 1 else ""} can be heard: {names}; this '
        f'node asks for {describe_qos(ours.qos)}; is the camera running, and are its images lost '
        f'on the way? compare `ros2 topic hz {topic}`'
    )
    return '; '.join([text, *reasons])


def _published(node: Node) -> dict[str, list[str]]:
    """Return the topics that others publish and this node does not read, and their types."""
    this = node.get_name(), node.get_namespace()
    own = [
        *node.get_publisher_names_and_types_by_node(*this),
        *node.get_subscriber_names_and_types_by_node(*this),
    ]
    own_topics = {name for name, _ in own}
    return {
        name: types
        for name, types in node.get_topic_names_and_types()
        if name not in own_topics and node.count_publishers(name)
    }


def _other_topics(topic: str, type_name: str, topics: Mapping[str, Sequence[str]]) -> str:
    found = sorted(name for name, types in topics.items() if type_name in types and name != topic)
    if not found:
        return f'there is no topic of {type_name} at all: is the camera driver running?'
    named = ', '.join(found[:MAX_TOPICS_NAMED]) + (', ...' if found[MAX_TOPICS_NAMED:] else '')
    return f'there is {named}: remap with `-r {topic}:={found[0]}`'
