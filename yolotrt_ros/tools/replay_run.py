# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every image of a recording through a pipeline, in the order of recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import YolotrtError
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes
from yolotrt_ros.tools.bag_images import RecordedImage
from yolotrt_ros.tools.bag_recording import RecordedMessage, Recording
from yolotrt_ros.tools.replay_ahead import decode_ahead, DecodedMessage


@dataclass(frozen=True)
class ReplayedFrame:
    """
    What was found in one image.

    :param topic: where the image was recorded.
    :param recorded_ns: when, nanoseconds.
    :param header: the image's own.
    :param image: encoding and size of the image, for people.
    :param detections: pixels of the image.
    :param stage_times: milliseconds; ``decode`` is the reading of the message.
    """

    topic: str
    recorded_ns: int
    header: MessageHeader
    image: str
    detections: Detections
    stage_times: StageTimes


class Sink(Protocol):
    """A recording that is being written."""

    @property
    def copied_topics(self) -> Collection[str]:
        """The topics that it takes as they were recorded."""

    def copy(self, message: RecordedMessage) -> None:
        """Write a message as it was recorded."""

    def write(self, frame: ReplayedFrame) -> None:
        """Write the detections of an image."""


class Replay:
    """
    Runs a pipeline over a recording and keeps account.

    :param image_topics: whose images are run.
    """

    def __init__(
        self,
        recording: Recording,
        image_topics: Collection[str],
        pipeline: Pipeline,
        selection: Selection,
    ) -> None:
        self.num_images: Counter[str] = Counter()
        """Image messages by topic, whether or not they could be read."""
        self.failures: list[str] = []
        """Images that gave no detections, and why."""
        self.reading_s = 0.0
        """Time that the messages took to be read from the recording."""
        self.elapsed_s = 0.0
        """Time of the whole."""
        self._recording = recording
        self._image_topics = frozenset(image_topics)
        self._pipeline = pipeline
        self._selection = selection

    def run(self, sink: Sink | None = None) -> Iterator[ReplayedFrame]:
        """
        Go through the recording; what cannot be read or detected in is counted and passed over.

        :param sink: gets the messages that it wants, and what is found, in the order of recording.
        """
        start = perf_counter()
        copied_topics = frozenset(sink.copied_topics if sink else ())
        messages = self._recording.messages(self._image_topics | copied_topics)
        for item in decode_ahead(self._timed(messages), self._image_topics):
            if sink and item.message.topic in copied_topics:
                sink.copy(item.message)
            if item.image is None:
                continue
            self.num_images[item.message.topic] += 1
            if frame := self._detected(item, item.image):
                if sink:
                    sink.write(frame)
                yield frame
        self.elapsed_s = perf_counter() - start

    def _detected(
        self, item: DecodedMessage, image: RecordedImage | YolotrtError
    ) -> ReplayedFrame | None:
        topic = item.message.topic
        try:
            if isinstance(image, YolotrtError):
                raise image
            # One by one, as frames of one camera come to the node.
            detections = self._pipeline.detect([image.view], self._selection)[0]
        except YolotrtError as error:
            number = self.num_images[topic]
            self.failures.append(f'image {number} of {topic} gives no detections: {error}')
            return None
        times = {'decode': item.decode_ms, **self._pipeline.stage_times}
        return ReplayedFrame(
            topic,
            item.message.recorded_ns,
            image.header,
            f'{image.view.encoding.name} {image.view.width}x{image.view.height}',
            detections,
            times,
        )

    def _timed(self, messages: Iterable[RecordedMessage]) -> Iterator[RecordedMessage]:
        start = perf_counter()
        for message in messages:
            self.reading_s += perf_counter() - start
            yield message
            start = perf_counter()
        self.reading_s += perf_counter() - start
