# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prove on random images that a network cut at its heads finds what the original finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.decode import decode_raw_heads, decode_yolov5
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.trt.decode_fit import after_sigmoid, per_anchor, split_levels, TOLERANCES
from yolotrt_ros.trt.decode_probe import probe_decoding
from yolotrt_ros.trt.head_probe import HeadProbe, probe_heads
from yolotrt_ros.trt.onnx_file import about, read_model
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.onnx_run import run_model
from yolotrt_ros.trt.onnx_surgery import Prepared
from yolotrt_ros.trt.yolo_node import HEAD_NAMES, YoloNode


@dataclass(frozen=True)
class CutCheck:
    """
    How far the cut network, decoded in NumPy, is from the original on the same images.

    :param reference: the output that the original decodes itself; ``heads`` where it has none
        and the values of its convolutions were compared.
    :param dtype: the coarsest type that the original decodes in; the limits follow from it.
    :param num_boxes: boxes compared, candidates or not.
    :param num_candidates: boxes that reach the plugin's threshold in both.
    :param num_borderline: boxes that reach it in one only, as their score is the threshold but
        for rounding.
    :param max_box_difference_px: largest difference of a corner, network pixels.
    :param max_score_difference: largest difference of the objectness or of a class of a box.
    :param box_limit_px: what was allowed for the largest box.
    """

    reference: str
    image_wh: tuple[int, int]
    dtype: str
    num_boxes: int
    num_candidates: int
    num_borderline: int
    max_box_difference_px: float
    box_limit_px: float
    max_score_difference: float
    score_limit: float

    def __str__(self) -> str:
        borderline = f' and {self.num_borderline} on the border' if self.num_borderline else ''
        return (
            f'{self.num_boxes} boxes at {self.image_wh[0]}x{self.image_wh[1]} agree with '
            f'{self.reference} ({self.dtype}): corners within {self.max_box_difference_px:.2g} px '
            f'(limit {self.box_limit_px:.2g}), scores within {self.max_score_difference:.2g} '
            f'(limit {self.score_limit:.2g}), the same {self.num_candidates} '
            f'candidates{borderline}'
        )


def check_cut(onnx_path: Path, prepared: Prepared, *, seed: int = 0) -> CutCheck:
    """
    Run the original and the cut network on random images and compare every box.

    The cut is decoded by the attributes of the plugin's node, so these are proven too. Heads on
    random images hold few distinct boxes, so the original's decoding is also fed random heads.

    :param onnx_path: the network that ``prepared`` was made from.
    :raises GraphError: a corner, or the score of a class, differs by more than rounding.
    """
    with about(onnx_path):
        graph, node = OnnxGraph(read_model(onnx_path)), YoloNode.of(prepared.model)
        if node is None:
            raise GraphError('was prepared without the node YoloLayer_TRT; call prepare again')
        rng = np.random.default_rng(seed)
        probe = probe_heads(graph, prepared.heads.nodes, rng)
        heads = [after_sigmoid(values) for values in probe.values]
        run = run_model(prepared.cut, {prepared.cut.graph.input[0].name: probe.images})
        cut = [_Boxes.of_heads([run[name] for name in HEAD_NAMES], node)]
        decoding = probe_decoding(graph, probe, rng)
        if probe.decoded is None or decoding is None:
            original = [_Boxes.of_heads(heads, node)]
        else:
            cut.append(_Boxes.of_heads(decoding.heads, node))
            original = [
                _Boxes.of_decoded(probe.decoded.values, heads),
                _Boxes.of_decoded(decoding.decoded, decoding.heads),
            ]
        return _compare(_Boxes.join(original), _Boxes.join(cut), probe, node.score_threshold)


@dataclass(frozen=True)
class _Boxes:
    """
    All boxes of a batch, in the order of the levels, anchors and cells.

    :param corners: float32 ``(N, 4)``, x1 y1 x2 y2 in network pixels.
    :param scores: float32 ``(N, 1+nc)``, objectness, then each class. Their products would hide
        a wrong class wherever a random image holds no object.
    """

    corners: NDArray[np.float32]
    scores: NDArray[np.float32]

    @property
    def best(self) -> NDArray[np.float32]:
        """The score of each box: objectness times the best class, float32 ``(N,)``."""
        best: NDArray[np.float32] = self.scores[:, 0] * self.scores[:, 1:].max(axis=1)
        return best

    @classmethod
    def of_heads(cls, heads: Sequence[NDArray[Any]], node: YoloNode) -> _Boxes:
        """Decode heads as the plugin does, from the attributes of its node and their sizes."""
        strides = [node.max_stride * heads[-1].shape[2] // head.shape[2] for head in heads]
        decoded = [
            decode_raw_heads([head[index] for head in heads], node.anchors, strides, -math.inf)
            for index in range(len(heads[0]))
        ]
        return cls._of(decoded, [per_anchor(head) for head in heads])

    @classmethod
    def of_decoded(cls, decoded: NDArray[Any], heads: Sequence[NDArray[Any]]) -> _Boxes:
        """Take the boxes that a network itself decoded from heads."""
        levels = split_levels(decoded, heads)
        return cls._of([decode_yolov5(rows, -math.inf) for rows in _rows(levels)], levels)

    @classmethod
    def join(cls, parts: Sequence[_Boxes]) -> _Boxes:
        """Put boxes behind each other."""
        return cls(
            np.concatenate([part.corners for part in parts]),
            np.concatenate([part.scores for part in parts]),
        )

    @classmethod
    def _of(cls, decoded: Sequence[Detections], levels: Sequence[NDArray[Any]]) -> _Boxes:
        rows = np.concatenate(_rows(levels)).astype(np.float32)
        corners = np.concatenate([item.boxes_xyxy for item in decoded])
        if len(corners) != len(rows) or not np.isfinite(rows).all():
            raise GraphError(
                f'puts out {len(rows) - len(corners)} boxes of {len(rows)} that are no numbers '
                'on random images, so nothing can be compared; export the network in FP32'
            )
        return cls(corners, rows[:, 4:])


def _rows(levels: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Join levels ``(B, 3, H, W, 5+nc)`` to one array ``(A, 5+nc)`` for each image."""
    batch, values = levels[0].shape[0], levels[0].shape[-1]
    return list(np.concatenate([level.reshape(batch, -1, values) for level in levels], axis=1))


def _compare(original: _Boxes, cut: _Boxes, probe: HeadProbe, score_threshold: float) -> CutCheck:
    dtype = probe.decoded.dtype if probe.decoded else probe.values[0].dtype
    tolerance = TOLERANCES[dtype]
    sides = np.ptp(original.corners.reshape(-1, 2, 2), axis=1).max(axis=1)
    limits = tolerance * np.maximum(sides, max(probe.image_wh))
    box_differences = np.abs(cut.corners - original.corners).max(axis=1)
    score_differences = np.abs(cut.scores - original.scores).max(axis=1)
    is_candidate = original.best >= np.float32(score_threshold)
    is_candidate_of_cut = cut.best >= np.float32(score_threshold)
    # Scores of all classes that agree leave no room for another class or another candidate, but
    # for those that are as good.
    faults = {'corners': box_differences > limits, 'scores': score_differences > tolerance}
    check = CutCheck(
        reference=repr(probe.decoded.name) if probe.decoded else 'heads',
        image_wh=probe.image_wh,
        dtype=dtype.name,
        num_boxes=len(limits),
        num_candidates=int(np.count_nonzero(is_candidate & is_candidate_of_cut)),
        num_borderline=int(np.count_nonzero(is_candidate != is_candidate_of_cut)),
        max_box_difference_px=float(box_differences.max()),
        box_limit_px=float(limits.max()),
        max_score_difference=float(score_differences.max()),
        score_limit=tolerance,
    )
    _raise_on(faults, check)
    return check


def _raise_on(faults: dict[str, NDArray[np.bool_]], check: CutCheck) -> None:
    counts = {name: int(np.count_nonzero(rows)) for name, rows in faults.items()}
    if any(counts.values()):
        found = ', '.join(f'{name} of {count}' for name, count in counts.items() if count)
        raise GraphError(
            f'after the cut {found} of {check.num_boxes} boxes differ from those of the '
            f'original: corners by up to {check.max_box_difference_px:.3g} px (limit '
            f'{check.box_limit_px:.2g}), scores by up to {check.max_score_difference:.3g} '
            f'(limit {check.score_limit:.2g}); build the network with the decoding it has with '
            '--no-plugin, and report this with the network'
        )
