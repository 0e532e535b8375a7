# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Golden detections: what a network once found in a recording, in a file that people can read.

One line a detection, numbers in the shortest form that keeps every bit, so that the same network
writes the same file and a version control system shows what has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.json_output import write_output
from yolotrt_ros.core.typed_json import parse, to_record

FORMAT_VERSION = 1


@dataclass(frozen=True)
class GoldenDetection:
    """One object: box ``x1 y1 x2 y2`` in pixels of the image."""

    class_id: int
    class_name: str
    score: float
    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class GoldenFrame:
    """The objects of one image, best score first."""

    topic: str
    stamp_ns: int
    detections: tuple[GoldenDetection, ...]

    @classmethod
    def of(
        cls, topic: str, stamp_ns: int, found: Detections, class_names: Sequence[str]
    ) -> GoldenFrame:
        """Make the entry of a frame."""
        rows = zip(
            found.class_ids.tolist(),
            _shortest(found.scores),
            _boxes(found.boxes_xyxy),
            strict=True,
        )
        return cls(
            topic,
            stamp_ns,
            tuple(GoldenDetection(i, class_names[i], score, box) for i, score, box in rows),
        )


@dataclass(frozen=True)
class Golden:
    """
    What a network found.

    :param recording: name of the recording.
    :param network: what it was: see ``golden_facts``; nothing of it is needed to compare.
    :param parameters: the rules behind it, by the names of the parameters.
    :param images: encodings and sizes of the images, by topic.
    :param frames: in the order of recording.
    """

    recording: str
    network: dict[str, Any]
    parameters: dict[str, Any]
    images: dict[str, Any]
    frames: tuple[GoldenFrame, ...]
    format_version: int = FORMAT_VERSION


def write_golden(path: Path, golden: Golden) -> None:
    """
    Write the file, whole or not at all.

    :raises ConfigError: it cannot be written.
    """
    head = {
        'format_version': golden.format_version,
        'recording': golden.recording,
        'network': golden.network,
        'parameters': golden.parameters,
        'images': golden.images,
    }
    lines = [f'  {_json(name)}: {_json(value)},' for name, value in head.items()]
    frames = ',\n'.join(map(_frame_text, golden.frames))
    text = '\n'.join(['{', *lines, f'  "frames": [\n{frames}', '  ]', '}', ''])
    write_output('write_golden', path, text)


def read_golden(path: Path) -> Golden:
    """
    Read a file.

    :raises ConfigError: it cannot be read, or is none.
    """
    try:
        content = parse(path.read_bytes())
        version = content.get('format_version') if isinstance(content, dict) else None
        if version != FORMAT_VERSION:
            raise ValueError(f'its format_version is {version!r}, but must be {FORMAT_VERSION}')
        head = to_record(Golden, content | {'frames': []})
        frames = content.get('frames')
        if not isinstance(frames, list):
            raise ValueError('frames must be a list')
        return replace(head, frames=tuple(map(_frame, enumerate(frames))))
    except (OSError, ValueError) as error:
        raise ConfigError(
            'expect',
            str(path),
            f'cannot be read as golden detections: {error}; write it with --write-golden',
        ) from error


def _frame(entry: tuple[int, Any]) -> GoldenFrame:
    number, frame = entry
    try:
        detections = tuple(map(_detection, frame['detections']))
        return GoldenFrame(str(frame['topic']), int(frame['stamp_ns']), detections)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'frames[{number}] is no frame ({error!r})') from error


def _detection(row: dict[str, Any]) -> GoldenDetection:
    # By hand: the checks of to_record take minutes for the objects of a long recording.
    x1, y1, x2, y2 = row['xyxy']
    box = float(x1), float(y1), float(x2), float(y2)
    score = float(row['score'])
    if not all(map(math.isfinite, (*box, score))):
        raise ValueError(f'{row} holds a number that is not finite')
    return GoldenDetection(int(row['class_id']), str(row['class_name']), score, box)


def _frame_text(frame: GoldenFrame) -> str:
    start = f'    {{"topic": {_json(frame.topic)}, "stamp_ns": {frame.stamp_ns}, "detections": ['
    if not frame.detections:
        return f'{start}]}}'
    rows = ',\n'.join(
        '      ' + _json({**vars(detection), 'xyxy': list(detection.xyxy)})
        for detection in frame.detections
    )
    return f'{start}\n{rows}\n    ]}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _shortest(values: NDArray[np.float32]) -> list[float]:
    """Return float64 numbers that print as briefly as the float32 ones do."""
    return [float(str(value)) for value in values]


def _boxes(boxes_xyxy: NDArray[np.float32]) -> list[tuple[float, float, float, float]]:
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in map(_shortest, boxes_xyxy)]
