# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The CPU pipeline from frames to detections, over tiny networks whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest

from test import networks
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError, ModelError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.host_pipeline import open_onnx

pytest.importorskip('onnxruntime')
NAMES = {'names': "{0: 'ball', 1: 'cone', 2: 'cup'}"}
# The network sees a ball as surely as the image is bright, and a cup for certain.
BALL, CUP = (20, 30, 10, 20, 0, 1, 0, 0), (50, 50, 8, 8, 0.5, 0, 0, 1)
TABLE = networks.yolov5_table([BALL, CUP])


def write_yolov5(path, table=TABLE, **details):
    details.setdefault('metadata', NAMES)
    outputs = {'output0': (table, networks.objectness_mask(table))}
    return networks.brightness_network(path, outputs, **details)


def open_pipeline(path, **parameters):
    return open_onnx(DetectorConfig(onnx_path=str(path), **parameters))


def scores_of(detections):
    """Return class id to score of detections, at most one of each class."""
    assert len(set(detections.class_ids)) == len(detections)
    return dict(zip(detections.class_ids.tolist(), detections.scores.tolist(), strict=True))


def test_pipeline_says_what_it_has_loaded(tmp_path):
    path = write_yolov5(tmp_path / 'tiny.onnx')
    info = open_pipeline(path).info
    assert info.model_path == str(path)
    assert info.backend.startswith('ONNX Runtime ')
    assert info.network_wh == (64, 64)
    assert info.max_batch == 1
    assert info.class_names == ('ball', 'cone', 'cup')
    assert info.head == 'YOLOV5'


def test_detect_returns_no_boxes_for_black_image(tmp_path, plain_frame, selection):
    path = write_yolov5(tmp_path / 'tiny.onnx', networks.yolov5_table([BALL]))
    [found] = open_pipeline(path).detect([plain_frame(0)], selection)
    assert len(found) == 0


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_boxes_come_in_pixels_of_the_frame(dtype, tmp_path, plain_frame, selection):
    pipeline = open_pipeline(write_yolov5(tmp_path / 'tiny.onnx', dtype=dtype))
    [found] = pipeline.detect([plain_frame(204, side=256)], selection)  # brightness 0.8
    assert found.class_ids.tolist() == [0, 2]
    np.testing.assert_allclose(found.scores, [0.8, 0.5], atol=1e-3)
    # The frame is four times as large as the network's input.
    np.testing.assert_allclose(found.boxes_xyxy, [[60, 80, 100, 160], [184, 184, 216, 216]])


def test_boxes_are_moved_out_of_the_padding_and_clipped(tmp_path, selection):
    pipeline = open_pipeline(write_yolov5(tmp_path / 'tiny.onnx'))
    wide = ImageView.from_array(np.full((16, 64, 3), 255, np.uint8))  # 24 rows of padding above
    [found] = pipeline.detect([wide], selection)
    # The ball's box, rows 20 to 40 of the input, begins above the picture; the cup is below it.
    assert found.class_ids.tolist() == [0]
    np.testing.assert_allclose(found.boxes_xyxy, [[15, 0, 25, 16]])


def test_boxes_are_measured_in_pixels_of_the_frame(tmp_path, plain_frame, selection):
    pipeline = open_pipeline(write_yolov5(tmp_path / 'tiny.onnx'))
    # Four times as large as in the network: the ball is 40 x 80, the cup 32 x 32.
    for min_box_size, class_ids in ((32, [0, 2]), (33, [0]), (41, [])):
        rules = replace(selection, min_box_size=min_box_size)
        [found] = pipeline.detect([plain_frame(204, side=256)], rules)
        assert found.class_ids.tolist() == class_ids


def test_yolov8_layout_gives_the_same_as_yolov5(tmp_path, plain_frame, selection):
    columns = np.zeros((4 + 3, 84), np.float32)
    columns[:4, 5], columns[4, 5] = BALL[:4], 0.75
    columns[:4, 9], columns[6, 9] = CUP[:4], 0.5
    path = networks.brightness_network(
        tmp_path / 'v8.onnx', {'output0': (columns, columns * 0)}, metadata=NAMES
    )
    table = networks.yolov5_table([(*BALL[:4], 0.75, 1, 0, 0), CUP])
    v8, v5 = open_pipeline(path), open_pipeline(write_yolov5(tmp_path / 'v5.onnx', table))
    assert v8.info.head == 'YOLOV8'
    [ours], [expected] = (p.detect([plain_frame(99, 256)], selection) for p in (v8, v5))
    assert len(ours) == 2
    np.testing.assert_array_equal(ours.boxes_xyxy, expected.boxes_xyxy)
    np.testing.assert_array_equal(ours.scores, expected.scores)
    np.testing.assert_array_equal(ours.class_ids, expected.class_ids)


@pytest.mark.parametrize('batch', [3, 'batch'], ids=['fixed batch', 'open batch'])
def test_each_frame_of_a_batch_gets_its_own_detections(batch, tmp_path, plain_frame, selection):
    path = write_yolov5(tmp_path / 'tiny.onnx', input_shape=(batch, 3, 64, 64))
    pipeline = open_pipeline(path, max_batch=3)
    assert pipeline.info.max_batch == 3
    for levels in [(255, 128, 64), (64, 255), (128,), (0, 255, 0)]:
        frames = [plain_frame(level, side=64 + level) for level in levels]
        found = pipeline.detect(frames, selection)
        assert len(found) == len(levels)
        for level, detections in zip(levels, found, strict=True):
            expected = {2: 0.5} | ({0: level / 255} if level >= 64 else {})
            assert scores_of(detections) == pytest.approx(expected, abs=1e-4)


def test_fixed_batch_goes_before_the_parameter(tmp_path):
    path = write_yolov5(tmp_path / 'tiny.onnx', input_shape=(3, 3, 64, 64))
    assert open_pipeline(path, max_batch=8).info.max_batch == 3


@pytest.mark.parametrize('network_wh', [(64, 64), (96, 64), (320, 160)])
def test_open_size_is_that_of_the_parameters(network_wh, tmp_path, rng, selection):
    weights = networks.HeadWeights.random(rng, num_classes=2)
    path = networks.raw_heads_network(tmp_path / 'open.onnx', weights, has_sigmoid=True)
    anchors = tuple(networks.ANCHORS.ravel().tolist())
    pipeline = open_pipeline(
        path, anchors=anchors, network_width=network_wh[0], network_height=network_wh[1]
    )
    assert pipeline.info.network_wh == network_wh
    [found] = pipeline.detect([random_frame(rng)], selection)
    assert found.boxes_xyxy.shape[1] == 4


def test_size_of_the_network_goes_before_the_parameters(tmp_path):
    path = write_yolov5(tmp_path / 'tiny.onnx')
    pipeline = open_pipeline(path, network_width=320, network_height=320)
    assert pipeline.info.network_wh == (64, 64)


def random_frame(rng, width=150, height=100):
    return ImageView.from_array(rng.integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize('source', ['metadata', 'parameter'])
@pytest.mark.parametrize('has_sigmoid', [True, False], ids=['sigmoids', 'logits'])
def test_raw_heads_give_the_same_as_the_decoded_network(has_sigmoid, source, tmp_path, rng):
    network_wh = (96, 64)
    weights = networks.HeadWeights.random(rng, num_classes=4)
    anchors = networks.ANCHORS.tolist()
    raw = open_pipeline(
        networks.raw_heads_network(
            tmp_path / 'raw.onnx',
            weights,
            has_sigmoid=has_sigmoid,
            order=(2, 0, 1),
            input_shape=('batch', 3, 64, 96),
            metadata={'anchors': str(anchors)} if source == 'metadata' else {},
        ),
        anchors=() if source == 'metadata' else tuple(np.ravel(anchors).tolist()),
    )
    decoded = open_pipeline(
        networks.decoded_heads_network(tmp_path / 'decoded.onnx', weights, network_wh)
    )
    assert (raw.info.head, decoded.info.head) == ('RAW_HEADS', 'YOLOV5')
    # Without suppression and with room for all, so that rounding cannot change what is kept.
    everything = Selection(0.0, 1.0, 10000)
    for _ in range(5):
        frames = [random_frame(rng), random_frame(rng, 64, 64)]
        pairs = zip(
            raw.detect(frames, everything), decoded.detect(frames, everything), strict=True
        )
        for ours, expected in pairs:
            # Boxes in the padding may be dropped by one and not by the other for a rounding.
            assert len(ours) == pytest.approx(len(expected), abs=2)
            assert len(ours) > 50
            found = np.column_stack([ours.boxes_xyxy, ours.scores, ours.class_ids])
            wanted = np.column_stack([expected.boxes_xyxy, expected.scores, expected.class_ids])
            distances = np.abs(found[:, np.newaxis] - wanted).max(axis=2).min(axis=1)
            assert np.count_nonzero(distances > 0.01) <= 2


def test_nan_is_counted_and_not_put_out(tmp_path, plain_frame, selection):
    table = TABLE.copy()
    table[100:103, 4] = np.nan
    table[103, :6] = 10, 10, np.inf, 4, 0.9, 0.9
    pipeline = open_pipeline(write_yolov5(tmp_path / 'nan.onnx', table))
    pipeline.warm_up()
    for _ in range(2):
        [found] = pipeline.detect([plain_frame(255)], selection)
        assert scores_of(found) == pytest.approx({0: 1.0, 2: 0.5})
        assert found.num_nonfinite == 4


def test_selection_may_change_from_call_to_call(tmp_path, plain_frame):
    pipeline = open_pipeline(write_yolov5(tmp_path / 'tiny.onnx'))
    for selection, expected in [
        (Selection(0.6, 0.45, 9), [0]),
        (Selection(0.4, 0.45, 9), [0, 2]),
        (Selection(0.4, 0.45, 1), [0]),
        (Selection(0.4, 0.45, 9, class_ids=frozenset({2})), [2]),
        (Selection(1.0, 0.45, 9), []),
    ]:
        [found] = pipeline.detect([plain_frame(204)], selection)
        assert found.class_ids.tolist() == expected


def test_stages_are_timed(tmp_path, plain_frame, selection):
    pipeline = open_pipeline(write_yolov5(tmp_path / 'tiny.onnx'))
    assert pipeline.stage_times == {}
    pipeline.detect([plain_frame(9)], selection)
    assert list(pipeline.stage_times) == ['preprocess', 'inference', 'postprocess']
    assert all(time_ms > 0 for time_ms in pipeline.stage_times.values())


def test_closing_twice_does_no_harm(tmp_path):
    pipeline = open_pipeline(write_yolov5(tmp_path / 'tiny.onnx'))
    pipeline.close()
    pipeline.close()


@pytest.mark.parametrize(
    ('metadata', 'expected'),
    [
        ({}, ('0', '1', '2')),
        ({'names': "{0: 'a', 1: 'b', 2: 'c'}"}, ('a', 'b', 'c')),
        ({'names': "['a', 'b', 'c']"}, ('a', 'b', 'c')),
    ],
)
def test_names_are_those_of_the_metadata(metadata, expected, tmp_path):
    path = write_yolov5(tmp_path / 'tiny.onnx', metadata=metadata)
    assert open_pipeline(path).info.class_names == expected


def test_names_of_a_file_or_the_parameters_go_before_the_metadata(tmp_path):
    path = write_yolov5(tmp_path / 'tiny.onnx')
    names = tmp_path / 'names.txt'
    names.write_text('x\ny\nz\n')
    from_file = open_pipeline(path, class_names_path=str(names))
    given = open_pipeline(path, class_names=('p', 'q', 'r'), class_names_path=str(names))
    assert from_file.info.class_names == ('x', 'y', 'z')
    assert given.info.class_names == ('p', 'q', 'r')


def test_wrong_number_of_names_is_refused(tmp_path):
    path = write_yolov5(tmp_path / 'tiny.onnx')
    with pytest.raises(ConfigError, match=r"'class_names' is \['a'\]: has 1 names.* 3 classes"):
        open_pipeline(path, class_names=('a',))
    path = write_yolov5(tmp_path / 'two.onnx', metadata={'names': "['a', 'b']"})
    with pytest.raises(ModelError, match='metadata names 2 classes, but the outputs hold 3'):
        open_pipeline(path)


def test_raw_heads_without_anchors_are_refused(tmp_path, rng):
    weights = networks.HeadWeights.random(rng, num_classes=1)
    path = networks.raw_heads_network(tmp_path / 'raw.onnx', weights, has_sigmoid=True)
    with pytest.raises(ModelError, match='are raw heads and need 18 anchor sizes'):
        open_pipeline(path, network_width=64, network_height=64)


def test_unknown_layout_is_refused_with_what_is_supported(test_data):
    path = test_data('models/fastestdet.onnx')
    with pytest.raises(ModelError) as caught:
        open_pipeline(path)
    text = str(caught.value)
    assert '758 [1, 85, 22, 22] for an input of 352x352 pixels' in text
    assert 'YOLOV5: [B, A, 5+nc]' in text
    assert 'A = 7623 (YOLOV5) or 2541 (YOLOV8)' in text


def test_open_size_that_no_stride_divides_is_explained(test_data, capfd):
    path = test_data('models/yolov5n_dynamic.onnx')
    with pytest.raises(ModelError, match='network_width and network_height must be multiples'):
        open_pipeline(path, network_width=650, network_height=640)
