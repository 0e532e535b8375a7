# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of frames, from a recording of the detector's ``~/timing`` or from a replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.typed_json import parse
from yolotrt_ros.tools.bag_recording import is_bag
from yolotrt_ros.tools.bag_salvage import open_readable

STATUS = 'diagnostic_msgs/msg/DiagnosticStatus'
PARTS = ('transport', 'waiting', 'detection', 'publishing')
"""The spans of a frame in the detector, one behind the other; together they are its age."""


@dataclass(frozen=True)
class TimedFrame:
    """
    How long one frame took.

    :param source: the camera, or the topic, that it came from.
    :param stamp_ns: its stamp, nanoseconds.
    :param parts: milliseconds of what came one behind the other.
    :param details: milliseconds of stages within one of the parts.
    """

    source: str
    stamp_ns: int
    parts: Mapping[str, float]
    details: Mapping[str, float]

    @property
    def total_ms(self) -> float:
        """All parts together."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class TimedFrames:
    """
    What a file holds.

    :param kind: what it is, for people.
    :param whole: what the sum of the parts is called.
    :param frames: in the order of the file.
    :param problems: what could not be read.
    """

    kind: str
    whole: str
    frames: tuple[TimedFrame, ...]
    problems: tuple[str, ...]


def read_times(path: Path, topic: str | None = None) -> TimedFrames:
    """
    Read a recording of ``~/timing``, or the file that ``replay --times`` writes.

    :param topic: one of the file's topics; None for every one with times.
    :raises MediaError: the recording cannot be read.
    :raises ConfigError: there are no times in the file.
    :raises BackendError: rosbags is not installed.
    """
    if path.exists() and is_bag(path):
        return _read_recording(path, topic)
    return _read_replay(path, topic)


def _read_recording(path: Path, topic: str | None) -> TimedFrames:
    frames: list[tuple[str, TimedFrame]] = []
    problems: list[str] = []
    unread: list[str] = []
    with open_readable(path) as recording:
        kinds = {item.name: item.kind for item in recording.topics}
        topics = [name for name, kind in kinds.items() if kind == STATUS and topic in (None, name)]
        if not topics:
            raise ConfigError(
                'topic',
                topic or '',
                f'{path} has no topic with times of frames ({STATUS}), but '
                f'{", ".join(sorted(kinds)) or "none at all"}; record the topic `timing` of the '
                'detector, such as `ros2 bag record /detector/timing`',
            )
        for message in recording.messages(topics):
            try:
                frames.append(_recorded_frame(message.data))
            except ValueError as error:
                unread.append(str(error))
        problems += recording.problems
    if unread:
        problems.append(f'{len(unread)} messages hold no times of a frame: {unread[0]}')
    if not frames:
        reason = '; '.join(problems) or (
            f'nothing came on {", ".join(topics)}; no image was processed while it was recorded'
        )
        raise ConfigError('file', str(path), f'holds no times: {reason}')
    return TimedFrames('recording of the detector', 'age', _named(frames), tuple(problems))


def _recorded_frame(data: bytes) -> tuple[str, TimedFrame]:
    """Return the node's name, and the times of one message."""
    try:
        status = _typestore().deserialize_cdr(data, STATUS)
    except Exception as error:  # damaged bytes raise whatever they lead to
        raise ValueError(f'the message cannot be read: {error}') from error
    times, _ = FrameTimes.from_values({item.key: item.value for item in status.values})
    parts = {name: float(getattr(times, f'{name}_ms')) for name in PARTS}
    frame = TimedFrame(times.camera, times.stamp_ns, parts, times.stage_times)
    return str(status.name).partition(':')[0], frame


@cache
def _typestore() -> Any:  # noqa: ANN401 - rosbags need not be installed
    from rosbags.typesys import get_typestore, Stores

    return get_typestore(Stores.LATEST)


def _named(frames: list[tuple[str, TimedFrame]]) -> tuple[TimedFrame, ...]:
    """Name the source of each frame: by its camera, and by the node where there are several."""
    several = len({node for node, _ in frames}) > 1
    return tuple(
        replace(
            frame, source=f'{node} {frame.source}'.strip() if several else frame.source or node
        )
        for node, frame in frames
    )


def _read_replay(path: Path, topic: str | None) -> TimedFrames:
    try:
        frames = tuple(_replayed_frames(parse(path.read_bytes())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            'file',
            str(path),
            f'is neither a rosbag2 recording nor a file that `replay --times` wrote: {error!r}',
        ) from error
    if not frames:
        raise ConfigError('file', str(path), 'holds no times: the replay had no frame')
    chosen = tuple(frame for frame in frames if topic in (None, frame.source))
    if not chosen:
        known = ', '.join(sorted({frame.source for frame in frames}))
        raise ConfigError('topic', topic, f'is no topic of {path}; choose one of {known}')
    return TimedFrames('replay', 'total', chosen, ())


def _replayed_frames(entries: Any) -> Iterator[TimedFrame]:  # noqa: ANN401 - any JSON
    for entry in entries:
        parts = {str(name): float(value) for name, value in entry['stage_times'].items()}
        frame = TimedFrame(str(entry['topic']), int(entry['stamp']), parts, {})
        if not parts:
            raise ValueError(f'{entry} has no stage_times')
        yield frame
