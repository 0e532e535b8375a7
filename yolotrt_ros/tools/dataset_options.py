# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The options that name a labelled set of pictures."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from yolotrt_ros.tools.dataset import Dataset, open_dataset
from yolotrt_ros.tools.dataset_yaml import SPLITS


def add_dataset_options(parser: ArgumentParser) -> None:
    """Add ``--annotations`` and ``--images``, and ``--data`` and ``--split``."""
    group = parser.add_argument_group(
        'labelled pictures', 'a COCO file and the folder of its pictures, or a YOLO data set'
    )
    group.add_argument('--annotations', type=Path, metavar='FILE', help='COCO instances file')
    group.add_argument('--images', type=Path, metavar='DIR', help='folder of its pictures')
    group.add_argument('--data', type=Path, metavar='FILE', help='data.yaml of a YOLO data set')
    group.add_argument(
        '--split', choices=SPLITS, default='val', help='part of that; default: %(default)s'
    )


def dataset_from_options(options: Namespace) -> Dataset:
    """
    Open the set that the options name.

    :raises ConfigError: they name none, or it cannot be used.
    """
    return open_dataset(
        annotations=options.annotations,
        images=options.images,
        data=options.data,
        split=options.split,
    )
