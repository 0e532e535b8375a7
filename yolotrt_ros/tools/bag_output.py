# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording of detections, as the node's publishers would have given it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
import shutil
from typing import Any

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_detections import DetectionArrayWriter
from yolotrt_ros.tools.bag_definitions import detection_types, DETECTIONS, LABEL_INFO, output_qos
from yolotrt_ros.tools.bag_recording import RecordedMessage, RecordedTopic
from yolotrt_ros.tools.bag_writer import bag_writer


class OutputBag:
    """
    An open recording that is being written.

    :param writer: of rosbags.
    :param labels: what ``class_id`` holds for each class.
    """

    def __init__(self, writer: Any, labels: Sequence[str]) -> None:  # noqa: ANN401
        self.problems: list[str] = []
        self._writer = writer
        self._types = detection_types()
        self._write_detections = DetectionArrayWriter(labels).write
        self._connections: dict[tuple[str, str], Any] = {}

    def add_detections(self, topics: Collection[str], label_topic: str) -> None:
        """Declare the topics of the detections and the one of the labels."""
        for topic in topics:
            self._add(topic, DETECTIONS, output_qos(depth=5, is_latched=False))
        self._add(label_topic, LABEL_INFO, output_qos(depth=1, is_latched=True))

    def add_copies(self, topics: Sequence[RecordedTopic]) -> set[str]:
        """
        Declare topics that are copied.

        :returns: the names of those that can be: the others are among the problems.
        """
        return {topic.name for topic in topics if self._add_copy(topic)}

    def write_detections(
        self, topic: str, recorded_ns: int, detections: Detections, header: MessageHeader
    ) -> None:
        """Write the message of one image."""
        data = self._write_detections(detections, header)
        self._writer.write(self._connections[topic, DETECTIONS], recorded_ns, data)

    def write_labels(
        self, topic: str, recorded_ns: int, names: Sequence[str], score_threshold: float
    ) -> None:
        """Write the message that relates class ids to names, with its time as stamp."""
        kinds = self._types.types
        seconds, nanoseconds = divmod(recorded_ns, 10**9)
        stamp = kinds['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
        entry = kinds['vision_msgs/msg/VisionClass']
        message = kinds[LABEL_INFO](
            header=kinds['std_msgs/msg/Header'](stamp=stamp, frame_id=''),
            class_map=[entry(class_id=i, class_name=name) for i, name in enumerate(names)],
            threshold=score_threshold,
        )
        data = self._types.serialize_cdr(message, LABEL_INFO)
        self._writer.write(self._connections[topic, LABEL_INFO], recorded_ns, data)

    def copy(self, message: RecordedMessage) -> None:
        """Write a message as it was recorded."""
        connection = self._connections[message.topic, message.kind]
        self._writer.write(connection, message.recorded_ns, message.data)

    def _add(self, topic: str, kind: str, qos: Any) -> None:  # noqa: ANN401
        self._connections[topic, kind] = self._writer.add_connection(
            topic, kind, typestore=self._types, offered_qos_profiles=[qos]
        )

    def _add_copy(self, topic: RecordedTopic) -> bool:
        key = topic.name, topic.kind
        if key in self._connections:
            return True
        try:
            self._connections[key] = self._writer.add_connection(
                topic.name,
                topic.kind,
                offered_qos_profiles=topic.qos_profiles,
                **self._definition(topic),
            )
        except Exception as error:  # definitions that others wrote fail in many ways
            self.problems.append(
                f'topic {topic.name} cannot be copied: its type {topic.kind} is not known and '
                f'its definition cannot be read ({error!r})'
            )
        return key in self._connections

    def _definition(self, topic: RecordedTopic) -> dict[str, Any]:
        """Return the definition as it was recorded, or the one that rosbags knows."""
        if topic.definition and topic.definition_hash:
            return {'msgdef': topic.definition, 'rihs01': topic.definition_hash}
        if not topic.definition:
            return {'typestore': self._types}
        return {'msgdef': topic.definition, 'rihs01': _type_hash(topic)}


@contextmanager
def open_output(path: Path, storage: str, labels: Sequence[str]) -> Iterator[OutputBag]:
    """
    Write a new recording; after an error nothing of it is left.

    :param path: the folder to make.
    :param storage: ``mcap`` or ``sqlite3``.
    :raises ConfigError: the folder exists already, or cannot be made.
    :raises BackendError: rosbags is not installed.
    """
    new = bag_writer('out', path, storage)
    try:
        with new as writer:
            yield OutputBag(writer, labels)
    except BaseException as error:
        shutil.rmtree(path, ignore_errors=True)
        if isinstance(error, OSError):
            raise ConfigError('out', str(path), f'cannot be written: {error}') from error
        raise


def _type_hash(topic: RecordedTopic) -> str:
    from rosbags.typesys import get_types_from_idl, get_types_from_msg, get_typestore, Stores

    types = get_typestore(Stores.EMPTY)
    if topic.definition.startswith('=' * 80 + '\nIDL: '):
        for part in topic.definition.split('=' * 80 + '\n')[1:]:
            types.register(get_types_from_idl(part.partition('\n')[2]))
    else:
        types.register(get_types_from_msg(topic.definition, topic.kind))
    return str(types.hash_rihs01(topic.kind))
