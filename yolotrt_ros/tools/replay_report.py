# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a replay says of itself at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.timing import TimeWindow
from yolotrt_ros.tools.replay_run import Replay, ReplayedFrame

MAX_LINES = 10


@dataclass
class ReplayTotals:
    """
    What was found, added up frame by frame.

    :param class_names: in the order of the ids.
    :param classes: detections by class name.
    :param num_frames: images with an answer.
    :param stage_windows: times of each stage.
    """

    class_names: Sequence[str]
    classes: Counter[str] = field(default_factory=Counter)
    num_frames: int = 0
    num_nonfinite: int = 0
    stage_windows: dict[str, TimeWindow] = field(default_factory=dict)

    def add(self, frame: ReplayedFrame) -> None:
        """Add one frame."""
        self.num_frames += 1
        self.num_nonfinite += frame.detections.num_nonfinite
        self.classes.update(self.class_names[i] for i in frame.detections.class_ids.tolist())
        for stage, time_ms in frame.stage_times.items():
            self.stage_windows.setdefault(stage, TimeWindow(10**6)).add(time_ms)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return {
            'frames': self.num_frames,
            'detections': self.classes.total(),
            'detections_per_class': dict(self.classes.most_common()),
            'nonfinite_candidates': self.num_nonfinite,
            'median_ms': {
                stage: window.percentile_ms(50) for stage, window in self.stage_windows.items()
            },
        }


def replay_text(bag: Path, info: NetworkInfo, replay: Replay, totals: ReplayTotals) -> str:
    """Format the account of a replay for people."""
    images = ', '.join(f'{count} of {topic}' for topic, count in replay.num_images.items())
    found = ', '.join(f'{name} {count}' for name, count in totals.classes.most_common(MAX_LINES))
    times = ', '.join(
        f'{stage} {window.percentile_ms(50):.2f}' for stage, window in totals.stage_windows.items()
    )
    rows = {
        'recording': f'{bag}: images {images or "(none)"}',
        'network': f'{info.model_path}: {info.backend}, {info.network_wh[0]}x{info.network_wh[1]}',
        'detections': f'{totals.classes.total()} in {totals.num_frames} images ({found or "-"})',
        'frames/s': _rates(replay),
        'median ms': times or '-',
    }
    if totals.num_nonfinite:
        rows['not numbers'] = f'{totals.num_nonfinite} candidates of the network, left out'
    if replay.failures:
        rows['unreadable'] = f'{len(replay.failures)} images'
    lines = [f'{name:11s} {text}' for name, text in rows.items()]
    return '\n'.join([*lines, *shortened(replay.failures)])


def replay_figures(replay: Replay, totals: ReplayTotals) -> dict[str, Any]:
    """Return the same account for JSON."""
    return {
        'images': dict(replay.num_images),
        'unreadable': list(replay.failures),
        'elapsed_s': replay.elapsed_s,
        'reading_s': replay.reading_s,
        **totals.as_dict(),
    }


def shortened(lines: Sequence[str]) -> list[str]:
    """Return the first lines, indented, and how many more there are."""
    more = [f'  … and {len(lines) - MAX_LINES} more'] if len(lines) > MAX_LINES else []
    return [f'  {line}' for line in lines[:MAX_LINES]] + more


def _rates(replay: Replay) -> str:
    number = replay.num_images.total()
    return (
        f'{_rate(number, replay.elapsed_s)} replayed; '
        f'reading the recording alone: {_rate(number, replay.reading_s)}'
    )


def _rate(number: int, time_s: float) -> str:
    return f'{number / time_s:.1f}' if time_s > 0 else '-'
