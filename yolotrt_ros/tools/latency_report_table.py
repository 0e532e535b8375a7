# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of frames summed up: by camera and stage, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from yolotrt_ros.tools.latency_report_reading import TimedFrame, TimedFrames


@dataclass(frozen=True)
class StageFigures:
    """Milliseconds of one stage; percentiles are linear between two times."""

    median: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> StageFigures:
        """Sum up the times of at least one frame."""
        return cls(*np.percentile(times_ms, (50, 90, 99, 100)).tolist())


@dataclass(frozen=True)
class SourceFigures:
    """
    The frames of one camera.

    :param num_frames: how many.
    :param rate_hz: frames a second by their stamps; None for one frame, or stamps that do not
        rise.
    :param parts: by name, what came one behind the other.
    :param details: by name, stages within one of the parts.
    :param whole: all parts of a frame together.
    """

    num_frames: int
    rate_hz: float | None
    parts: Mapping[str, StageFigures]
    details: Mapping[str, StageFigures]
    whole: StageFigures


def by_source(frames: Sequence[TimedFrame]) -> dict[str, list[TimedFrame]]:
    """Sort frames by camera, in the order in which cameras first appear."""
    found: dict[str, list[TimedFrame]] = {}
    for frame in frames:
        found.setdefault(frame.source, []).append(frame)
    return found


def sum_up(frames: Sequence[TimedFrame]) -> SourceFigures:
    """Sum up the frames of one camera, at least one."""
    return SourceFigures(
        num_frames=len(frames),
        rate_hz=_rate_hz([frame.stamp_ns for frame in frames]),
        parts=_stages([frame.parts for frame in frames]),
        details=_stages([frame.details for frame in frames]),
        whole=StageFigures.of([frame.total_ms for frame in frames]),
    )


def text(times: TimedFrames) -> str:
    """Format the figures for people."""
    tables = [
        _source_text(source, sum_up(frames), times.whole)
        for source, frames in by_source(times.frames).items()
    ]
    return '\n\n'.join(tables)


def as_dict(times: TimedFrames) -> dict[str, Any]:
    """Return the figures for a JSON file."""
    return {
        'kind': times.kind,
        'whole': times.whole,
        'sources': {
            source: asdict(sum_up(frames)) for source, frames in by_source(times.frames).items()
        },
        'problems': list(times.problems),
    }


def _source_text(source: str, figures: SourceFigures, whole: str) -> str:
    rate = '' if figures.rate_hz is None else f', {figures.rate_hz:.1f} Hz'
    lines = [
        f'{source}: {figures.num_frames} frames{rate}',
        f'{"ms":24s} {"median":>9s} {"p90":>9s} {"p99":>9s} {"max":>9s}',
    ]
    for name, row in figures.parts.items():
        lines.append(_line(name, row))
        if name == 'detection':  # the pipeline's stages are a part of it
            lines += [_line(f'  of it {inner}', item) for inner, item in figures.details.items()]
    return '\n'.join([*lines, _line(whole, figures.whole)])


def _line(name: str, row: StageFigures) -> str:
    return f'{name:24s} {row.median:9.3f} {row.p90:9.3f} {row.p99:9.3f} {row.max:9.3f}'


def _stages(times: Sequence[Mapping[str, float]]) -> dict[str, StageFigures]:
    """Sum up each stage over the frames that went through it."""
    names = dict.fromkeys(name for row in times for name in row)
    return {name: StageFigures.of([row[name] for row in times if name in row]) for name in names}


def _rate_hz(stamps_ns: Sequence[int]) -> float | None:
    seconds = (stamps_ns[-1] - stamps_ns[0]) / 1e9
    return (len(stamps_ns) - 1) / seconds if seconds > 0 else None
