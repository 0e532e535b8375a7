# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random heads, and what the definition in NumPy makes of them."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np

from test.plugins.decoder import Heads
from yolotrt_ros.core.decode import decode_raw_heads

STRIDES = (8, 16, 32)
# YOLOv5's own anchors for COCO (models/yolov5n.yaml).
ANCHORS = np.array(
    [
        [[10, 13], [16, 30], [33, 23]],
        [[30, 61], [62, 45], [59, 119]],
        [[116, 90], [156, 198], [373, 326]],
    ],
    np.float32,
)
# Type and layout of the heads that the decoder reads: dtype, is_hwc8.
FORMATS = {
    'float': (np.float32, False),
    'half': (np.float16, False),
    'half-hwc8': (np.float16, True),
}
SPECIAL = np.array([np.nan, np.inf, -np.inf])


def random_heads(
    rng: np.random.Generator,
    network_wh: tuple[int, int],
    num_classes: int,
    *,
    batch: int = 1,
    dtype: type = np.float32,
    strides: tuple[int, int, int] = STRIDES,
    threshold: float = 0.25,
    is_hwc8: bool = False,
) -> Heads:
    """Make values such as a network puts out after its sigmoid: objectness is mostly low."""
    values = []
    for stride in strides:
        cells = (network_wh[1] // stride, network_wh[0] // stride)
        head = rng.random((batch, 3, 5 + num_classes, *cells), np.float32)
        head[:, :, 4] **= 3
        values.append(head.astype(dtype).reshape(batch, -1, *cells))
    return Heads(values, ANCHORS, strides, threshold, is_hwc8)


def with_special_values(heads: Heads, rng: np.random.Generator, share: float = 0.02) -> Heads:
    """Put not-a-numbers and infinities at random places."""
    values = []
    for head in heads.values:
        special = rng.choice(SPECIAL, head.shape).astype(head.dtype)
        values.append(np.where(rng.random(head.shape) < share, special, head))
    return replace(heads, values=values)


@st.composite
def small_heads(draw):
    """Any numbers in any format, in grids of any three strides that divide the network's size."""
    cells = [(draw(st.integers(1, 3)), draw(st.integers(1, 3)))]
    strides = [draw(st.integers(1, 3)) * 4]
    for factor in draw(st.tuples(st.integers(1, 3), st.integers(1, 3))):
        cells.insert(0, (cells[0][0] * factor, cells[0][1] * factor))
        strides = [stride * factor for stride in strides]
        strides.insert(0, strides[0] // factor)
    num_classes, batch = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    width = draw(st.sampled_from([16, 32]))
    unit = st.floats(0, 1, width=width)
    elements = draw(st.sampled_from([unit, unit | st.floats(width=width)]))
    values = [
        draw(
            arrays.arrays(
                f'f{width // 8}', (batch, 3 * (5 + num_classes), *shape), elements=elements
            )
        )
        for shape in cells
    ]
    threshold = draw(st.floats(0, 1, width=32))
    is_hwc8 = width == 16 and draw(st.booleans())
    return Heads(values, ANCHORS, tuple(strides), threshold, is_hwc8)


@np.errstate(invalid='ignore', over='ignore')
def expected_rows(heads: Heads) -> list[np.ndarray]:
    """Return for each image float32 rows of x1 y1 x2 y2 score class, in no order."""
    images = [
        decode_raw_heads(
            [head[image].astype(np.float32) for head in heads.values],
            heads.anchors,
            heads.strides,
            heads.threshold,
        )
        for image in range(heads.batch)
    ]
    return [np.column_stack([one.boxes_xyxy, one.scores, one.class_ids]) for one in images]


def rows_of(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return what counts of the decoder's outputs, as rows of the same kind."""
    num_detections, boxes, scores, classes = outputs
    columns = [boxes, scores[..., np.newaxis], classes[..., np.newaxis].astype(np.float32)]
    rows = np.concatenate(columns, axis=2)
    return [
        image[:count] for image, count in zip(rows, num_detections[:, 0].tolist(), strict=True)
    ]


def in_order(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T)]


def assert_is_definition(outputs: Sequence[np.ndarray], heads: Heads) -> int:
    """
    Compare as sets, bit by bit: both sides round each operation of the same sequence.

    :returns: the number of detections of all images.
    """
    expected = expected_rows(heads)
    assert outputs[0][:, 0].tolist() == [len(rows) for rows in expected]
    for found, wanted in zip(rows_of(outputs), expected, strict=True):
        np.testing.assert_array_equal(in_order(found), in_order(wanted.astype(np.float32)))
    return sum(map(len, expected))
