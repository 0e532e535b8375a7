# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure the shipped network on unseen scenes: ``python3 -m scripts.train_demo.evaluate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import json
from pathlib import Path
import time

import cv2
import numpy as np

from scripts.train_demo.average_precision import average_precision
from scripts.train_demo.failures import failures, picture_of
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.host_pipeline import open_onnx
from yolotrt_ros.demo import DECODED_MODEL, Frame, HELD_OUT_SEED, render_scene

EVERYTHING = Selection(score_threshold=0.01, iou_threshold=0.6, max_detections=100)
"""Average precision wants the weak detections too."""
WORST = 9


def main() -> None:
    """Write metrics.json and pictures of the worst scenes."""
    parser = argparse.ArgumentParser(prog='evaluate', description=main.__doc__)
    parser.add_argument('--onnx', type=Path, default=DECODED_MODEL)
    parser.add_argument('--scenes', type=int, default=1000)
    parser.add_argument('--first-seed', type=int, default=HELD_OUT_SEED)
    parser.add_argument('--threads', type=int, default=2, help='of ONNX Runtime')
    parser.add_argument('--out', type=Path, default=Path('docs/demo_network'))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pipeline = open_onnx(DetectorConfig(onnx_path=str(options.onnx), num_threads=options.threads))
    pipeline.warm_up()
    truths, found, times_ms = measure(pipeline, scenes(options.first_seed, options.scenes))
    metrics = {
        **average_precision(truths, found),
        'first_seed': options.first_seed,
        'runtime': pipeline.info.backend,
        'threads': options.threads,
        'median_ms': {name: round(float(np.median(ms)), 2) for name, ms in times_ms.items()},
    }
    print(text := json.dumps(metrics, indent=2))
    (options.out / 'metrics.json').write_text(text + '\n')
    _save_worst(options.out / 'failures.jpg', truths, found)


def scenes(first_seed: int, count: int) -> Iterator[Frame]:
    """Render scenes one after another."""
    return (render_scene(first_seed + index) for index in range(count))


def measure(
    pipeline: Pipeline, frames: Iterator[Frame]
) -> tuple[list[Frame], list[Detections], dict[str, list[float]]]:
    """Return the truth, what was found, and the milliseconds of each stage and of the whole."""
    truths, found = [], []
    times_ms: dict[str, list[float]] = {}
    for frame in frames:
        start = time.perf_counter()
        found += pipeline.detect([ImageView.from_array(frame.image_bgr)], EVERYTHING)
        times_ms.setdefault('whole', []).append((time.perf_counter() - start) * 1e3)
        for stage, milliseconds in pipeline.stage_times.items():
            times_ms.setdefault(stage, []).append(milliseconds)
        truths.append(frame)
    return truths, found, times_ms


def _save_worst(path: Path, truths: list[Frame], found: list[Detections]) -> None:
    """Save the scenes with most errors, three in a row."""
    counts = [len(failures(*pair)) for pair in zip(truths, found, strict=True)]
    worst = np.argsort(counts, kind='stable')[::-1][:WORST]
    pictures = [picture_of(truths[i], found[i]) for i in worst]
    rows = [np.hstack(pictures[start : start + 3]) for start in range(0, WORST, 3)]
    sheet = cv2.resize(np.vstack(rows), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == '__main__':
    main()
