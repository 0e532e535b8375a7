# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
What training minimises.

Everything has a fixed shape: a target that does not fit an anchor or a cell keeps its place with
weight 0.  So no step waits for the GPU to count something.
"""

from __future__ import annotations

from functools import lru_cache
import math

import torch
from torch import Tensor
import torch.nn.functional as F

from scripts.train_demo.network import ANCHORS, ANCHORS_PER_CELL, STRIDES

MAX_RATIO = 4.0
"""A target fits an anchor if no side is longer or shorter by more: w = (2s)² * aw reaches it."""

BOX_WEIGHT, OBJECT_WEIGHT, CLASS_WEIGHT = 1.0, 20.0, 0.5
LEVEL_WEIGHTS = (4.0, 1.0, 0.4)
"""Of the objectness: fine levels have more cells, so each of theirs weighs less in the mean."""


def detection_loss(heads: tuple[Tensor, ...], targets: Tensor) -> Tensor:
    """
    Return the weighted mean losses of boxes, objectness and classes: (3,).

    :param heads: logits of each level, (B, 3 * (5 + nc), H, W).
    :param targets: (B, N, 5): class, cx, cy, w, h in input pixels; class -1 is no target.
    """
    total = torch.zeros(3, device=heads[0].device)
    for level, head in enumerate(heads):
        total = total + _level_loss(level, head.float(), targets)
    return total


def _level_loss(level: int, head: Tensor, targets: Tensor) -> Tensor:
    batch, _, height, width = head.shape
    values = head.view(batch, ANCHORS_PER_CELL, -1, height, width).permute(0, 1, 3, 4, 2)
    index, cell, anchor_size, weight = _candidates(level, targets, (height, width))
    rows = values.reshape(-1, values.shape[-1])
    chosen = rows.index_select(0, index.flatten()).view(*index.shape, -1)
    s = chosen[..., :4].sigmoid()
    boxes = torch.cat(
        [(2 * s[..., :2] - 0.5 + cell) * STRIDES[level], (2 * s[..., 2:]) ** 2 * anchor_size], -1
    )
    truth = targets[:, None, None, :, 1:].expand_as(boxes)
    overlap = ciou(boxes, truth)
    count = weight.sum().clamp(min=1)
    box_loss = ((1 - overlap) * weight).sum() / count
    quality = (overlap.detach().clamp(min=0) * weight).flatten()
    wanted = values.new_zeros(batch * ANCHORS_PER_CELL * height * width)
    wanted = wanted.scatter_reduce(0, index.flatten(), quality, 'amax')
    objectness = values[..., 4].reshape(-1)
    object_loss = F.binary_cross_entropy_with_logits(objectness, wanted) * LEVEL_WEIGHTS[level]
    class_truth = F.one_hot(targets[..., 0].long().clamp(min=0), chosen.shape[-1] - 5).float()
    class_truth = class_truth[:, None, None].expand_as(chosen[..., 5:])
    class_losses = F.binary_cross_entropy_with_logits(
        chosen[..., 5:], class_truth, reduction='none'
    )
    class_loss = (class_losses.mean(-1) * weight).sum() / count
    return torch.stack(
        [BOX_WEIGHT * box_loss, OBJECT_WEIGHT * object_loss, CLASS_WEIGHT * class_loss]
    )


def _candidates(
    level: int, targets: Tensor, shape: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """
    Pair each target with every anchor, in its cell and the two neighbours nearest to its centre.

    The centre may lie half a cell outside the cell that predicts it, since 2s - 0.5 spans -0.5 to
    1.5; three cells therefore see each object (YOLOv5's rule).

    :returns: for (B, 3 cells, 3 anchors, N targets): row of the flattened head; cell (x, y);
        anchor (w, h); weight 0 or 1.
    """
    height, width = shape
    batch, device = targets.shape[0], targets.device
    centre = targets[..., 1:3] / STRIDES[level]
    own = centre.floor()
    towards = torch.where(centre - own < 0.5, -1.0, 1.0)
    zero = torch.zeros_like(towards[..., 0])
    shifts = [
        torch.stack([zero, zero], -1),
        torch.stack([towards[..., 0], zero], -1),
        torch.stack([zero, towards[..., 1]], -1),
    ]
    cell = (own[:, None] + torch.stack(shifts, 1))[:, :, None].expand(
        -1, -1, ANCHORS_PER_CELL, -1, -1
    )
    sizes = _anchor_sizes(level, device)
    ratio = targets[:, None, :, 3:] / sizes[:, None]
    fits = torch.maximum(ratio, 1 / ratio.clamp(min=1e-6)).amax(-1) < MAX_RATIO
    within = (cell >= 0).all(-1) & (cell[..., 0] < width) & (cell[..., 1] < height)
    weight = (within & fits[:, None] & (targets[:, None, None, :, 0] >= 0)).float()
    image = torch.arange(batch, device=device).view(-1, 1, 1, 1)
    anchor = torch.arange(ANCHORS_PER_CELL, device=device).view(1, 1, -1, 1)
    x = cell[..., 0].long().clamp(0, width - 1)
    y = cell[..., 1].long().clamp(0, height - 1)
    index = ((image * ANCHORS_PER_CELL + anchor) * height + y) * width + x
    return index, cell, sizes.view(1, 1, -1, 1, 2), weight


@lru_cache
def _anchor_sizes(level: int, device: torch.device) -> Tensor:
    """Return (3, 2), copied to the device once: a CUDA graph cannot record the copy."""
    return torch.tensor(ANCHORS[level], device=device)


def ciou(boxes: Tensor, truth: Tensor) -> Tensor:
    """
    Return the complete IoU of Zheng et al., "Distance-IoU loss" (2020).

    CIoU = IoU - d²/c² - alpha v, with d the distance of the centres, c the diagonal of the box
    around both, v = (4/pi²) (atan(w'/h') - atan(w/h))², alpha = v / (1 - IoU + v).

    :param boxes: (..., 4), cx cy w h; ``truth`` likewise.
    :returns: (...), -1.5 to 1.
    """
    tiny = 1e-7
    low, high = boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2
    low_t, high_t = truth[..., :2] - truth[..., 2:] / 2, truth[..., :2] + truth[..., 2:] / 2
    common = _area((torch.minimum(high, high_t) - torch.maximum(low, low_t)).clamp(min=0))
    union = _area(boxes[..., 2:]) + _area(truth[..., 2:]) - common
    iou = common / (union + tiny)
    around = torch.maximum(high, high_t) - torch.minimum(low, low_t)
    distance = (boxes[..., :2] - truth[..., :2]).square().sum(-1)
    angle = torch.atan2(boxes[..., 2], boxes[..., 3] + tiny)
    angle_t = torch.atan2(truth[..., 2], truth[..., 3] + tiny)
    v = (4 / math.pi**2) * (angle - angle_t).square()
    alpha = (v / (1 - iou + v + tiny)).detach()
    return iou - distance / (around.square().sum(-1) + tiny) - alpha * v


def _area(sizes: Tensor) -> Tensor:
    """Multiply width and height; the gradient of torch.prod would wait for the GPU."""
    return sizes[..., 0] * sizes[..., 1]
