# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The options that say by hand where a network's heads are, and what the plugin lets through."""

from __future__ import annotations

from argparse import _ArgumentGroup, ArgumentParser, Namespace

from yolotrt_ros.tools.argument_types import probability
from yolotrt_ros.trt.onnx_surgery import DEFAULT_SCORE_THRESHOLD, prepare, Prepared


def add_head_options(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Add ``--score-threshold``, ``--heads``, ``--anchors`` and ``--strides``."""
    parser.add_argument(
        '--score-threshold',
        type=probability,
        default=DEFAULT_SCORE_THRESHOLD,
        metavar='SCORE',
        help='candidates below never leave the network; default: %(default)s',
    )
    parser.add_argument(
        '--heads',
        nargs=3,
        default=(),
        metavar=('P3', 'P4', 'P5'),
        help='nodes or tensors of the three convolutions, where they are not found',
    )
    parser.add_argument(
        '--anchors',
        nargs=18,
        type=float,
        default=(),
        metavar='PX',
        help='anchor widths and heights in pixels, finest level first, where they are not found',
    )
    parser.add_argument(
        '--strides', nargs=3, type=int, default=(), metavar='PX', help='pixels between cells'
    )


def prepare_from(options: Namespace) -> Prepared:
    """
    Put the decode plugin at the end of ``options.model``.

    :raises GraphError: the network has no such heads.
    """
    return prepare(
        options.model,
        heads=options.heads,
        anchors=options.anchors,
        strides=options.strides,
        score_threshold=options.score_threshold,
    )
