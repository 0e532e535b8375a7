# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the detections of a recorded image topic are written: beside it, as the node does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from posixpath import commonpath


def detection_topics(image_topics: Sequence[str]) -> dict[str, str]:
    """
    Name the topic of detections for each image topic.

    ``/front/image_raw`` gives ``/front/detections``. Image topics of one namespace would share
    it; each of them gets its own below its name: ``/front/image_raw/detections``.
    """
    spaces = {topic: _namespace(topic) for topic in image_topics}
    counts = Counter(spaces.values())
    return {
        topic: f'{space if counts[space] == 1 else topic}/detections'
        for topic, space in spaces.items()
    }


def label_topic(topics: Sequence[str]) -> str:
    """Name the topic of the labels, in the namespace that all topics of detections share."""
    spaces = [topic.rpartition('/')[0] or '/' for topic in topics]
    return f'{commonpath(spaces).rstrip("/")}/label_info'


def _namespace(topic: str) -> str:
    """Return the namespace of a camera; ``image/compressed`` is the topic ``image``, encoded."""
    return topic.removesuffix('/compressed').rpartition('/')[0]
