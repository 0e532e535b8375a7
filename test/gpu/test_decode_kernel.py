# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Decoding on the device against its definition: the same candidates bit by bit, in any order.

Each test runs twice: on a GPU, and on the CPU with the very source of the kernels.
"""

import numpy as np
import pytest

from test.gpu.decode_runners import layout_of, OnCpu, OnGpu, random_outputs
from test.gpu.on_cpu import compile_for_cpu
from yolotrt_ros.core.decode import decode
from yolotrt_ros.core.errors import DetectionError, ModelError
from yolotrt_ros.core.heads import Head
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu import nms
from yolotrt_ros.gpu.candidates import CandidateArrays
from yolotrt_ros.gpu.decode import as_candidates, decode_defines
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.kernel_loader import load_module
from yolotrt_ros.gpu.memory import DeviceBuffer

HEADS = [head for head in Head if head is not Head.RAW_HEADS]
DTYPES = [np.float32, np.float16]
USUAL = Selection(0.25, 0.45, 300)


@pytest.fixture(scope='session')
def decode_libraries(tmp_path_factory):
    """Compile the source for each type of outputs."""
    return {
        np.dtype(dtype): compile_for_cpu(
            'decode_on_cpu.cpp',
            tmp_path_factory.mktemp(np.dtype(dtype).name),
            **decode_defines(np.dtype(dtype)),
        )
        for dtype in DTYPES
    }


@pytest.fixture(params=['cpu', pytest.param('gpu', marks=pytest.mark.gpu)])
def device(request):
    """Run the kernels here, and on a GPU."""
    if request.param == 'cpu':
        return OnCpu(request.getfixturevalue('decode_libraries'))
    return OnGpu(request.getfixturevalue('session'))


def sorted_rows(boxes_xyxy, scores, class_ids):
    """Return the rows as bytes, in an order of their own."""
    columns = [boxes_xyxy, scores[:, None], class_ids.astype(np.float32)[:, None]]
    rows = np.concatenate(columns, axis=1) + np.float32(0)  # one zero only
    return sorted(row.tobytes() for row in rows)


def assert_as_defined(device, outputs, head, num_classes, selection):
    layout, dtype = layout_of(head, num_classes), outputs[-2 if len(outputs) > 1 else 0].dtype
    counts, boxes, scores, class_ids, rejected = device.candidates_of(
        outputs, layout, selection, dtype
    )
    for image, count in enumerate(counts):
        expected = decode([output[image] for output in outputs], layout, selection.score_floor)
        assert count == len(expected)
        assert rejected[image] == expected.num_nonfinite
        found = (array[image, :count] for array in (boxes, scores, class_ids))
        assert sorted_rows(*found) == sorted_rows(
            expected.boxes_xyxy, expected.scores, expected.class_ids
        )


@pytest.mark.parametrize('dtype', DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize('num_classes', [1, 2, 7, 8, 9, 80])
@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_candidates_are_those_of_the_definition(device, head, num_classes, dtype, rng):
    for rows in (1, 31, 33, 255, 257, 600):
        outputs = random_outputs(rng, head, num_classes, rows=rows, dtype=dtype)
        for selection in (USUAL, Selection(0.0, 0.45, 300), Selection(0.7, 0.45, 300)):
            assert_as_defined(device, outputs, head, num_classes, selection)


@pytest.mark.parametrize('batch', [2, 5])
@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_images_of_a_batch_do_not_mix(device, head, batch, rng):
    outputs = random_outputs(rng, head, 3, batch=batch, rows=300)
    assert_as_defined(device, outputs, head, 3, USUAL)


@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_all_candidates_of_a_large_image_may_pass(device, head, rng):
    rows = 8400 if head is Head.YOLOV8 else 25200
    outputs = random_outputs(rng, head, 80, rows=rows)
    assert_as_defined(device, outputs, head, 80, Selection(0.0, 0.45, 300))


@pytest.mark.parametrize('dtype', DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_what_is_not_a_number_is_counted(device, head, dtype, rng):
    for probability in (0.002, 0.05, 1.0):
        outputs = random_outputs(rng, head, 5, batch=2, rows=700, dtype=dtype)
        for output in outputs:
            if output.dtype == dtype:
                spoiled = rng.uniform(0, 1, output.shape) < probability
                output[spoiled] = rng.choice([np.nan, np.inf, -np.inf], spoiled.sum())
        for selection in (USUAL, Selection(0.0, 0.45, 300)):
            assert_as_defined(device, outputs, head, 5, selection)


@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_rows_of_classes_that_the_network_does_not_have_are_counted(device, head, rng):
    if not head.holds_class_ids:
        pytest.skip('class scores have no other classes')
    outputs = random_outputs(rng, head, 5, rows=400)
    class_ids = outputs[-1][..., 5] if head is Head.END_TO_END else outputs[-1]
    spoiled = rng.uniform(0, 1, class_ids.shape) < 0.2
    class_ids[spoiled] = rng.choice([-1, 5, 2**30, -(2**31)], spoiled.sum())
    assert_as_defined(device, outputs, head, 5, USUAL)


@pytest.mark.parametrize('dtype', DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_scores_about_the_threshold_fall_on_the_side_of_the_definition(device, head, dtype, rng):
    threshold = float(rng.uniform(0.1, 0.9))
    selection = Selection(0.95, 0.45, 300, class_thresholds=((1, threshold),))
    outputs = random_outputs(rng, head, 2, rows=500, dtype=dtype)
    near = rng.choice([dtype(threshold)], 500)
    for step in range(-3, 4):
        places = rng.integers(0, 7, 500) == step + 3
        value = dtype(threshold)
        for _ in range(abs(step)):
            value = np.nextafter(value, dtype(np.sign(step) * 2))
        near[places] = value
    if head is Head.YOLOV5:
        outputs[0][0, :, 4] = near
        outputs[0][0, :, 5] = rng.choice([1, 1 - 2**-11, 1 - 2**-20], 500)
        outputs[0][0, :, 6] = 0
    elif head is Head.YOLOV8:
        outputs[0][0, 4], outputs[0][0, 5] = near, 0
    elif head is Head.END_TO_END:
        outputs[0][0, :, 4] = near
    else:
        outputs[0][0, 0], outputs[1][...] = 500, 1
        outputs[2][0], outputs[3][0] = near, rng.integers(0, 2, 500)
    # What is not a number counts on one side of the threshold only.
    boxes = outputs[1 if len(outputs) > 1 else 0][0]
    boxes = boxes[:4].T if head is Head.YOLOV8 else boxes[:, :4]
    boxes[rng.uniform(0, 1, 500) < 0.5, 2] = np.nan
    assert_as_defined(device, outputs, head, 2, selection)


@pytest.mark.parametrize('head', [Head.YOLOV5, Head.YOLOV8], ids=lambda head: head.name)
def test_first_of_equal_classes_wins(device, head, rng):
    outputs = random_outputs(rng, head, 40, rows=500)
    values = rng.choice([0.25, 0.5], outputs[0].shape)
    scores = outputs[0][:, :, 4:] if head is Head.YOLOV5 else outputs[0][:, 4:]
    scores[...] = values[:, :, 4:] if head is Head.YOLOV5 else values[:, 4:]
    assert_as_defined(device, outputs, head, 40, Selection(0.0, 0.45, 300))


@pytest.mark.parametrize('count', [-1, 301, 2**31 - 1])
def test_count_outside_the_outputs_is_handed_on(device, count, rng):
    outputs = random_outputs(rng, Head.EFFICIENT_NMS, 3, batch=2, dtype=np.float16)
    outputs[0][0] = count
    layout = layout_of(Head.EFFICIENT_NMS, 3)
    counts, *_ = device.candidates_of(outputs, layout, USUAL, np.float16)
    assert counts[0] == count
    assert 0 <= counts[1] <= 300


def test_outputs_of_another_type_are_refused():
    with pytest.raises(ModelError, match='outputs of type int8 cannot be decoded'):
        decode_defines(np.dtype(np.int8))


def test_outputs_that_are_candidates_already_need_no_decoding():
    addresses = (16, 32, 48, 64)
    for head in HEADS:
        candidates = as_candidates(layout_of(head, 3), np.dtype(np.float32), addresses)
        is_ready = head in (Head.PLUGIN, Head.EFFICIENT_NMS)
        assert candidates == (CandidateArrays(*addresses) if is_ready else None)
        assert as_candidates(layout_of(head, 3), np.dtype(np.float16), addresses) is None


@pytest.mark.gpu
@pytest.mark.parametrize('head', HEADS, ids=lambda head: head.name)
def test_recorded_graph_decodes_and_suppresses_each_replay(session, head, rng):
    device, layout = OnGpu(session), layout_of(head, 4)
    outputs = random_outputs(rng, head, 4, batch=2, rows=2000)
    decoder = device.kernel(outputs, layout, np.float32)
    suppressor = nms.NmsKernel(
        load_module(session, nms.SOURCE),
        max_candidates=2000,
        max_detections=300,
        max_batch=2,
        num_classes=4,
    )
    block = np.empty(suppressor.selection_bytes, np.uint8)
    buffers = device.upload(*outputs, block)
    *addresses, rules_address = (buffer.address for buffer in buffers)
    result = DeviceBuffer(suppressor.result_bytes)
    result.upload(np.zeros(suppressor.result_bytes, np.uint8), session.stream)

    def record():
        decoder.launch(addresses, rules_address, session.stream, batch=2)
        suppressor.launch(
            decoder.candidates, rules_address, result.address, session.stream, batch=2
        )

    suppressor.fill_selection(block, USUAL)
    buffers[-1].upload(block, session.stream)
    record()
    graph = CudaGraph(session, record)
    for selection in (USUAL, Selection(0.0, 0.6, 300), Selection(0.5, 0.3, 5, True)):
        outputs = random_outputs(rng, head, 4, batch=2, rows=2000)
        suppressor.fill_selection(block, selection)
        for buffer, array in zip(buffers, (*outputs, block), strict=True):
            buffer.upload(array, session.stream)
        graph.launch()
        downloaded = np.empty(suppressor.result_bytes, np.uint8)
        result.download(downloaded, session.stream)
        session.synchronize()
        for image in (0, 1):
            found = suppressor.view_result(downloaded).read(image)
            of_image = [output[image] for output in outputs]
            expected = selection.apply(decode(of_image, layout, selection.score_floor))
            np.testing.assert_array_equal(found.boxes_xyxy, expected.boxes_xyxy)
            np.testing.assert_array_equal(found.scores, expected.scores)
            np.testing.assert_array_equal(found.class_ids, expected.class_ids)
            assert found.num_nonfinite == expected.num_nonfinite


@pytest.mark.gpu
def test_count_outside_the_outputs_is_refused_behind_suppression(session, rng):
    device, layout = OnGpu(session), layout_of(Head.EFFICIENT_NMS, 3)
    outputs = random_outputs(rng, Head.EFFICIENT_NMS, 3, dtype=np.float16)
    outputs[0][0] = 5000
    decoder = device.kernel(outputs, layout, np.float16)
    suppressor = nms.NmsKernel(
        load_module(session, nms.SOURCE),
        max_candidates=300,
        max_detections=10,
        max_batch=1,
        num_classes=3,
    )
    block = np.empty(suppressor.selection_bytes, np.uint8)
    suppressor.fill_selection(block, Selection(0.25, 0.45, 10))
    buffers = device.upload(*outputs, block)
    *addresses, rules_address = (buffer.address for buffer in buffers)
    result = DeviceBuffer(suppressor.result_bytes)
    result.upload(np.zeros(suppressor.result_bytes, np.uint8), session.stream)
    decoder.launch(addresses, rules_address, session.stream, batch=1)
    suppressor.launch(decoder.candidates, rules_address, result.address, session.stream, batch=1)
    downloaded = np.empty(suppressor.result_bytes, np.uint8)
    result.download(downloaded, session.stream)
    session.synchronize()
    with pytest.raises(DetectionError, match='put out 5000 candidates, but has room for 300'):
        suppressor.view_result(downloaded).read(0)
