# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop."""

from __future__ import annotations

from collections.abc import Callable
import copy
from dataclasses import asdict, dataclass
import json
import math
from pathlib import Path
import time

import torch
from torch import Tensor

from scripts.train_demo.average_precision import average_precision
from scripts.train_demo.data import augment, MAX_TARGETS, Pool, prepare, Scenes
from scripts.train_demo.loss import detection_loss
from scripts.train_demo.network import DecodedNet, DemoNet
from yolotrt_ros.core.decode import decode_yolov5
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.nms import nms
from yolotrt_ros.demo import CLASS_NAMES, Frame, HELD_OUT_SEED, render_scene

VALIDATION_SEED = HELD_OUT_SEED - 100_000
"""Scenes for the curve in the log: textures of training, layouts never trained on."""


@dataclass(frozen=True)
class Recipe:
    """
    All that decides the outcome.

    :param scenes: seeds 0 to scenes - 1 are trained on.
    :param first_scenes: rendered before the first step; the rest join evenly until three quarters
        of the steps are done.
    """

    steps: int = 26_000
    batch: int = 128
    scenes: int = 130_000
    first_scenes: int = 8_000
    learning_rate: float = 3e-3
    warm_up: int = 1_000
    weight_decay: float = 0.02
    average_over: int = 2_000
    validation_scenes: int = 200
    validate_every: int = 4_000
    width: int = 640
    height: int = 384
    seed: int = 1

    def available(self, step: int) -> int:
        """Return how many scenes the batch of a step is drawn from."""
        share = min(step / (0.75 * self.steps), 1.0)
        return int(self.first_scenes + share * (self.scenes - self.first_scenes))

    def rate(self, step: int) -> float:
        """Return the learning rate: a linear start, then half a cosine (Loshchilov, 2017)."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        progress = (step - self.warm_up) / max(self.steps - self.warm_up, 1)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


class Trainer:
    """
    One training.

    :param out: folder for log.jsonl and checkpoint.pt.
    :param workers: processes that render.
    :param start: a checkpoint to go on from, with a new schedule.
    """

    def __init__(
        self,
        recipe: Recipe,
        out: Path,
        device: torch.device,
        workers: int,
        start: Path | None = None,
    ) -> None:
        torch.manual_seed(recipe.seed)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
        self._recipe, self._out, self._device = recipe, out, device
        self._log = (out / 'log.jsonl').open('a', buffering=1)
        self._write(recipe=asdict(recipe), device=_name(device), torch=torch.__version__)
        self._network = DemoNet(len(CLASS_NAMES)).to(device, memory_format=torch.channels_last)
        if start:
            self._network.load_state_dict(torch.load(start, map_location=device))
        shape = (recipe.batch, 3, recipe.height, recipe.width)
        self._gradients = Gradients(self._network, shape, device)
        scenes = Scenes(0, recipe.scenes, recipe.width, recipe.height)
        self._pool = Pool(scenes, device, workers)
        self._average = copy.deepcopy(self._network).eval().requires_grad_(False)
        self._optimizer = torch.optim.AdamW(
            _groups(self._network, recipe), fused=device.type == 'cuda'
        )
        self._generator = torch.Generator(device).manual_seed(recipe.seed)
        self._truths = [
            render_scene(VALIDATION_SEED + i, recipe.width, recipe.height)
            for i in range(recipe.validation_scenes)
        ]

    def run(self) -> DemoNet:
        """Train to the end; return the averaged network."""
        start, window = time.monotonic(), torch.zeros(3, device=self._device)
        self._pool.wait_for(self._recipe.first_scenes)
        self._write(step=0, rendered=self._pool.ready, seconds=time.monotonic() - start)
        for step in range(1, self._recipe.steps + 1):
            window += self._step(step - 1)
            if step % 250 == 0:
                box, objectness, classes = (window / 250).tolist()
                window.zero_()
                self._write(
                    step=step,
                    rate=self._recipe.rate(step),
                    box=round(box, 4),
                    objectness=round(objectness, 4),
                    classes=round(classes, 4),
                    available=self._recipe.available(step),
                    rendered=self._pool.ready,
                    seconds=round(time.monotonic() - start, 1),
                )
            if step % self._recipe.validate_every == 0 or step == self._recipe.steps:
                self._validate(step)
                torch.save(self._average.state_dict(), self._out / 'checkpoint.pt')
        return self._average

    def _step(self, step: int) -> Tensor:
        """Draw a batch, follow its gradient; return the three losses (3,)."""
        available = self._recipe.available(step)
        self._pool.wait_for(available)
        indices = torch.randint(
            available, (self._recipe.batch,), device=self._device, generator=self._generator
        )
        images, targets = self._pool.batch(indices)
        losses = self._gradients(*augment(prepare(images), targets, self._generator))
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 10.0)
        for group in self._optimizer.param_groups:
            group['lr'] = self._recipe.rate(step)
        self._optimizer.step()
        self._follow(step)
        return losses

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        """Move the averaged network a little towards the present one."""
        share = 1 / min(step + 1, self._recipe.average_over)
        mean, now = (list(net.state_dict().values()) for net in (self._average, self._network))
        floats = [index for index, tensor in enumerate(mean) if tensor.is_floating_point()]
        torch._foreach_lerp_([mean[i] for i in floats], [now[i] for i in floats], share)

    def _validate(self, step: int) -> None:
        detect = detector(self._average, self._device)
        scores = average_precision(self._truths, [detect(frame) for frame in self._truths])
        self._write(step=step, mAP50=scores['mAP50'], mAP50_95=scores['mAP50-95'])

    def _write(self, **values: object) -> None:
        self._log.write(line := json.dumps(values) + '\n')
        print(line, end='', flush=True)


class Gradients:
    """
    The forward and backward pass, which leaves its result in the parameters' gradients.

    A GPU runs these 1,500 small kernels faster than Python can start them, so they are recorded
    once as a CUDA graph.

    :param shape: of the images, (B, 3, H, W).
    """

    def __init__(
        self, network: DemoNet, shape: tuple[int, int, int, int], device: torch.device
    ) -> None:
        self._network = network
        images = torch.rand(shape, device=device)
        self._images = images.contiguous(memory_format=torch.channels_last)
        self._targets = torch.ones((shape[0], MAX_TARGETS, 5), device=device)
        self._graph: torch.cuda.CUDAGraph | None = None
        if self._images.is_cuda:
            self._record()

    def __call__(self, images: Tensor, targets: Tensor) -> Tensor:
        """Return the three losses (3,) of a prepared batch."""
        self._images.copy_(images)
        self._targets.copy_(targets)
        if self._graph is None:
            self._pass()
        else:
            self._graph.replay()
        return self._losses

    def _record(self) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # the first passes choose algorithms and allocate
            for _ in range(3):
                self._pass()
        torch.cuda.current_stream().wait_stream(stream)
        self._network.zero_grad()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._pass()
        self._graph = graph

    def _pass(self) -> None:
        self._network.zero_grad()
        with torch.autocast(self._images.device.type, torch.bfloat16, cache_enabled=False):
            heads = self._network(self._images)
        losses = detection_loss(heads, self._targets)
        losses.sum().backward()
        self._losses = losses.detach()


def detector(network: DemoNet, device: torch.device) -> Callable[[Frame], Detections]:
    """Return a function that finds the objects of a frame with a network in training."""
    decoded = DecodedNet(network).eval()

    @torch.no_grad()
    def detect(frame: Frame) -> Detections:
        images = prepare(torch.from_numpy(frame.image_bgr)[None].to(device))
        rows = decoded(images.contiguous(memory_format=torch.channels_last))[0].cpu().numpy()
        return nms(decode_yolov5(rows, 0.01), iou_threshold=0.6, max_detections=100)

    return detect


def _groups(network: DemoNet, recipe: Recipe) -> list[dict[str, object]]:
    """Let weight decay pull at the kernels only, not at biases and normalisation."""
    kernels = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [
        {'params': kernels, 'weight_decay': recipe.weight_decay},
        {'params': others, 'weight_decay': 0.0},
    ]


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == 'cuda' else 'CPU'
