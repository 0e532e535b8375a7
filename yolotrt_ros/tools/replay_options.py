# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of the replay."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from yolotrt_ros.core.config import SELECTION_PARAMETERS
from yolotrt_ros.core.json_output import add_json_option
from yolotrt_ros.core.options import add_parameter_options
from yolotrt_ros.tools.argument_types import index, probability
from yolotrt_ros.tools.bag_writer import STORAGES
from yolotrt_ros.tools.golden_comparison import Tolerances
from yolotrt_ros.tools.network_option import NETWORK_OPTIONS

OPTIONS = (*NETWORK_OPTIONS, *SELECTION_PARAMETERS, 'class_id_format')
_DESCRIPTION = """\
Run every image of a rosbag2 recording through a network, as the node would, and compare.

No image is dropped and nothing depends on time, so that a run can be repeated."""
_EXIT_STATUS = """\
exit status:
  0  every image was read, and the detections are the golden ones within the tolerances
  1  more than --max-unreadable images could not be read, or the recording is incomplete
     (unless --allow-incomplete), or detections differ, or an error that is explained
  2  the command line cannot be used"""


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        'yolotrt_ros replay',
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument('bag', type=Path, help='rosbag2 recording: its folder, .mcap or .db3 file')
    parser.add_argument(
        '--model', type=Path, required=True, help='ONNX network or TensorRT engine'
    )
    parser.add_argument(
        '--topic',
        dest='topics',
        action='append',
        metavar='TOPIC',
        help='image topic, raw or compressed; may be repeated; default: all of them',
    )
    parser.add_argument(
        '--max-unreadable',
        type=index,
        default=0,
        metavar='N',
        help='images that may be unreadable without an exit status of 1; default 0',
    )
    parser.add_argument(
        '--allow-incomplete',
        action='store_true',
        help='take a recording that was cut off or damaged as a whole one',
    )
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    _add_outputs(parser)
    _add_golden(parser)
    add_parameter_options(parser, OPTIONS)
    options = parser.parse_args(args)
    if options.out is None and (options.copy or options.storage):
        parser.error('--copy and --storage say how to write a recording; name it with --out')
    return options


def _add_outputs(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('outputs')
    group.add_argument(
        '--out', type=Path, metavar='BAG', help='write the detections as a new recording'
    )
    group.add_argument(
        '--copy', action='store_true', help='copy what was recorded into it, other topics too'
    )
    group.add_argument(
        '--storage', choices=STORAGES, help='of the new recording; default: as the old one'
    )
    group.add_argument(
        '--times',
        type=Path,
        metavar='FILE',
        help='write the milliseconds of each stage for each image as JSON',
    )
    add_json_option(parser)


def _add_golden(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('golden detections')
    choice = group.add_mutually_exclusive_group()
    choice.add_argument(
        '--expect', type=Path, metavar='GOLDEN', help='compare with the detections of this file'
    )
    choice.add_argument(
        '--write-golden', type=Path, metavar='GOLDEN', help='write the detections into this file'
    )
    defaults = Tolerances()
    for name, default, text in (
        ('min-iou', defaults.min_iou, 'lowest overlap of a box with the golden one'),
        ('max-score-change', defaults.score_change, 'how far a score may rise or fall'),
        ('max-disagreeing', defaults.disagreeing, 'share of the objects that may differ'),
    ):
        group.add_argument(
            f'--{name}',
            type=probability,
            default=default,
            metavar='X',
            help=f'{text}; default {default:g}',
        )
