# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import ast
import json

import numpy as np
import pytest

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.decode import decode_raw_heads, decode_yolov5
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.host_pipeline import open_onnx
from yolotrt_ros.cpu.session import OnnxSession
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL, HEADS_MODEL, HELD_OUT_SEED, render_scene

pytest.importorskip('onnxruntime', reason='the demo networks run with ONNX Runtime')

MODELS = [pytest.param(DECODED_MODEL, id='decoded'), pytest.param(HEADS_MODEL, id='heads')]
NUM_CANDIDATES = 3 * (48 * 80 + 24 * 40 + 12 * 20)


@pytest.fixture(scope='module')
def held_out():
    return [render_scene(HELD_OUT_SEED + index) for index in range(12)]


def network_input(frame):
    return np.ascontiguousarray(
        frame.image_bgr[None, ..., ::-1].transpose(0, 3, 1, 2)
    ) / np.float32(255)


@pytest.mark.parametrize('path', MODELS)
def test_is_small_and_says_what_it_is(path):
    assert path.stat().st_size < 3_000_000
    session = OnnxSession(path)
    assert session.network_wh == (640, 384)
    assert session.batch is None
    names = ast.literal_eval(session.metadata['names'])
    assert names == dict(enumerate(CLASS_NAMES))
    assert ast.literal_eval(session.metadata['stride']) == [8, 16, 32]
    assert np.shape(json.loads(session.metadata['anchors'])) == (3, 3, 2)
    assert session.metadata['license'] == 'Apache-2.0'


def test_outputs_have_the_documented_shapes_for_any_batch():
    tensor = np.zeros((2, 3, 384, 640), np.float32)
    (decoded,) = OnnxSession(DECODED_MODEL).run(tensor)
    assert decoded.shape == (2, NUM_CANDIDATES, 13)
    shapes = [head.shape for head in OnnxSession(HEADS_MODEL).run(tensor)]
    assert shapes == [(2, 39, 48, 80), (2, 39, 24, 40), (2, 39, 12, 20)]


def test_decoded_network_equals_the_heads_and_the_reference_decoder(held_out):
    tensor = network_input(held_out[0])
    (decoded,) = OnnxSession(DECODED_MODEL).run(tensor)
    session = OnnxSession(HEADS_MODEL)
    anchors = np.array(json.loads(session.metadata['anchors']), np.float32)
    from_heads = decode_raw_heads(
        [head[0] for head in session.run(tensor)], anchors, (8, 16, 32), 0.1
    )
    expected = decode_yolov5(decoded[0], 0.1)
    assert len(expected) > 5
    np.testing.assert_array_equal(from_heads.class_ids, expected.class_ids)
    np.testing.assert_allclose(from_heads.scores, expected.scores, atol=1e-5)
    np.testing.assert_allclose(from_heads.boxes_xyxy, expected.boxes_xyxy, atol=1e-2)


@pytest.mark.parametrize('path', MODELS)
def test_finds_objects_in_arenas_it_never_saw(path, held_out):
    pipeline = open_onnx(DetectorConfig(onnx_path=str(path)))
    selection = Selection(score_threshold=0.4, iou_threshold=0.6, max_detections=100)
    wanted = hits = claims = 0
    for frame in held_out:
        (found,) = pipeline.detect([ImageView.from_array(frame.image_bgr)], selection)
        fits = overlaps(found.boxes_xyxy, frame.boxes_xyxy) > 0.5
        fits &= found.class_ids[:, None] == frame.class_ids[None]
        wanted += np.count_nonzero(~frame.ignored)
        hits += np.count_nonzero(fits.any(axis=0) & ~frame.ignored)
        claims += np.count_nonzero(~fits.any(axis=1))
    assert wanted > 40
    assert hits >= 0.85 * wanted
    assert claims <= 0.2 * wanted


def overlaps(first, second):
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    return common / (areas[0][:, None] + areas[1][None] - common)
