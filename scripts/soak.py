#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Run an engine on frames of random size, encoding and rules, and watch memory and answers.

Each frame goes through the pipeline of the GPU. The first ones also go through the pipeline of the
CPU around the same engine, and the answers are compared.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from pathlib import Path
import resource
import sys

import cv2
import numpy as np
from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.host_pipeline import HostPipeline
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.memory import allocated_bytes
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.tools.frames import frame_source
from yolotrt_ros.trt.engine_session import EngineSession

MIN_SIDE, MAX_SIDE = 16, 1920
MAX_BOX_DIFFERENCE_PX, MAX_SCORE_DIFFERENCE = 0.5, 0.01
CHECKPOINTS = 10


def main() -> int:
    """Run; returns 1 where answers differ or memory grows."""
    options = parse()
    random = np.random.default_rng(options.seed)
    pool = make_pool(options, random)
    config = DetectorConfig(
        engine_path=str(options.engine), device=options.device, max_detections=1000
    )
    device = find_device(options.device)
    comparison = compare(config, EngineSession(options.engine, device=device), pool, options)
    print(comparison)
    memory = soak(config, pool, options, random)
    print(
        f'GPU, page-locked and resident memory at {CHECKPOINTS} points of {options.frames} frames'
    )
    for used in memory:
        print('  ' + ', '.join(f'{value / 2**20:.1f} MiB' for value in used))
    # The first tenth meets the largest frames, for which buffers grow.
    grown = [last - first for first, last in zip(memory[1], memory[-1], strict=True)]
    print(
        'grown after the first tenth: ' + ', '.join(f'{value / 2**20:.1f} MiB' for value in grown)
    )
    return int(comparison.num_different > 0 or grown[0] > 0 or grown[1] > 0)


def parse() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('engine', type=Path)
    parser.add_argument('--source', type=Path, required=True, help='folder, video or recording')
    parser.add_argument('--frames', type=int, default=100_000)
    parser.add_argument('--compare', type=int, default=1000, help='frames that are compared')
    parser.add_argument('--pool', type=int, default=400, help='different frames')
    parser.add_argument('--device', default='auto')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


def make_pool(options: Namespace, random: np.random.Generator) -> list[ImageView]:
    """Return pictures of the source in random sizes and encodings, with random row padding."""
    source = frame_source(options.source, count=64, seed=options.seed)
    pictures = [frame.planes()[0] for frame in source]
    views = []
    for _ in tqdm(range(options.pool), 'frames', file=sys.stderr):
        picture = pictures[random.integers(len(pictures))]
        width, height = (2 * int(side) for side in random.integers(MIN_SIDE, MAX_SIDE // 2, 2))
        # As a camera would see it: a stretched street has no objects to compare.
        height = min(height, max(MIN_SIDE, width * picture.shape[0] // picture.shape[1] // 2 * 2))
        name = str(random.choice(sorted(ENCODINGS)))
        padding = 16 * int(random.integers(3))
        views.append(encode(cv2.resize(picture, (width, height)), name, row_padding=padding))
    return views


@dataclass
class Comparison:
    """What differs between the answers of two pipelines."""

    num_frames: int = 0
    num_objects: int = 0
    num_different: int = 0
    box_differences: list[float] = field(default_factory=lambda: [0.0])
    score_differences: list[float] = field(default_factory=lambda: [0.0])

    def add(self, found: Detections, expected: Detections) -> None:
        """Compare row by row: both sort by score."""
        self.num_frames += 1
        self.num_objects += len(expected)
        is_same = found.class_ids.tolist() == expected.class_ids.tolist()
        if is_same and len(found):
            box = float(np.abs(found.boxes_xyxy - expected.boxes_xyxy).max())
            score = float(np.abs(found.scores - expected.scores).max())
            self.box_differences.append(box)
            self.score_differences.append(score)
            is_same = box <= MAX_BOX_DIFFERENCE_PX and score <= MAX_SCORE_DIFFERENCE
        self.num_different += not is_same

    def __str__(self) -> str:
        return (
            f'{self.num_frames} frames with {self.num_objects} objects compared with the CPU '
            f'around the same engine: {self.num_different} differ; largest differences '
            f'{max(self.box_differences):.4g} px and {max(self.score_differences):.4g} in score'
        )


def compare(
    config: DetectorConfig, session: EngineSession, pool: list[ImageView], options: Namespace
) -> Comparison:
    """Send frames through both pipelines."""
    random = np.random.default_rng(options.seed + 1)
    gpu, cpu = build_pipeline(config), HostPipeline(session, config)
    comparison = Comparison()
    for _ in tqdm(range(options.compare), 'compare', file=sys.stderr):
        frame = pool[random.integers(len(pool))]
        rules = random_rules(random, gpu.info.score_floor)
        comparison.add(gpu.detect([frame], rules)[0], cpu.detect([frame], rules)[0])
    gpu.close()
    cpu.close()
    return comparison


def soak(
    config: DetectorConfig, pool: list[ImageView], options: Namespace, random: np.random.Generator
) -> list[tuple[int, int, int]]:
    """Run all frames; returns memory of the GPU, page-locked and resident, at each checkpoint."""
    pipeline = build_pipeline(config)
    memory = []
    with CudaSession(find_device(options.device)) as session:
        for index in tqdm(range(options.frames), 'soak', file=sys.stderr):
            if index % max(1, options.frames // CHECKPOINTS) == 0:
                memory.append(used_memory(session))
            count = int(random.integers(1, pipeline.info.max_batch + 1))
            frames = [pool[choice] for choice in random.integers(0, len(pool), count)]
            pipeline.detect(frames, random_rules(random, pipeline.info.score_floor))
        memory.append(used_memory(session))
    pipeline.close()
    return memory


def used_memory(session: CudaSession) -> tuple[int, int, int]:
    """Return bytes of the device that are taken, of page-locked, and of resident memory."""
    taken = session.device.total_bytes - session.free_bytes()
    resident = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return taken, allocated_bytes().host, resident


def random_rules(random: np.random.Generator, floor: float) -> Selection:
    """Return thresholds that differ from frame to frame."""
    score, iou = random.uniform(max(floor, 0.05), 0.9), random.uniform(0.1, 0.9)
    min_box_size = random.uniform(0, 60) if random.integers(2) else 0.0
    return Selection(
        score,
        iou,
        int(random.integers(1, 1000)),
        bool(random.integers(2)),
        min_box_size=min_box_size,
    )


if __name__ == '__main__':
    sys.exit(main())
