# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training code on a few small scenes; the real training takes a GPU and a quarter hour."""

import json
import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs PyTorch, which users do not')
pytest.importorskip('onnx', reason='the export needs onnx')
pytest.importorskip('pycocotools', reason='validation needs pycocotools')

from scripts.train_demo.average_precision import average_precision  # noqa: E402
from scripts.train_demo.export import export, fused_copy  # noqa: E402
from scripts.train_demo.loss import ciou, detection_loss  # noqa: E402
from scripts.train_demo.network import DecodedNet, DemoNet, HeadsNet  # noqa: E402
from scripts.train_demo.train import Recipe, Trainer  # noqa: E402
from yolotrt_ros.core.detections import Detections  # noqa: E402
from yolotrt_ros.cpu.session import OnnxSession  # noqa: E402
from yolotrt_ros.demo import render_scene  # noqa: E402


def logit(probability):
    return math.log(probability / (1 - probability))


def test_network_is_small_enough():
    assert sum(parameter.numel() for parameter in DemoNet(8).parameters()) <= 1_200_000


@pytest.mark.parametrize(
    ('box', 'expected'),
    [
        pytest.param([50.0, 50, 20, 10], 1.0, id='same box'),
        # IoU 1/3, centres 10 apart, diagonal² 30² + 10²: 1/3 - 100/1000
        pytest.param([60.0, 50, 20, 10], 1 / 3 - 0.1, id='half a width aside'),
    ],
)
def test_ciou_by_hand(box, expected):
    truth = torch.tensor([50.0, 50, 20, 10])
    assert ciou(torch.tensor(box), truth).item() == pytest.approx(expected, abs=1e-5)


def test_loss_is_nearly_nothing_for_a_perfect_answer():
    heads = [torch.full((1, 39, size, size * 2), -12.0) for size in (16, 8, 4)]
    targets = torch.full((1, 2, 5), -1.0)
    targets[..., 1:] = 1
    # Centre of cell (5, 3) of the finest level, exactly the size of its first anchor, class 2.
    targets[0, 0] = torch.tensor([2.0, 5.4 * 8, 3.4 * 8, 33, 38])
    for anchor, (width, height) in enumerate([(17, 22), (33, 38), (72, 24)]):
        for x, y in ((5, 3), (4, 3), (5, 2)):
            cell = heads[0][0].view(3, 13, 16, 32)[anchor, :, y, x]
            cell[0], cell[1] = logit((5.4 - x + 0.5) / 2), logit((3.4 - y + 0.5) / 2)
            cell[2] = logit(math.sqrt(33 / width) / 2)
            cell[3] = logit(math.sqrt(38 / height) / 2)
            cell[4] = cell[7] = 12.0
    box, objectness, _ = detection_loss(tuple(h.clone() for h in heads[:1]), targets)
    assert box < 1e-3
    assert objectness < 1e-2


def test_loss_falls_when_a_batch_is_learnt():
    torch.manual_seed(0)
    network = DemoNet(8).train()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    images = torch.rand(2, 3, 96, 160)
    targets = torch.full((2, 3, 5), -1.0)
    targets[..., 1:] = 1
    targets[:, 0] = torch.tensor([3.0, 70, 40, 30, 40])
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = detection_loss(network(images), targets).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_export_keeps_what_the_network_says(tmp_path):
    torch.manual_seed(0)
    network = DemoNet(8).eval()
    export(network, tmp_path)
    images = torch.rand(1, 3, 384, 640)
    with torch.no_grad():
        decoded = DecodedNet(fused_copy(network))(images).numpy()
        heads = [head.numpy() for head in HeadsNet(network)(images)]
    (from_file,) = OnnxSession(tmp_path / 'demo.onnx').run(images.numpy())
    np.testing.assert_allclose(from_file, decoded, rtol=0.02, atol=0.02)  # weights are float16
    for head, expected in zip(
        OnnxSession(tmp_path / 'demo_heads.onnx').run(images.numpy()), heads, strict=True
    ):
        np.testing.assert_allclose(head, expected, atol=5e-3)


def test_perfect_detections_have_average_precision_1():
    frames = [render_scene(seed, 320, 192) for seed in range(4)]
    found = [
        Detections(f.boxes_xyxy, np.full(len(f.class_ids), 0.9, np.float32), f.class_ids)
        for f in frames
    ]
    assert average_precision(frames, found)['mAP50-95'] == 1.0
    assert average_precision(frames, [Detections.empty()] * 4)['mAP50'] == 0.0


def test_a_short_training_writes_log_and_checkpoint(tmp_path):
    recipe = Recipe(
        steps=2,
        batch=2,
        scenes=4,
        first_scenes=4,
        warm_up=1,
        validation_scenes=1,
        validate_every=2,
        width=160,
        height=96,
    )
    Trainer(recipe, tmp_path, torch.device('cpu'), workers=0).run()
    lines = [json.loads(line) for line in (tmp_path / 'log.jsonl').read_text().splitlines()]
    assert lines[0]['recipe']['steps'] == 2
    assert 'mAP50_95' in lines[-1]
    assert (tmp_path / 'checkpoint.pt').exists()


def test_a_scene_joins_only_when_its_step_has_come():
    recipe = Recipe(steps=100, scenes=1000, first_scenes=100)
    assert [recipe.available(step) for step in (0, 75, 100)] == [100, 1000, 1000]
