# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The publishers of the topics of a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from yolotrt_ros.core.errors import BackendError, ConfigError
from yolotrt_ros.core.header_stamp import restamped
from yolotrt_ros.ros.bag_qos import playing_qos
from yolotrt_ros.ros.message_types import begins_with_header, message_class
from yolotrt_ros.tools.bag_recording import RecordedMessage, RecordedTopic


class BagPublishers:
    """
    Publishes recorded messages byte by byte, with the quality of service that was recorded.

    :param node: the node they belong to.
    :param topics: of the recording.
    :param wanted: names of those to publish; empty for all whose types are installed.
    :param restamp: whether stamps of headers are set to the node's time.
    :raises ConfigError: a topic that is wanted is not in the recording.
    :raises BackendError: its type is not installed.
    """

    def __init__(
        self,
        node: Node,
        topics: Iterable[RecordedTopic],
        *,
        wanted: Sequence[str] = (),
        restamp: bool = False,
    ) -> None:
        self._node = node
        chosen = self._chosen({topic.name: topic for topic in topics}, wanted)
        self._publishers = {topic.name: self._publisher(topic) for topic in chosen}
        self._restamped = {
            topic.name for topic in chosen if restamp and begins_with_header(topic.kind)
        }
        self._played: Counter[str] = Counter()

    @property
    def names(self) -> list[str]:
        """The topics, as they were recorded."""
        return list(self._publishers)

    @property
    def played(self) -> dict[str, int]:
        """Messages published so far by topic, after remapping."""
        return {
            str(publisher.topic_name): self._played[name]
            for name, publisher in self._publishers.items()
        }

    @property
    def num_played(self) -> int:
        """Messages published so far."""
        return sum(self._played.values())

    def count_subscribers(self, topic: str) -> int:
        """Count the subscribers of any topic; of one of these, those that have met it."""
        name = self._node.resolve_topic_name(topic)
        for publisher in self._publishers.values():
            if publisher.topic_name == name:
                return int(publisher.get_subscription_count())
        return int(self._node.count_subscribers(name))

    def publish(self, message: RecordedMessage) -> None:
        """Publish a message of one of the topics."""
        data = message.data
        if message.topic in self._restamped:
            data = restamped(data, self._node.get_clock().now().nanoseconds)
        self._publishers[message.topic].publish(data)
        self._played[message.topic] += 1

    def wait_for_delivery(self, seconds: float) -> None:
        """Let reliable subscribers take the last messages."""
        for publisher in self._publishers.values():
            if publisher.qos_profile.reliability == ReliabilityPolicy.RELIABLE:
                publisher.wait_for_all_acked(Duration(seconds=seconds))

    def _chosen(
        self, topics: dict[str, RecordedTopic], wanted: Sequence[str]
    ) -> list[RecordedTopic]:
        for name in wanted:
            if name not in topics:
                reason = f'is not in the recording; it holds {", ".join(sorted(topics))}'
                raise ConfigError('topics', name, reason)
        if wanted:
            return [topics[name] for name in dict.fromkeys(wanted)]
        chosen = []
        for topic in topics.values():
            try:
                message_class(topic.kind)
                chosen.append(topic)
            except BackendError as error:
                self._node.get_logger().warning(f'{topic.name} is not played: {error}')
        return chosen

    def _publisher(self, topic: RecordedTopic) -> Publisher:
        return self._node.create_publisher(
            message_class(topic.kind),
            topic.name,
            playing_qos(topic.qos_profiles),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
