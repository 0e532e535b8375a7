# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
A test arena in pictures, and a small detector that knows it.

Nothing here needs a camera, a download or a GPU: ``Drive`` renders what a robot's camera would
see, with exact truth, and DECODED_MODEL finds the eight classes in it.
"""

from __future__ import annotations

from pathlib import Path

from yolotrt_ros.demo.drive import Drive
from yolotrt_ros.demo.frame import Frame, is_ignored, MIN_SIDE_PX, MIN_VISIBLE_FRACTION
from yolotrt_ros.demo.props import CLASS_NAMES
from yolotrt_ros.demo.scenes import HELD_OUT_SEED, is_held_out, render_scene

DECODED_MODEL = Path(__file__).with_name('demo.onnx')
"""The network with one output (B, 15120, 13): centre, size, objectness and class scores."""

HEADS_MODEL = Path(__file__).with_name('demo_heads.onnx')
"""The same network with the raw outputs p3, p4 and p5, for a decode plugin."""

DEMO_SEED = HELD_OUT_SEED + 1
"""The drive that the demo shows: an arena that training never saw."""

__all__ = [
    'CLASS_NAMES',
    'DECODED_MODEL',
    'DEMO_SEED',
    'HEADS_MODEL',
    'HELD_OUT_SEED',
    'MIN_SIDE_PX',
    'MIN_VISIBLE_FRACTION',
    'Drive',
    'Frame',
    'is_held_out',
    'is_ignored',
    'render_scene',
]
