# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Suppression on the device against its definition: the same rows in the same order, bit by bit.

Each test runs twice: on a GPU, and on the CPU with the very source of the kernel.
"""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.gpu import candidate_sets
from test.gpu.candidate_sets import clustered, coarse, KINDS, NUM_CLASSES, shuffled, with_rubbish
from test.gpu.nms_runners import Batch, block_of, OnCpu, OnGpu
from test.gpu.on_cpu import compile_for_cpu
from yolotrt_ros.core.decode import decode
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import DetectionError
from yolotrt_ros.core.heads import Head, HeadLayout, PLUGIN_OUTPUTS
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.candidates import CandidateArrays
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.nms_result import NmsResult

LAYOUT = HeadLayout(Head.PLUGIN, NUM_CLASSES, PLUGIN_OUTPUTS, ())
USUAL = Selection(0.25, 0.45, 300)
EVERYTHING = Selection(0.0, 1.0, 300)
COUNTS = [0, 1, 2, 31, 32, 33, 127, 128, 129, 300, 1000, 1023, 1024, 1025, 2500, 4096, 25200]


@pytest.fixture(scope='session')
def nms_library(tmp_path_factory):
    return compile_for_cpu('nms_on_cpu.cpp', tmp_path_factory.mktemp('nms'))


@pytest.fixture(params=['cpu', pytest.param('gpu', marks=pytest.mark.gpu)])
def device(request):
    """Run the kernel here, and on a GPU."""
    if request.param == 'cpu':
        return OnCpu(request.getfixturevalue('nms_library'))
    return OnGpu(request.getfixturevalue('session'))


def definition(image, selection):
    counts = np.array([len(image)], np.int32)
    outputs = [counts, image.boxes_xyxy, image.scores, image.class_ids]
    return selection.apply(decode(outputs, LAYOUT, selection.score_floor))


def assert_same(found, expected):
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.class_ids, expected.class_ids)
    np.testing.assert_array_equal(found.boxes_xyxy, expected.boxes_xyxy)
    assert found.num_nonfinite == expected.num_nonfinite


def assert_as_defined(device, images, selection, *, max_detections=300):
    batch = Batch.of(images)
    result = device.result_of(batch, selection, max_detections=max_detections)
    for index, image in enumerate(images):
        found = NmsResult(result, max_detections, batch.places).read(index)
        assert_same(found, definition(image, selection))


@pytest.mark.parametrize('count', COUNTS)
def test_any_number_of_candidates_is_suppressed_as_defined(device, count, rng):
    for selection in (USUAL, Selection(0.0, 0.45, 300), Selection(0.0, 0.3, 7)):
        assert_as_defined(device, [clustered(rng, count)], selection)


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize('count', [50, 700, 2600])
def test_any_kind_of_candidates_is_suppressed_as_defined(device, kind, count, rng):
    for iou_threshold in (0.0, 0.45, 0.5, 1.0):
        for class_agnostic in (False, True):
            selection = Selection(0.0, iou_threshold, 300, class_agnostic)
            assert_as_defined(device, [kind(rng, count)], selection)


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
def test_all_candidates_of_a_large_image_may_pass(device, kind, rng):
    assert_as_defined(device, [kind(rng, 25200)], Selection(0.0, 0.45, 300))


def test_many_thousand_rows_may_be_kept(device, rng):
    images = [candidate_sets.spread(rng, 9000), candidate_sets.same_rows(rng, 9000)]
    assert_as_defined(device, images, Selection(0.0, 1.0, 8000), max_detections=8000)


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
def test_order_of_the_candidates_leaves_no_trace(device, kind, rng):
    for count, selection in ((200, USUAL), (1800, Selection(0.0, 0.45, 300)), (90, EVERYTHING)):
        image = kind(rng, count)
        first, *others = (
            device.result_of(Batch.of([shuffled(rng, image)]), selection) for _ in range(4)
        )
        num_bytes = 16 + 24 * int(first[:4].view(np.int32)[0])
        for other in others:
            assert other[:num_bytes].tobytes() == first[:num_bytes].tobytes()


@pytest.mark.parametrize('score_threshold', [0.0, 0.01, 0.25, 0.5, 0.999, 1.0])
@pytest.mark.parametrize('iou_threshold', [0.0, 0.2, 0.7, 1.0])
def test_thresholds_are_those_of_the_rules(device, score_threshold, iou_threshold, rng):
    images = [clustered(rng, 400), candidate_sets.half_precision(rng, 400), coarse(rng, 300)]
    assert_as_defined(device, images, Selection(score_threshold, iou_threshold, 300))


@pytest.mark.parametrize(
    'rules',
    [
        {'class_agnostic_nms': True},
        {'class_ids': frozenset()},
        {'class_ids': frozenset({1, 3})},
        {'class_ids': frozenset({4, 77})},
        {'class_thresholds': ((0, 0.9), (3, 0.05))},
        {'class_thresholds': ((2, 0.1),), 'class_ids': frozenset({2}), 'class_agnostic_nms': True},
        {'max_detections': 1},
        {'max_detections': 33},
    ],
    ids=str,
)
def test_each_rule_holds(device, rules, rng):
    usual = {'score_threshold': 0.25, 'iou_threshold': 0.45, 'max_detections': 300}
    images = [clustered(rng, 500), coarse(rng, 200)]
    assert_as_defined(device, images, Selection(**(usual | rules)))


@pytest.mark.parametrize('count', [1, 40, 3000])
def test_what_is_not_a_number_is_counted_and_suppresses_nothing(device, count, rng):
    images = [with_rubbish(rng, clustered(rng, count)) for _ in range(3)]
    for selection in (USUAL, Selection(0.0, 0.45, 300)):
        assert_as_defined(device, images, selection)
    nothing_but_nan = Detections(
        np.full((count, 4), np.nan, np.float32),
        np.full(count, np.nan, np.float32),
        np.zeros(count, np.int32),
    )
    result = device.result_of(Batch.of([nothing_but_nan]), USUAL)
    found = NmsResult(result, 300, count + 3).read(0)
    assert (len(found), found.num_nonfinite) == (0, count)


@pytest.mark.parametrize('batch', [1, 2, 3, 8])
def test_images_of_a_batch_do_not_mix(device, batch, rng):
    counts = rng.permutation([0, 1, 2000, 300, 17, 64, 1025, 5])[:batch]
    assert_as_defined(device, [clustered(rng, count) for count in counts], USUAL)


def test_what_the_decoder_rejected_is_added_to_what_is_counted_here(device, rng):
    batch = Batch.of([clustered(rng, 20), clustered(rng, 30)])
    batch.scores[1, 4] = np.nan
    result = device.result_of(batch, USUAL, rejected=np.array([7, 2], np.int32))
    found = NmsResult(result, 300, batch.places)
    counts = [found.read(image).num_nonfinite for image in (0, 1)]
    assert counts == [7, 3]


def test_header_tells_how_many_candidates_there_were(device, rng):
    image = clustered(rng, 60)
    result = device.result_of(Batch.of([image]), USUAL)
    num_rows, num_nonfinite, num_candidates, num_selected = result[:16].view(np.int32)
    assert num_rows == len(definition(image, USUAL))
    assert (num_nonfinite, num_candidates) == (0, 60)
    assert num_selected == np.count_nonzero(image.scores >= 0.25)


@pytest.mark.parametrize('count', [-1, 64, 2**31 - 1])
def test_count_outside_the_arrays_is_refused(device, count, rng):
    batch = Batch.of([clustered(rng, 60)])
    batch.boxes[0, 60:] = 1.0
    batch.counts[0] = count
    result = device.result_of(batch, USUAL)
    with pytest.raises(DetectionError, match=f'put out {count} candidates, but has room for 63'):
        NmsResult(result, 300, batch.places).read(0)


@given(st.integers(0, 2**32 - 1), st.integers(0, 90), st.booleans(), st.floats(0, 1, width=32))
def test_small_sets_full_of_ties_are_suppressed_as_defined(
    nms_library, seed, count, class_agnostic, iou_threshold
):
    rng = np.random.default_rng(seed)
    selection = Selection(0.25, iou_threshold, int(rng.integers(1, 40)), class_agnostic)
    assert_as_defined(OnCpu(nms_library), [coarse(rng, count)], selection)


@pytest.mark.gpu
def test_recorded_graph_follows_the_rules_and_candidates_of_each_replay(session, rng):
    device = OnGpu(session)
    batch = Batch.of([clustered(rng, 900), clustered(rng, 0)], places=3000)
    kernel = device.kernel(batch, 300)
    inputs = device.upload(*batch.arrays, block_of(USUAL))
    result = DeviceBuffer(kernel.result_bytes)
    result.upload(np.zeros(kernel.result_bytes, np.uint8), session.stream)
    arrays = CandidateArrays(*(buffer.address for buffer in inputs[:4]))

    def record():
        kernel.launch(arrays, inputs[4].address, result.address, session.stream, batch=2)

    record()
    graph = CudaGraph(session, record)
    assert graph.num_nodes == 1
    rules = [USUAL, EVERYTHING, Selection(0.0, 0.2, 3), Selection(0.1, 0.5, 300, True)]
    for selection in rules * 3:
        images = [clustered(rng, rng.integers(0, 3000)) for _ in range(2)]
        for buffer, array in zip(
            inputs, (*Batch.of(images, places=3000).arrays, block_of(selection)), strict=True
        ):
            buffer.upload(array, session.stream)
        graph.launch()
        downloaded = np.empty(kernel.result_bytes, np.uint8)
        result.download(downloaded, session.stream)
        session.synchronize()
        for index, image in enumerate(images):
            assert_same(kernel.view_result(downloaded).read(index), definition(image, selection))


@pytest.mark.gpu
def test_more_rows_than_there_is_room_for_are_refused(session, rng):
    kernel = OnGpu(session).kernel(Batch.of([clustered(rng, 5)]), 10)
    block = np.empty(kernel.selection_bytes, np.uint8)
    with pytest.raises(ValueError, match='ask for 11 detections, but there is room for 10'):
        kernel.fill_selection(block, Selection(0.25, 0.45, 11))
