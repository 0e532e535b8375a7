# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Golden detections made up for tests."""

import numpy as np

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.tools.golden import Golden, GoldenFrame

NAMES = ('person', 'car', 'bus')


def random_detections(rng, count=12, *, size_px=(40.0, 200.0)):
    """Return objects that lie apart and have scores from 0.25 to 0.95."""
    places = np.array([(x, y) for x in range(0, 1200, 250) for y in range(0, 750, 250)])
    corners = rng.permutation(places)[:count] + rng.uniform(0, 40, (count, 2))
    boxes = np.hstack([corners, corners + rng.uniform(*size_px, (count, 2))])
    scores = np.sort(rng.uniform(0.25, 0.95, count))[::-1]
    return Detections(
        boxes.astype(np.float32),
        scores.astype(np.float32),
        rng.integers(0, len(NAMES), count).astype(np.int32),
    )


def frame_of(detections, stamp_ns=0, topic='/image', names=NAMES):
    return GoldenFrame.of(topic, stamp_ns, detections, names)


def golden_of(frames, *, parameters=None, network=None, images=None):
    return Golden(
        'recording',
        network or {'file': 'a.onnx', 'sha256': '1', 'onnx_sha256': '1'},
        parameters or {'score_threshold': 0.25, 'class_thresholds': []},
        images or {'/image': ['bgr8 1280x720']},
        tuple(frames),
    )


def golden_of_detections(found, **facts):
    """Return a file with one frame a second."""
    frames = [frame_of(item, second * 10**9) for second, item in enumerate(found)]
    return golden_of(frames, **facts)
