# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that says what colour it sees, and what it must therefore answer."""

from pathlib import Path

import numpy as np
from onnx import helper

from test.networks import save
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.reference import preprocess

NETWORK_WH = (64, 64)
NAMES = ('red', 'green', 'blue')
# One box of each class, apart from each other: cx cy w h in network pixels.
BOXES_CXCYWH = np.array([[16, 32, 12, 8], [32, 32, 12, 8], [48, 32, 12, 8]], np.float32)


def color_network(path: Path) -> Path:
    """
    Write a network with YOLOv5's decoded output and three candidates.

    Candidate k has objectness 1 and, for its class k alone, the mean of colour channel k over
    the input as its score.
    """
    num_anchors = 3 * (64 + 16 + 4)
    table = np.zeros((1, num_anchors, 8), np.float32)
    table[..., 2:4] = 1
    table[0, :3, :4] = BOXES_CXCYWH
    table[0, :3, 4] = 1
    channel_means = np.zeros((3, num_anchors * 8), np.float32)
    for index in range(3):
        channel_means[index, index * 8 + 5 + index] = 1
    nodes = [
        helper.make_node('ReduceMean', ['images'], ['mean'], axes=[2, 3], keepdims=0),
        helper.make_node('MatMul', ['mean', 'channel_means'], ['spread']),
        helper.make_node('Reshape', ['spread', 'shape'], ['scores']),
        helper.make_node('Add', ['table', 'scores'], ['output0']),
    ]
    constants = {
        'table': table,
        'channel_means': channel_means,
        'shape': np.array([-1, num_anchors, 8], np.int64),
    }
    return save(
        path,
        nodes,
        constants,
        ['output0'],
        input_shape=('batch', 3, 64, 64),
        metadata={'names': str(dict(enumerate(NAMES)))},
    )


def expected_scores(view: ImageView) -> dict[str, float]:
    """Return the score of each class, from the definition of the preprocessing."""
    tensor = preprocess(view, Letterbox.fit(view.source_wh, NETWORK_WH))
    return dict(zip(NAMES, tensor.mean(axis=(1, 2)).tolist(), strict=True))


def expected_box(name: str, source_wh: tuple[int, int]) -> np.ndarray:
    """Return where the box of a class lies in the image: x1 y1 x2 y2."""
    cx, cy, width, height = BOXES_CXCYWH[NAMES.index(name)]
    corners = np.array([[cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2]])
    return Letterbox.fit(source_wh, NETWORK_WH).to_source(corners.astype(np.float32))[0]
