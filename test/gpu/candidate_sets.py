# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates of one image, as networks put them out and as they never should."""

import numpy as np

from yolotrt_ros.core.detections import Detections

NUM_CLASSES = 5


def candidates(boxes_xyxy, scores, class_ids):
    count = len(scores)
    return Detections(
        np.asarray(boxes_xyxy, np.float32).reshape(count, 4),
        np.asarray(scores, np.float32).reshape(count),
        np.asarray(class_ids, np.int32).reshape(count),
    )


def clustered(rng, count, *, clusters=12):
    """Make boxes around a few objects, as a network does."""
    centres = rng.uniform(0, 600, (clusters, 2))[rng.integers(0, clusters, count)]
    centres = centres + rng.normal(0, 6, (count, 2))
    sizes = rng.uniform(10, 90, (count, 2))
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    return candidates(boxes, rng.uniform(0, 1, count), rng.integers(0, NUM_CLASSES, count))


def spread(rng, count):
    """Make boxes that touch at most."""
    side = int(np.ceil(np.sqrt(max(count, 1))))
    places = rng.permutation(side * side)[:count]
    x, y = places % side, places // side
    boxes = np.stack([x, y, x + 1, y + 1], axis=1) * 4.0
    return candidates(boxes, rng.uniform(0, 1, count), rng.integers(0, NUM_CLASSES, count))


def same_boxes(rng, count):
    boxes = np.tile([10.0, 20.0, 30.0, 50.0], (count, 1))
    return candidates(boxes, rng.uniform(0, 1, count), rng.integers(0, NUM_CLASSES, count))


def same_rows(rng, count):
    """Make rows that agree in everything."""
    boxes = np.tile([10.0, 20.0, 30.0, 50.0], (count, 1))
    return candidates(boxes, np.full(count, 0.5), np.full(count, 1))


def empty_boxes(rng, count):
    """Make boxes without an area, which suppress nothing, some of them the same."""
    corners = rng.integers(0, 40, (count, 2))
    boxes = np.concatenate([corners, corners], axis=1)
    return candidates(boxes, np.full(count, 0.5), rng.integers(0, NUM_CLASSES, count))


def same_scores(rng, count):
    found = clustered(rng, count)
    return candidates(found.boxes_xyxy, np.full(count, 0.5), found.class_ids)


def half_precision(rng, count):
    """Make rows from numbers of half precision: many scores are the same."""
    found = clustered(rng, count)
    boxes, scores = (a.astype(np.float16) for a in (found.boxes_xyxy, found.scores))
    return candidates(boxes, scores, found.class_ids)


def coarse(rng, count):
    """Make rows on a grid: equal scores, equal boxes, empty boxes and zeros of both signs."""
    corners = rng.integers(-2, 6, (count, 2)).astype(np.float32)
    sizes = rng.integers(0, 4, (count, 2))
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    signs = rng.choice([-1.0, 1.0], boxes.shape)
    boxes = np.where(boxes == 0, 0.0 * signs, boxes)
    scores = rng.choice([0.0, -0.0, 0.25, 0.5, 0.75, 1.0], count)
    return candidates(boxes, scores, rng.integers(0, 3, count))


def signed_zeros(rng, count):
    """Make rows that differ in nothing but the signs of zeros."""
    boxes = np.array([0.0, 0.0, 4.0, 0.0]) * rng.choice([-1.0, 1.0], (count, 4))
    boxes[:, 2:] = rng.choice([0.0, -0.0, 4.0], (count, 2))
    return candidates(boxes, rng.choice([0.0, -0.0], count), rng.integers(0, 2, count))


def halves(rng, count):
    """Make pairs that share half of their union, but for what rounding makes of it."""
    pairs = (count + 1) // 2
    corners = rng.uniform(0, 600, (pairs, 2))
    sizes = rng.uniform(1, 50, (pairs, 2))
    whole = np.concatenate([corners, corners + sizes], axis=1).astype(np.float32)
    half = whole.copy()
    half[:, 3] = whole[:, 1] + (whole[:, 3] - whole[:, 1]) * np.float32(0.5)
    class_ids = np.tile(rng.integers(0, NUM_CLASSES, pairs), 2)
    boxes = np.concatenate([whole, half])
    return candidates(boxes, rng.uniform(0, 1, 2 * pairs), class_ids)[np.arange(count)]


def huge(rng, count):
    """Make boxes whose sides, areas and overlaps overflow, and some that have no area."""
    corners = np.sort(rng.uniform(-3e38, 3e38, (count, 2, 2)), axis=1)
    flat = rng.uniform(0, 1, (count, 2)) < 0.2
    corners[:, 1] = np.where(flat, corners[:, 0], corners[:, 1])
    class_ids = rng.integers(0, 2, count)
    return candidates(corners.reshape(count, 4), rng.uniform(0, 1, count), class_ids)


def tiny(rng, count):
    """Make numbers so small that they have no leading bit."""
    corners = rng.integers(0, 8, (count, 2)) * 1e-42
    boxes = np.concatenate([corners, corners + rng.integers(0, 8, (count, 2)) * 1e-42], axis=1)
    return candidates(boxes, rng.integers(0, 4, count) * 1e-42, rng.integers(0, 2, count))


KINDS = [
    clustered,
    spread,
    same_boxes,
    same_rows,
    empty_boxes,
    same_scores,
    half_precision,
    coarse,
    signed_zeros,
    halves,
    huge,
    tiny,
]


def shuffled(rng, found):
    return found[rng.permutation(len(found))]


def with_rubbish(rng, found):
    """Spoil some rows in each way that a network can."""
    boxes, scores, class_ids = (
        array.copy() for array in (found.boxes_xyxy, found.scores, found.class_ids)
    )
    bad = [np.nan, np.inf, -np.inf]
    for rows in (boxes.reshape(-1), scores):
        spoiled = rng.uniform(0, 1, rows.shape) < 0.05
        rows[spoiled] = rng.choice(bad, spoiled.sum())
    spoiled = rng.uniform(0, 1, len(class_ids)) < 0.05
    class_ids[spoiled] = rng.choice([-1, NUM_CLASSES, 2**31 - 1, -(2**31)], spoiled.sum())
    return Detections(boxes, scores, class_ids)
