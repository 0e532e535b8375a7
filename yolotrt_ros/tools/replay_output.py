# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recording that a replay writes, and which topics it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.tools.bag_output import open_output, OutputBag
from yolotrt_ros.tools.bag_recording import RecordedMessage, Recording
from yolotrt_ros.tools.replay_run import ReplayedFrame
from yolotrt_ros.tools.replay_topics import detection_topics, label_topic


class ReplayOutput:
    """
    The new recording.

    :param bag: open for writing.
    :param image_topics: whose detections are written.
    :param copied: the recording to copy from; None to copy nothing.
    """

    def __init__(
        self,
        bag: OutputBag,
        image_topics: Sequence[str],
        info: NetworkInfo,
        score_threshold: float,
        *,
        copied: Recording | None,
    ) -> None:
        self.topics = detection_topics(image_topics)
        self.label_topic = label_topic(list(self.topics.values()))
        self.written = (*self.topics.values(), self.label_topic)
        self._bag = bag
        self._info = info
        self._score_threshold = score_threshold
        self._has_labels = False
        bag.add_detections(self.topics.values(), self.label_topic)
        new = set(self.written)
        topics = () if copied is None else copied.topics
        self.copied_topics = bag.add_copies([item for item in topics if item.name not in new])
        self.problems = [
            *bag.problems,
            *(
                f'topic {item.name} is not copied: it is written anew'
                for item in topics
                if item.name in new
            ),
        ]

    def copy(self, message: RecordedMessage) -> None:
        """Write a message as it was recorded."""
        self._bag.copy(message)

    def write(self, frame: ReplayedFrame) -> None:
        """Write the detections of an image, at the time at which the image was recorded."""
        if not self._has_labels:
            self._has_labels = True
            self._bag.write_labels(
                self.label_topic, frame.recorded_ns, self._info.class_names, self._score_threshold
            )
        topic = self.topics[frame.topic]
        self._bag.write_detections(topic, frame.recorded_ns, frame.detections, frame.header)


@contextmanager
def open_replay_output(
    path: Path,
    storage: str | None,
    recording: Recording,
    image_topics: Sequence[str],
    config: DetectorConfig,
    info: NetworkInfo,
    *,
    has_copies: bool,
) -> Iterator[ReplayOutput]:
    """
    Write a new recording; after an error nothing of it is left.

    :param path: the folder to make.
    :param storage: ``mcap`` or ``sqlite3``; None for that of the recording.
    :raises ConfigError: it cannot be made.
    """
    names = info.class_names
    labels = names if config.class_id_format == 'name' else [str(i) for i in range(len(names))]
    with open_output(path, storage or recording.storage, labels) as bag:
        copied = recording if has_copies else None
        yield ReplayOutput(bag, image_topics, info, config.score_threshold, copied=copied)
