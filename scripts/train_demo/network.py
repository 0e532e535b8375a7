# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The demo network: an anchor-based detector with three levels, 1.1 million parameters.

Plain 3x3 and 1x1 convolutions with ReLU, which ONNX Runtime fuses, and channel counts that are
multiples of 16, which suit its blocked kernels: a net with 12, 24 and 48 channels and half the
multiply-adds was no faster on two cores.
The body splits features as in Wang et al., "CSPNet" (2020); the neck goes up and down again as in
Liu et al., "Path aggregation network" (2018); pooling at the end follows He et al., "Spatial
pyramid pooling" (2014).
"""

from __future__ import annotations

import math

import torch
from torch import nn, Tensor
import torch.nn.functional as F

STRIDES = (8, 16, 32)
ANCHORS = (
    ((17.0, 22.0), (33.0, 38.0), (72.0, 24.0)),
    ((40.0, 76.0), (66.0, 62.0), (112.0, 84.0)),
    ((84.0, 126.0), (140.0, 150.0), (215.0, 245.0)),
)
"""Width and height in input pixels: nine clusters (k-means by IoU) of 3,500 boxes, rounded; the
finest are smaller than their clusters, for the sake of small objects."""

ANCHORS_PER_CELL = 3


class Conv(nn.Sequential):
    """A convolution that keeps or halves the size, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Step(nn.Module):
    """Two convolutions, with a shortcut around them in the body."""

    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(Conv(channels, channels, 1), Conv(channels, channels))
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        return x + self.layers(x) if self.shortcut else self.layers(x)


class Split(nn.Module):
    """Half of the channels go through the steps, half go around them."""

    def __init__(self, inputs: int, outputs: int, steps: int, shortcut: bool = True) -> None:
        super().__init__()
        half = outputs // 2
        self.through = nn.Sequential(
            Conv(inputs, half, 1), *(Step(half, shortcut) for _ in range(steps))
        )
        self.around = Conv(inputs, half, 1)
        self.merge = Conv(2 * half, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H, W)."""
        return self.merge(torch.cat([self.through(x), self.around(x)], 1))


class Pooling(nn.Module):
    """Maxima over 5, 9 and 13 pixels, by pooling 5 repeatedly."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = Conv(channels, channels // 2, 1)
        self.merge = Conv(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, C, H, W)."""
        scales = [self.squeeze(x)]
        for _ in range(3):
            scales.append(F.max_pool2d(scales[-1], 5, 1, 2))
        return self.merge(torch.cat(scales, 1))


class DemoNet(nn.Module):
    """
    Image in, three heads out.

    :param num_classes: number of class scores of each anchor.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.body2 = nn.Sequential(Conv(3, 16, stride=2), Conv(16, 32, stride=2))
        self.body3 = nn.Sequential(Conv(32, 64, stride=2), Split(64, 64, 2))
        self.body4 = nn.Sequential(Conv(64, 128, stride=2), Split(128, 128, 2))
        self.body5 = nn.Sequential(Conv(128, 192, stride=2), Split(192, 192, 1), Pooling(192))
        self.up5 = Conv(192, 96, 1)
        self.up4 = nn.Sequential(Split(128 + 96, 96, 1, shortcut=False), Conv(96, 64, 1))
        self.out3 = Split(64 + 64, 64, 1, shortcut=False)
        self.down3 = Conv(64, 64, stride=2)
        self.out4 = Split(64 + 64, 96, 1, shortcut=False)
        self.down4 = Conv(96, 96, stride=2)
        self.out5 = Split(96 + 96, 128, 1, shortcut=False)
        values = ANCHORS_PER_CELL * (5 + num_classes)
        self.heads = nn.ModuleList(nn.Conv2d(channels, values, 1) for channels in (64, 96, 128))
        self._start_with_rare_objects()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Return the heads before their sigmoid.

        :param images: float (B, 3, H, W), RGB, 0-1; H and W are multiples of 32.
        :returns: for strides 8, 16 and 32, (B, 3 * (5 + num_classes), H / stride, W / stride);
            of each anchor x, y, w, h, objectness, classes.
        """
        c3 = self.body3(self.body2(images))
        c4 = self.body4(c3)
        top = self.up5(self.body5(c4))
        middle = self.up4(torch.cat([_doubled(top), c4], 1))
        p3 = self.out3(torch.cat([_doubled(middle), c3], 1))
        p4 = self.out4(torch.cat([self.down3(p3), middle], 1))
        p5 = self.out5(torch.cat([self.down4(p4), top], 1))
        head3, head4, head5 = self.heads
        return head3(p3), head4(p4), head5(p5)

    def _start_with_rare_objects(self) -> None:
        """Let the first scores be as low as objects are rare (Lin et al., 2017, section 3.3)."""
        for head, stride in zip(self.heads, STRIDES, strict=True):
            bias = head.bias.detach().view(ANCHORS_PER_CELL, -1)
            expected = 6 * (stride / 600) ** 2
            bias[:, 4] = math.log(expected / (1 - expected))
            bias[:, 5:] = math.log(1 / (self.num_classes - 1))


class HeadsNet(nn.Module):
    """The network as a decode plugin wants it: three heads after their sigmoid."""

    def __init__(self, network: DemoNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return p3, p4 and p5."""
        return tuple(head.sigmoid() for head in self.network(images))


class DecodedNet(HeadsNet):
    """The network with its boxes decoded."""

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, A, 5 + num_classes): cx cy w h in input pixels, objectness, classes."""
        levels = zip(super().forward(images), ANCHORS, STRIDES, strict=True)
        return torch.cat(
            [decode_level(head, anchors, stride) for head, anchors, stride in levels], 1
        )


def decode_level(head: Tensor, anchors: tuple[tuple[float, float], ...], stride: int) -> Tensor:
    """
    Decode one head after its sigmoid s, for the cell (x, y) and an anchor (aw, ah).

    cx = (2 s0 - 0.5 + x) * stride, w = (2 s2)² * aw; cy and h likewise.

    :param head: (B, 3 * (5 + nc), H, W).
    :returns: (B, 3 * H * W, 5 + nc), ordered by anchor, row and column.
    """
    values, (height, width) = head.shape[1] // ANCHORS_PER_CELL, head.shape[2:]
    s = head.view(-1, ANCHORS_PER_CELL, values, height, width).permute(0, 1, 3, 4, 2)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    cells = torch.stack([columns, rows], -1).to(s) - 0.5
    sizes = s.new_tensor(anchors).view(1, -1, 1, 1, 2)
    boxes = [(2 * s[..., :2] + cells) * stride, (2 * s[..., 2:4]) ** 2 * sizes]
    return torch.cat([*boxes, s[..., 4:]], -1).reshape(
        -1, ANCHORS_PER_CELL * height * width, values
    )


def _doubled(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2.0, mode='nearest')
