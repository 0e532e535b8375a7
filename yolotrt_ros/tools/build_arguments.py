# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of ``build_engine``."""

from __future__ import annotations

from argparse import (
    ArgumentParser,
    BooleanOptionalAction,
    Namespace,
    RawDescriptionHelpFormatter,
)
from pathlib import Path

from yolotrt_ros.tools.argument_types import checked, choice, count, index, names
from yolotrt_ros.tools.frames import DEFAULT_COUNT
from yolotrt_ros.tools.head_options import add_head_options
from yolotrt_ros.trt.build_options import parse_batch, parse_bytes, parse_sizes
from yolotrt_ros.trt.calibration import CalibrationMethod
from yolotrt_ros.trt.precision import Precision

DESCRIPTION = """\
Build a TensorRT engine from an ONNX network, on the machine and the GPU that will run it, and
compare it with the network in ONNX Runtime."""
EXIT_STATUS = """\
exit status:
  0    built, and as good as its precision lets expect
  1    an error, explained
  2    a wrong call
  3    built, but it finds less of what the network finds than its precision lets expect
  130  stopped by Ctrl-C; nothing half-written is left"""


def make_parser() -> ArgumentParser:
    """Return the parser of ``build_engine``."""
    parser = ArgumentParser(
        'yolotrt_ros build_engine',
        description=DESCRIPTION,
        epilog=EXIT_STATUS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument('model', type=Path, help='ONNX network')
    parser.add_argument(
        '-o',
        '--output',
        type=Path,
        metavar='FILE',
        help='engine to write; default: beside the network, named after precision and machine',
    )
    parser.add_argument('--json', action='store_true', help='print the result as one JSON object')
    parser.add_argument(
        '--verbose', action='store_true', help="show the layer table and TensorRT's messages"
    )
    _add_engine_options(parser)
    _add_machine_options(parser)
    _add_graph_options(parser)
    _add_calibration_options(parser)
    _add_verification_options(parser)
    return parser


def parse(args: list[str]) -> Namespace:
    """Read the command line; a wrong one ends the process with status 2."""
    parser = make_parser()
    options = parser.parse_args(args)
    if options.plugin and options.no_plugin:
        parser.error('--plugin and --no-plugin contradict each other')
    if options.calibration and options.precision not in (None, Precision.INT8):
        parser.error('--calibration is for --precision int8; pictures to compare with: --verify')
    if options.calibration and options.precision is None:
        options.precision = Precision.INT8
    if options.verify and options.no_verify:
        parser.error('--verify and --no-verify contradict each other')
    if options.verify_only and options.no_verify:
        parser.error('--verify-only and --no-verify contradict each other')
    return options


def _add_engine_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('engine')
    group.add_argument(
        '--precision',
        type=choice(Precision),
        metavar='fp32|fp16|int8',
        help='numbers to compute with; default: fp16, or int8 for a quantised network',
    )
    group.add_argument(
        '--batch',
        type=checked(parse_batch),
        metavar='N|MIN,OPT,MAX',
        help='images of one run; for networks that leave it open',
    )
    group.add_argument(
        '--size',
        type=checked(parse_sizes),
        metavar='HxW|HxW:HxW:HxW',
        help='height and width of the input, or min:opt:max; for networks that leave it open',
    )
    group.add_argument(
        '--tf32',
        action='store_true',
        help='let an FP32 engine multiply in TF32: faster, with the precision of FP16',
    )
    group.add_argument('--fp16-input', action='store_true', help='take the image in FP16')
    group.add_argument(
        '--sensitive-fp16',
        action=BooleanOptionalAction,
        default=True,
        help='keep the detection heads of an INT8 engine in FP16 (default)',
    )
    group.add_argument(
        '--optimization-level',
        type=int,
        choices=range(6),
        metavar='0-5',
        help="effort of the search for fast kernels; default: TensorRT's own, 3",
    )


def _add_machine_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('machine')
    group.add_argument(
        '--device', default='auto', metavar='auto|N', help='GPU; auto: most free memory'
    )
    group.add_argument('--dla', type=index, metavar='CORE', help='deep learning accelerator')
    group.add_argument(
        '--workspace',
        type=checked(parse_bytes),
        metavar='BYTES',
        help='scratch memory of a layer, such as 512MiB; default: 2GiB or a quarter of the free',
    )
    group.add_argument(
        '--timing-cache',
        metavar='FILE|none',
        help='kernel times of earlier builds; default: a file of this TensorRT and GPU',
    )
    group.add_argument(
        '--tactic-sources',
        type=names,
        metavar='NAME,NAME',
        help="kernel libraries to choose from, by TensorRT's names; default: its own choice",
    )
    group.add_argument('--plugin', type=Path, metavar='LIBRARY', help='compiled decode plugin')


def _add_graph_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('network')
    group.add_argument(
        '--no-plugin', action='store_true', help='build the network as it is, without our decoding'
    )
    add_head_options(group)


def _add_calibration_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('INT8 calibration')
    group.add_argument(
        '--calibration',
        type=Path,
        metavar='PATH',
        help='pictures like those of the camera: a folder, a video or a rosbag2 recording',
    )
    group.add_argument('--calibration-topic', metavar='TOPIC', help='image topic of a recording')
    group.add_argument(
        '--calibration-images', type=count, default=DEFAULT_COUNT, metavar='N', help='%(default)s'
    )
    group.add_argument('--calibration-order', choices=('even', 'random'), default='even')
    group.add_argument('--calibration-seed', type=int, default=0, metavar='SEED')
    group.add_argument(
        '--calibration-method',
        type=choice(CalibrationMethod),
        metavar='minmax|entropy',
        help='default: minmax, for a DLA entropy',
    )
    group.add_argument(
        '--calibration-cache', type=Path, metavar='FILE', help='table to use or to write'
    )


def _add_verification_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group('verification')
    group.add_argument(
        '--verify', type=Path, metavar='PATH', help='pictures; default: those of the calibration'
    )
    group.add_argument(
        '--verify-images', type=count, default=64, metavar='N', help='%(default)s at most'
    )
    group.add_argument('--no-verify', action='store_true', help='write the engine unverified')
    group.add_argument(
        '--verify-only', type=Path, metavar='ENGINE', help='build nothing, verify this engine'
    )
