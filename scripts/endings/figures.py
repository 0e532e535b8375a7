# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The times and sizes of three endings, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import sys

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scripts.endings.efficient_nms import OUTPUTS
from scripts.endings.engines import Ending
from scripts.endings.meter import EndingMeter
from yolotrt_ros.core.timing import TimeWindow

ROUNDS, WARM_UP = 10, 10


@dataclass(frozen=True)
class Figures:
    """
    What was measured; None where our pipeline runs nothing behind the engine.

    :param behind_ms: median of our suppression, and of our decode kernel where it is needed.
    :param boxes_median_ms: from the network's input to suppressed boxes.
    :param output_bytes: of all outputs, which a plain caller downloads.
    :param result_bytes: what our pipeline downloads instead.
    :param candidates: before the suppression, of all images.
    :param detections: after it.
    """

    ending: str
    engine_median_ms: float
    engine_p99_ms: float
    behind_ms: float | None
    boxes_median_ms: float
    boxes_p99_ms: float
    plan_bytes: int
    output_bytes: int
    result_bytes: int | None
    candidates: int
    detections: int


class Clock:
    """The times of one ending, over all rounds."""

    def __init__(self, meter: EndingMeter, launches: int) -> None:
        self.meter = meter
        self.engine, self.behind, self.boxes = (TimeWindow(launches) for _ in range(3))

    def run(self, launches: int) -> None:
        """Do one round: the engine alone, then what leads to boxes."""
        for index in range(-WARM_UP, launches):
            engine_ms = self.meter.engine_ms()
            if index >= 0:
                self.engine.add(engine_ms)
        for index in range(-WARM_UP, launches):
            times = self.meter.chain_ms()
            if times is None:
                return
            if index >= 0:
                self.behind.add(times[0])
                self.boxes.add(times[1])


def measure(
    endings: Sequence[Ending],
    plans: Sequence[bytes],
    meters: Sequence[EndingMeter],
    launches: int,
    score_threshold: float,
) -> list[Figures]:
    """Let the endings take turns."""
    clocks = [Clock(meter, launches) for meter in meters]
    turns = [clocks[(start + index) % 3] for start in range(ROUNDS) for index in range(3)]
    per_round = -(-launches // ROUNDS)
    for clock in tqdm(turns, unit='turn', file=sys.stderr):
        clock.run(per_round)
    # EfficientNMS does not tell its candidates: each class score of the decoded output is one.
    [name] = endings[1].layout.output_names
    pairs = num_score_candidates(meters[1].output(name), score_threshold)
    return [
        figures(ending, plan, clock, pairs)
        for ending, plan, clock in zip(endings, plans, clocks, strict=True)
    ]


def num_score_candidates(decoded: NDArray[np.floating], score_threshold: float) -> int:
    """Count the class scores of ``[B, A, 5+nc]`` that reach the threshold."""
    values = decoded.astype(np.float32)
    return int(np.count_nonzero(values[..., 4:5] * values[..., 5:] >= score_threshold))


def figures(ending: Ending, plan: bytes, clock: Clock, pairs: int) -> Figures:
    """Sum up what was measured of an ending."""
    meter, is_chained = clock.meter, ending.layout is not None
    boxes = clock.boxes if is_chained else clock.engine
    header = meter.result_header()
    if header is None:
        candidates, detections = pairs, int(meter.output(OUTPUTS[0]).sum())
    else:
        candidates, detections = (
            int(header[name].sum()) for name in ('num_candidates', 'num_rows')
        )
    return Figures(
        ending=ending.title,
        engine_median_ms=clock.engine.percentile_ms(50),
        engine_p99_ms=clock.engine.percentile_ms(99),
        behind_ms=clock.behind.percentile_ms(50) if is_chained else None,
        boxes_median_ms=boxes.percentile_ms(50),
        boxes_p99_ms=boxes.percentile_ms(99),
        plan_bytes=len(plan),
        output_bytes=meter.output_bytes,
        result_bytes=meter.result_bytes,
        candidates=candidates,
        detections=detections,
    )


def table(rows: Sequence[Figures]) -> str:
    """Format the rows for people, in Markdown."""
    header = (
        'ending', 'engine median ms', 'p99 ms', 'our decoding and NMS ms', 'to boxes median ms',
        'p99 ms', 'plan MB', 'bytes of all outputs', 'bytes our pipeline downloads', 'candidates',
        'boxes',
    )  # fmt: skip
    rule = ('---', *['---:'] * (len(header) - 1))
    return '\n'.join(f'| {" | ".join(line)} |' for line in (header, rule, *map(cells, rows)))


def cells(row: Figures) -> tuple[str, ...]:
    """Return the texts of one line; a dash where there is nothing of the kind."""
    return (
        row.ending,
        f'{row.engine_median_ms:.4f}',
        f'{row.engine_p99_ms:.4f}',
        '-' if row.behind_ms is None else f'{row.behind_ms:.4f}',
        f'{row.boxes_median_ms:.4f}',
        f'{row.boxes_p99_ms:.4f}',
        f'{row.plan_bytes / 1e6:.2f}',
        str(row.output_bytes),
        '-' if row.result_bytes is None else str(row.result_bytes),
        str(row.candidates),
        str(row.detections),
    )
