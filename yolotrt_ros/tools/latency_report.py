# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tell where the time of frames went: by camera and stage, median to maximum."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys

from yolotrt_ros.core.json_output import (
    add_json_option,
    check_output_path,
    text_beside,
    write_json,
)
from yolotrt_ros.tools.latency_report_plot import write_plot
from yolotrt_ros.tools.latency_report_reading import read_times
from yolotrt_ros.tools.latency_report_table import as_dict, text


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0, or 1 where a part of the file could not be read.
    """
    options = parse(args)
    for option in ('json', 'plot'):
        check_output_path(option, getattr(options, option), options.file)
    times = read_times(options.file, options.topic)
    with text_beside(options.json):
        print(f'{options.file}: {times.kind}\n\n{text(times)}')
    for problem in times.problems:
        print(f'yolotrt_ros latency: {problem}', file=sys.stderr)
    write_json(options.json, as_dict(times))
    if options.plot:
        write_plot(times, options.plot)
    return 1 if times.problems else 0


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser('yolotrt_ros latency', description=__doc__)
    parser.add_argument(
        'file',
        type=Path,
        help='recording of the topic `timing` of the detector, or what `replay --times` wrote',
    )
    parser.add_argument('--topic', help='default: each that holds times')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw a png, svg or pdf there')
    add_json_option(parser)
    return parser.parse_args(args)
