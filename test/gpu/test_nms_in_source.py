# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The way of the kept boxes to the camera image, on the device: that of ``Selection.in_source``.

Each test runs twice: on a GPU, and on the CPU with the very source of the kernel.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from test.gpu import candidate_sets, test_nms_kernel
from test.gpu.candidate_sets import candidates, clustered, KINDS
from test.gpu.nms_runners import Batch, OnCpu
from test.gpu.test_nms_kernel import assert_same, definition, USUAL
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.frame_parameters import fill_parameters, PARAMETER_DTYPE
from yolotrt_ros.gpu.nms_result import NmsResult

device, nms_library = test_nms_kernel.device, test_nms_kernel.nms_library
NETWORK_WH = (640, 640)
SIZES = [(1280, 720), (640, 640), (641, 479), (33, 1500), (1, 1), (4096, 3)]


def described(sizes):
    """Return what the kernels are told of frames of these sizes."""
    rows = np.zeros(len(sizes), PARAMETER_DTYPE)
    for row, source_wh in zip(rows, sizes, strict=True):
        view = ImageView.allocate(*source_wh, 'mono8')
        fill_parameters(row, view, Letterbox.fit(source_wh, NETWORK_WH), 0x100)
    return rows


def assert_in_source(device, images, sizes, selection, *, max_detections=300):
    batch = Batch.of(images)
    result = device.result_of(
        batch, selection, max_detections=max_detections, frames=described(sizes)
    )
    num_rows = 0
    for index, (image, source_wh) in enumerate(zip(images, sizes, strict=True)):
        kept = definition(image, selection)
        with np.errstate(over='ignore'):  # infinity is outside, and clipped
            expected = selection.in_source(kept, Letterbox.fit(source_wh, NETWORK_WH))
        assert_same(NmsResult(result, max_detections, batch.places).read(index), expected)
        num_rows += len(expected)
    return num_rows


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize('min_box_size', [0.0, 2.5, 30.0])
def test_boxes_of_any_kind_come_to_images_of_any_size(device, kind, min_box_size, rng):
    selection = Selection(0.0, 0.45, 300, min_box_size=min_box_size)
    assert_in_source(device, [kind(rng, 400) for _ in SIZES], SIZES, selection)


@pytest.mark.parametrize('count', [1, 31, 32, 33, 511, 512, 513, 1024, 1025, 3000])
def test_rows_close_up_in_their_order_where_some_are_left_out(device, count, rng):
    image = candidate_sets.spread(rng, count)
    padding = 2 * int(np.ceil(np.sqrt(count))) - 1  # over the upper half, and cuts a row in two
    sizes = [(640, 640 - 2 * padding)]
    heights = image.boxes_xyxy[:, 3] - np.maximum(image.boxes_xyxy[:, 1], padding)
    for min_box_size in (0.5, 2.0, 5.0):
        selection = Selection(0.0, 1.0, count, min_box_size=min_box_size)
        kept = assert_in_source(device, [image], sizes, selection, max_detections=count)
        assert kept == np.count_nonzero(heights >= min_box_size)


def test_box_in_the_padding_is_no_row(device):
    boxes = [[0, 0, 640, 139], [10, 150, 20, 160], [0, 130, 640, 140], [5, 501, 9, 640]]
    image = candidates(boxes, [0.9, 0.5, 0.8, 0.7], [1, 2, 3, 4])
    assert assert_in_source(device, [image], [(1280, 720)], USUAL) == 1


def test_image_without_a_frame_has_no_rows(device, rng):
    image = clustered(rng, 100)
    rows = np.zeros(2, PARAMETER_DTYPE)
    rows[:1] = described([(1280, 720)])
    batch = Batch.of([image, image])
    result = NmsResult(device.result_of(batch, USUAL, frames=rows), 300, batch.places)
    assert (len(result.read(0)) > 0, len(result.read(1))) == (True, 0)


@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    st.floats(0, 50, width=32),
)
def test_any_boxes_come_to_any_image(nms_library, seed, source_wh, min_box_size):
    rng = np.random.default_rng(seed)
    image = clustered(rng, 60)
    image = replace(image, boxes_xyxy=image.boxes_xyxy * np.float32(rng.uniform(0.1, 2)))
    selection = Selection(0.1, 0.7, 300, min_box_size=min_box_size)
    assert_in_source(OnCpu(nms_library), [image], [source_wh], selection)
