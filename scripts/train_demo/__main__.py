# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train the demo network, write its ONNX files: ``python3 -m scripts.train_demo --out DIR``."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import torch

from scripts.train_demo.export import export
from scripts.train_demo.train import Recipe, Trainer


def main() -> None:
    """Train, then export."""
    parser = argparse.ArgumentParser(prog='train_demo', description=main.__doc__)
    parser.add_argument('--out', type=Path, required=True, help='folder for log, checkpoint, ONNX')
    parser.add_argument('--workers', type=int, default=14, help='processes that render')
    parser.add_argument('--start', type=Path, help='checkpoint to go on from')
    for field in fields(Recipe):
        kind = type(field.default)
        parser.add_argument(f'--{field.name.replace("_", "-")}', type=kind, default=field.default)
    options = vars(parser.parse_args())
    out, workers, start = (options.pop(name) for name in ('out', 'workers', 'start'))
    out.mkdir(parents=True, exist_ok=True)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    export(Trainer(Recipe(**options), out, device, workers, start).run().cpu(), out)


if __name__ == '__main__':
    main()
