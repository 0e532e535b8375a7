# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognising a network by the shapes of its outputs, and what is said where none fits."""

import numpy as np
import pytest

from yolotrt_ros.core.errors import ModelError
from yolotrt_ros.core.heads import Head, num_cells, PLUGIN_OUTPUTS, recognise

ANCHORS = tuple(float(size) for size in range(10, 28))
STRIDES = (8, 16, 32)


def zeros(**shapes):
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def counted(names=('n', 'boxes', 'scores', 'classes'), *, batch=1, rows=100, dtype=np.float32):
    """Make counts, boxes, scores and classes that hold nothing but rubbish."""
    return {
        names[0]: np.full((batch, 1), -7, np.int32),
        names[1]: np.full((batch, rows, 4), np.nan, dtype),
        names[2]: np.full((batch, rows), np.nan, dtype),
        names[3]: np.full((batch, rows), -7, np.int32),
    }


def end_to_end(rows=300, *, batch=1, class_id=3, dtype=np.float32):
    outputs = np.zeros((batch, rows, 6), dtype)
    outputs[..., 5] = class_id
    return {'output0': outputs}


def raw_heads(network_wh, num_classes, *, strides=STRIDES, fill=0.5):
    width, height = network_wh
    channels = 3 * (5 + num_classes)
    return {
        f'p{stride}': np.full((1, channels, height // stride, width // stride), fill, np.float32)
        for stride in strides
    }


@pytest.mark.parametrize(
    ('network_wh', 'strides', 'cells'),
    [
        ((32, 32), STRIDES, 16 + 4 + 1),
        ((640, 640), STRIDES, 8400),
        ((640, 384), STRIDES, 5040),
        ((1280, 1280), (8, 16, 32, 64), 34000),
    ],
)
def test_cells_of_all_levels_are_counted(network_wh, strides, cells):
    assert num_cells(network_wh, strides) == cells


@pytest.mark.parametrize(
    ('shape', 'network_wh', 'head', 'num_classes', 'strides'),
    [
        ((1, 63, 6), (32, 32), Head.YOLOV5, 1, STRIDES),  # one class
        ((1, 25200, 85), (640, 640), Head.YOLOV5, 80, STRIDES),  # YOLOv5, YOLOv7
        ((4, 15120, 85), (640, 384), Head.YOLOV5, 80, STRIDES),  # a batch, not square
        ((1, 102000, 85), (1280, 1280), Head.YOLOV5, 80, (8, 16, 32, 64)),  # YOLOv5n6
        ((1, 5, 21), (32, 32), Head.YOLOV8, 1, STRIDES),  # one class
        ((1, 84, 8400), (640, 640), Head.YOLOV8, 80, STRIDES),  # YOLOv8, YOLO11
        ((1, 84, 34000), (1280, 1280), Head.YOLOV8, 80, (8, 16, 32, 64)),  # YOLOv8-p6
    ],
)
def test_decoded_output_is_recognised(shape, network_wh, head, num_classes, strides):
    layout = recognise(zeros(output0=shape), network_wh)
    assert layout.head is head
    assert layout.num_classes == num_classes
    assert layout.output_names == ('output0',)
    assert layout.strides == strides
    assert layout.anchors is None


def test_the_decoded_output_is_found_among_others():
    outputs = zeros(a=(1, 3, 4, 4, 7), b=(1, 3, 2, 2, 7), output=(1, 63, 7), c=(1, 3, 1, 1, 7))
    layout = recognise(outputs, (32, 32))
    assert layout.head is Head.YOLOV5
    assert layout.output_names == ('output',)


def test_name_of_the_output_does_not_matter():
    assert recognise(zeros(anything=(1, 63, 6)), (32, 32)).output_names == ('anything',)


@pytest.mark.parametrize('network_wh', [(32, 32), (640, 640), (640, 384), (96, 320)])
def test_raw_heads_are_recognised_finest_level_first(network_wh):
    outputs = raw_heads(network_wh, 2)
    reordered = {name: outputs[name] for name in ('p32', 'p8', 'p16')}
    layout = recognise(reordered, network_wh, anchors=ANCHORS)
    assert layout.head is Head.RAW_HEADS
    assert layout.num_classes == 2
    assert layout.output_names == ('p8', 'p16', 'p32')
    assert layout.strides == STRIDES
    assert layout.anchors.dtype == np.float32
    np.testing.assert_array_equal(layout.anchors, np.reshape(ANCHORS, (3, 3, 2)))


def test_raw_heads_of_four_levels_take_twenty_four_anchor_sizes():
    outputs = raw_heads((128, 128), 1, strides=(8, 16, 32, 64))
    layout = recognise(outputs, (128, 128), anchors=range(24))
    assert layout.strides == (8, 16, 32, 64)
    assert layout.anchors.shape == (4, 3, 2)


@pytest.mark.parametrize(
    ('value', 'has_sigmoid'),
    [
        (0.0, True),
        (1.0, True),
        (0.5, True),
        (-0.001, False),
        (1.001, False),
        (np.nan, False),
        (-np.inf, False),
    ],
)
def test_one_value_outside_0_to_1_makes_the_heads_logits(value, has_sigmoid):
    outputs = raw_heads((64, 64), 2)
    outputs['p32'][0, 3, 1, 1] = value
    assert recognise(outputs, (64, 64), anchors=ANCHORS).has_sigmoid is has_sigmoid


@pytest.mark.parametrize('anchors', [(), ANCHORS[:12], (*ANCHORS, 1.0, 2.0)])
def test_raw_heads_without_their_anchors_say_how_many_are_needed(anchors):
    message = (
        rf'the outputs p8, p16, p32 are raw heads and need 18 anchor sizes .* but {len(anchors)} '
        'came; export .* or set the parameter anchors'
    )
    with pytest.raises(ModelError, match=message):
        recognise(raw_heads((64, 64), 2), (64, 64), anchors=anchors)


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize(('batch', 'rows'), [(1, 1), (1, 63), (4, 25200)])
def test_outputs_of_the_decode_plugin_are_recognised_by_their_names(batch, rows, dtype):
    outputs = counted(PLUGIN_OUTPUTS, batch=batch, rows=rows, dtype=dtype)
    reversed_outputs = dict(reversed(outputs.items()))
    layout = recognise(reversed_outputs, (32, 32), num_classes=80)
    assert layout.head is Head.PLUGIN
    assert layout.num_classes == 80
    assert layout.output_names == PLUGIN_OUTPUTS
    assert layout.head.holds_class_ids
    assert not layout.head.is_suppressed


def test_outputs_of_the_decode_plugin_are_found_beside_the_heads():
    outputs = raw_heads((64, 64), 2) | counted(PLUGIN_OUTPUTS)
    assert recognise(outputs, (64, 64), num_classes=2).head is Head.PLUGIN


@pytest.mark.parametrize(
    'names',
    [
        ('num_detections', 'detection_boxes', 'detection_scores', 'detection_classes'),
        ('num_dets', 'det_boxes', 'det_scores', 'det_classes'),  # YOLOv7's exporter
    ],
)
@pytest.mark.parametrize('batch', [1, 4])
def test_outputs_of_efficient_nms_are_recognised_in_any_order(names, batch):
    outputs = counted(names, batch=batch)
    reordered = {name: outputs[name] for name in sorted(outputs)}
    layout = recognise(reordered, (640, 640), num_classes=3)
    assert layout.head is Head.EFFICIENT_NMS
    assert layout.output_names == names
    assert layout.num_classes == 3
    assert layout.head.is_suppressed


@pytest.mark.parametrize(('batch', 'rows'), [(1, 300), (8, 100), (1, 1000), (1, 0)])
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_rows_that_end_in_a_class_id_are_end_to_end(batch, rows, dtype):
    outputs = end_to_end(rows, batch=batch, dtype=dtype)
    layout = recognise(outputs, (640, 640), num_classes=80)
    assert layout.head is Head.END_TO_END
    assert layout.output_names == ('output0',)
    assert layout.num_classes == 80
    assert layout.head.is_suppressed


def test_six_columns_for_each_anchor_are_a_class_score_not_a_class_id():
    assert recognise(end_to_end(63), (32, 32), num_classes=9).head is Head.YOLOV5


@pytest.mark.parametrize(
    'outputs', [counted(PLUGIN_OUTPUTS), counted(), end_to_end()], ids=['plugin', 'nms', 'rows']
)
def test_class_ids_need_the_number_of_classes(outputs):
    message = rf'the outputs {", ".join(outputs)} hold class ids, .* set the parameter class_names'
    with pytest.raises(ModelError, match=message):
        recognise(outputs, (640, 640))


def test_class_scores_tell_their_number_themselves():
    layout = recognise(zeros(output0=(1, 63, 6)), (32, 32), num_classes=80)
    assert layout.num_classes == 1
    assert not layout.head.holds_class_ids


@pytest.mark.parametrize(
    'outputs',
    [
        pytest.param({}, id='no output'),
        pytest.param(zeros(a=(1, 85, 22, 22)), id='one raw head (FastestDet)'),
        pytest.param(end_to_end(1001), id='too many rows to be suppressed'),
        pytest.param(end_to_end(class_id=0.5), id='a score where the class id belongs'),
        pytest.param(end_to_end(class_id=-2), id='negative class ids'),
        pytest.param(end_to_end(class_id=np.nan), id='class ids that are not numbers'),
        pytest.param(zeros(a=(1, 63, 5)), id='rows without a class score'),
        pytest.param(zeros(a=(1, 4, 21)), id='columns without a class score'),
        pytest.param(zeros(a=(1, 64, 7)), id='one row too many'),
        pytest.param(zeros(a=(63, 6)), id='no batch'),
        pytest.param(zeros(a=(1, 1000)), id='a classifier'),
        pytest.param(
            zeros(n=(1, 1), boxes=(1, 100, 4), scores=(1, 100), classes=(1, 100)),
            id='counts and classes that are no integers',
        ),
        pytest.param(
            counted() | {'n': np.zeros((1, 2), np.int32)}, id='more than one count an image'
        ),
        pytest.param(
            counted() | {'scores': np.zeros((1, 99), np.float32)}, id='fewer scores than boxes'
        ),
        pytest.param(counted() | zeros(e=(1, 2, 3)), id='a fifth output'),
        pytest.param(zeros(a=(1, 21, 4, 4), b=(1, 18, 2, 2), c=(1, 21, 1, 1)), id='channels'),
        pytest.param(zeros(a=(1, 20, 4, 4), b=(1, 20, 2, 2), c=(1, 20, 1, 1)), id='not 3 anchors'),
        pytest.param(zeros(a=(1, 15, 4, 4), b=(1, 15, 2, 2), c=(1, 15, 1, 1)), id='no classes'),
        pytest.param(zeros(a=(1, 21, 4, 2), b=(1, 21, 2, 1), c=(1, 21, 1, 1)), id='aspect ratio'),
        pytest.param(zeros(a=(1, 21, 4, 4), b=(1, 21, 4, 4)), id='the same level twice'),
    ],
)
def test_unknown_layout_shows_what_came_and_what_is_supported(outputs):
    with pytest.raises(ModelError) as caught:
        recognise(outputs, (32, 32), anchors=ANCHORS)
    text = str(caught.value)
    for name, values in outputs.items():
        assert f'{name} {list(values.shape)}' in text
    assert 'for an input of 32x32 pixels' in text
    for head in Head:
        assert f'{head.name}: {head.value}' in text
    assert 'A = 63 (YOLOV5) or 21 (YOLOV8)' in text
    assert 'export the network with one of these outputs' in text
