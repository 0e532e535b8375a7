# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the pictures of the model card: ``python3 -m scripts.train_demo.figures``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np

from yolotrt_ros.demo import HELD_OUT_SEED, render_scene

matplotlib.use('Agg')
from matplotlib import pyplot as plt

SHEET_SEEDS = (HELD_OUT_SEED + np.array([0, 6, 13, 17, 22, 31])).tolist()


def main() -> None:
    """Write training.png from log.jsonl and scenes.jpg."""
    parser = argparse.ArgumentParser(prog='figures', description=main.__doc__)
    parser.add_argument('--folder', type=Path, default=Path('docs/demo_network'))
    folder = parser.parse_args().folder
    lines = [json.loads(line) for line in (folder / 'log.jsonl').read_text().splitlines()]
    draw_training(lines, folder / 'training.png')
    pictures = [render_scene(seed).image_bgr for seed in SHEET_SEEDS]
    sheet = np.vstack([np.hstack(pictures[:3]), np.hstack(pictures[3:])])
    small = cv2.resize(sheet, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / 'scenes.jpg'), small, [cv2.IMWRITE_JPEG_QUALITY, 85])


def draw_training(lines: list[dict[str, Any]], path: Path) -> None:
    """Plot the losses and the precision on the validation scenes against the step."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), constrained_layout=True)
    losses = [line for line in lines if 'box' in line]
    for name in ('box', 'objectness', 'classes'):
        left.plot([line['step'] for line in losses], [line[name] for line in losses], label=name)
    left.set(xlabel='step', ylabel='weighted loss', yscale='log')
    scores = [line for line in lines if 'mAP50' in line]
    for name, label in (('mAP50', 'mAP50'), ('mAP50_95', 'mAP50-95')):
        right.plot(
            [line['step'] for line in scores], [line[name] for line in scores], 'o-', label=label
        )
    right.set(xlabel='step', ylabel='200 scenes, textures of training', ylim=(0, 1))
    for axes in (left, right):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
