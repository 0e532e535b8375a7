# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare networks and engines on one data set: accuracy, time, size, memory, agreement."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import re
import sys
from tempfile import TemporaryDirectory

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import MAX_SIDE_PX
from yolotrt_ros.core.json_output import (
    add_json_option,
    check_output_path,
    text_beside,
    write_json,
    write_output,
)
from yolotrt_ros.core.options import add_parameter_options, config_from_options
from yolotrt_ros.core.picture_file import MAX_PIXELS
from yolotrt_ros.tools.argument_types import count, index, probability
from yolotrt_ros.tools.compare_report import NUM_PICTURES, report
from yolotrt_ros.tools.compare_run import compare, Conditions
from yolotrt_ros.tools.compare_table import as_dict, table
from yolotrt_ros.tools.dataset import Dataset, open_dataset
from yolotrt_ros.tools.dataset_options import add_dataset_options, dataset_from_options
from yolotrt_ros.tools.demo_dataset import write_demo_dataset
from yolotrt_ros.tools.network_option import NETWORK_OPTIONS
from yolotrt_ros.tools.termination import ended_in_order

DEFAULTS = Conditions()


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0, or 1 where a network failed on a picture.
    """
    options = parse(args)
    config = config_from_options(options)
    for option in ('json', 'html'):
        inputs = *options.networks, options.annotations, options.data
        check_output_path(option, getattr(options, option), *inputs)
    conditions = Conditions(
        options.score_threshold,
        options.iou_threshold,
        options.runs,
        options.frame_size,
        options.on_host,
    )
    with ended_in_order(), _dataset(options) as dataset:
        comparison = compare(options.networks, config, dataset, conditions)
        with text_beside(options.json):
            print(f'\n{comparison.description}\n\n{table(comparison)}')
        write_json(options.json, as_dict(comparison))
        if options.html:
            text = report(comparison, num_pictures=options.pictures)
            write_output('html', options.html, text)
    for name, network in zip(comparison.names, comparison.networks, strict=True):
        if num_nonfinite := network.deployed.num_nonfinite:
            print(
                f'yolotrt_ros compare: {name} puts out {num_nonfinite} values that are not finite',
                file=sys.stderr,
            )
    failures = [text for network in comparison.networks for text in network.failures]
    for text in failures:
        print(f'yolotrt_ros compare: {text}', file=sys.stderr)
    return 1 if failures else 0


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser('yolotrt_ros compare', description=__doc__)
    parser.add_argument(
        'networks',
        type=Path,
        nargs='+',
        metavar='NETWORK',
        help='ONNX networks and engines; the first is what the others are compared with',
    )
    add_dataset_options(parser)
    parser.add_argument(
        '--demo-scenes', type=count, metavar='N', help='instead: scenes of the demo, drawn anew'
    )
    parser.add_argument('--html', type=Path, metavar='FILE', help='write a report there')
    add_json_option(parser)
    parser.add_argument(
        '--pictures', type=index, default=NUM_PICTURES, help=f'in the report ({NUM_PICTURES})'
    )
    parser.add_argument(
        '--runs',
        type=count,
        default=DEFAULTS.num_runs,
        help=f'frames that are timed ({DEFAULTS.num_runs})',
    )
    parser.add_argument(
        '--frame-size',
        type=_size,
        default=DEFAULTS.frame_wh,
        metavar='WxH',
        help='of these frames (1280x720)',
    )
    parser.add_argument(
        '--on-host',
        action='store_true',
        help='prepare and decode on the CPU for engines as well, so that only the networks differ',
    )
    parser.add_argument(
        '--score-threshold', type=probability, default=DEFAULTS.score_threshold,
        help=f'score from which an object counts ({DEFAULTS.score_threshold:g})',
    )  # fmt: skip
    parser.add_argument(
        '--iou-threshold', type=probability, default=DEFAULTS.iou_threshold,
        help=f'overlap above which the weaker box is dropped ({DEFAULTS.iou_threshold:g})',
    )  # fmt: skip
    add_parameter_options(parser, NETWORK_OPTIONS)
    return parser.parse_args(args)


@contextmanager
def _dataset(options: Namespace) -> Iterator[Dataset]:
    """Open the data set; the scenes of the demo exist no longer than needed."""
    if not options.demo_scenes:
        yield dataset_from_options(options)
        return
    if options.annotations or options.images or options.data:
        raise ConfigError(
            'demo-scenes', options.demo_scenes, 'takes the place of other pictures; give no others'
        )
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = write_demo_dataset(folder, options.demo_scenes)
        yield open_dataset(annotations=path, images=folder)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r'([1-9]\d{0,4})x([1-9]\d{0,4})', text)
    width, height = map(int, found.groups()) if found else (0, 0)
    if not found or max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise ArgumentTypeError(
            f'{text!r} must be WIDTHxHEIGHT in pixels, such as 1280x720, and {MAX_SIDE_PX} a side '
            f'and {MAX_PIXELS} in all at most'
        )
    return width, height
