# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes for training: rendered by many processes, kept in the GPU's memory."""

from __future__ import annotations

import threading

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from yolotrt_ros.demo import Frame, render_scene

MAX_TARGETS = 32
LEAST_FRACTION, LEAST_SIDE_PX = 0.15, 6
"""Looser than the limits of evaluation, so that the network is sure of what lies just within."""


class Scenes(Dataset[tuple[Tensor, Tensor]]):
    """
    Scenes by seed.

    :param first: seed of scene 0.
    """

    def __init__(self, first: int, count: int, width: int, height: int) -> None:
        self._first, self._count, self._size = first, count, (width, height)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return uint8 (H, W, 3) BGR and the targets (MAX_TARGETS, 5) of ``detection_loss``."""
        frame = render_scene(self._first + index, *self._size)
        return torch.from_numpy(frame.image_bgr), targets_of(frame)


def targets_of(frame: Frame) -> Tensor:
    """Return the objects of a frame worth learning: (MAX_TARGETS, 5), filled up with class -1."""
    boxes = torch.from_numpy(frame.boxes_xyxy)
    sizes = boxes[:, 2:] - boxes[:, :2]
    keep = torch.from_numpy(frame.visible_fraction) >= LEAST_FRACTION
    keep &= sizes.amin(1) >= LEAST_SIDE_PX if len(boxes) else keep
    classes = torch.from_numpy(frame.class_ids).float()[:, None]
    rows = torch.cat([classes, (boxes[:, :2] + boxes[:, 2:]) / 2, sizes], 1)[keep][:MAX_TARGETS]
    targets = torch.full((MAX_TARGETS, 5), -1.0)
    targets[:, 1:] = 1.0
    targets[: len(rows)] = rows
    return targets


class Pool:
    """
    A growing store of scenes on the training device.

    A thread fills it while training goes on.  Which scenes a step may draw from depends on the
    step alone, not on how fast the processes render, so that a seed fixes the whole training.

    :param workers: processes that render; 0 renders in this one.
    """

    def __init__(self, scenes: Scenes, device: torch.device, workers: int) -> None:
        self._scenes = scenes
        image, targets = scenes[0]
        self._images = torch.empty((len(scenes), *image.shape), dtype=torch.uint8, device=device)
        self._targets = torch.empty((len(scenes), *targets.shape), device=device)
        self._ready = 0
        self._grown = threading.Condition()
        self._loader = DataLoader(
            scenes,
            batch_size=min(32, len(scenes)),
            num_workers=workers,
            prefetch_factor=8 if workers else None,
            worker_init_fn=_one_thread,
            multiprocessing_context='spawn' if workers else None,  # OpenCV does not survive a fork
        )
        threading.Thread(target=self._fill, daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Return as soon as this many scenes are there."""
        with self._grown:
            self._grown.wait_for(lambda: self._ready >= min(count, len(self._scenes)))

    @property
    def ready(self) -> int:
        """The number of scenes that are there."""
        return self._ready

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return uint8 (B, H, W, 3) and targets (B, MAX_TARGETS, 5)."""
        return self._images[indices], self._targets[indices]

    def _fill(self) -> None:
        for images, targets in self._loader:
            start, end = self._ready, self._ready + len(images)
            self._images[start:end] = images.to(self._images.device)
            self._targets[start:end] = targets.to(self._targets.device)
            with self._grown:
                self._ready = end
                self._grown.notify_all()


def _one_thread(_: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def prepare(images: Tensor) -> Tensor:
    """Turn uint8 (B, H, W, 3) BGR into float (B, 3, H, W) RGB, 0-1."""
    return images.flip(-1).permute(0, 3, 1, 2).float().div_(255)


def augment(images: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """
    Mirror half of the pictures and vary brightness, contrast and colour a little.

    :param images: float (B, 3, H, W), 0-1.
    """
    batch, device = len(images), images.device
    mirrored = torch.rand(batch, device=device, generator=generator) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    x = torch.where(mirrored[:, None], images.shape[-1] - targets[..., 1], targets[..., 1])
    targets = torch.cat([targets[..., :1], x[..., None], targets[..., 2:]], -1)
    gain = torch.rand((batch, 3, 1, 1), device=device, generator=generator) * 0.2 + 0.9
    contrast = torch.rand((batch, 1, 1, 1), device=device, generator=generator) * 0.4 + 0.8
    middle = images.mean((1, 2, 3), keepdim=True)
    return ((images - middle) * contrast + middle).mul_(gain).clamp_(0, 1), targets
