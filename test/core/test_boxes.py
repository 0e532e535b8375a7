# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Areas and overlaps of boxes."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np

from yolotrt_ros.core.boxes import iou_matrix


def plain_iou(a, b) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    overlap = max(width, 0.0) * max(height, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - overlap
    return overlap / union if union else 0.0


corner = st.integers(0, 50)
boxes = st.lists(
    st.tuples(corner, corner, corner, corner).map(
        lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
    ),
    max_size=8,
)


@given(boxes, boxes)
def test_iou_matrix_agrees_with_the_definition(first, second):
    found = iou_matrix(
        np.array(first, np.float32).reshape(-1, 4), np.array(second, np.float32).reshape(-1, 4)
    )
    assert found.shape == (len(first), len(second))
    expected = [[plain_iou(a, b) for b in second] for a in first]
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), atol=1e-6)
