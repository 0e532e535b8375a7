# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cut a YOLOv5 network at its heads for the decode plugin, on any machine."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.head_options import add_head_options, prepare_from
from yolotrt_ros.trt.onnx_surgery import HeadGraph, is_quantized, Prepared
from yolotrt_ros.trt.surgery_check import check_cut

DESCRIPTION = """\
Cut a YOLOv5 network before its decoding, append the decode plugin's node, and prove with
ONNX Runtime that the result finds the same boxes. Neither TensorRT nor a GPU is needed;
build_engine does the same on its own."""


def main(args: list[str]) -> int:
    """
    Run the command; returns 0.

    :raises GraphError: the network does not fit, or the result differs from it.
    :raises ConfigError: the output cannot be written.
    """
    options = parse(args)
    output = _output_path(options)
    prepared = prepare_from(options)
    print(report(prepared))
    print(f'check     {check_cut(options.model, prepared)}')
    model = prepared.cut if options.cut_only else prepared.model
    try:
        write_bytes(output, model.SerializeToString(deterministic=True))
    except OSError as error:
        raise ConfigError('output', str(output), f'cannot be written: {error}') from error
    print(f'written   {output} ({", ".join(item.name for item in model.graph.output)})')
    return 0


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser('yolotrt_ros prepare_onnx', description=DESCRIPTION)
    parser.add_argument('model', type=Path, help='ONNX network, decoded or ending in three heads')
    parser.add_argument(
        '-o',
        '--output',
        type=Path,
        metavar='FILE',
        help='network to write; default: MODEL_plugin.onnx or MODEL_cut.onnx beside the other',
    )
    parser.add_argument(
        '--cut-only',
        action='store_true',
        help='end in p3, p4 and p5 without the plugin, to quantise the network for example',
    )
    add_head_options(parser)
    return parser.parse_args(args)


def report(prepared: Prepared) -> str:
    """Return what was found, one fact a line."""
    heads = prepared.heads
    shape = ', '.join(map(str, heads.input_shape))
    lines = [
        f'input     {heads.input_name} [{shape}]',
        f'classes   {heads.num_classes}: {_names_text(heads)}',
        *(
            f'stride {stride:<2} {node}, anchors {_anchors_text(anchors)}'
            for stride, node, anchors in zip(
                heads.strides, heads.nodes, heads.anchors.tolist(), strict=True
            )
        ),
    ]
    if is_quantized(prepared.cut):
        lines.append('quantised yes, by QuantizeLinear nodes')
    return '\n'.join(lines)


def _names_text(heads: HeadGraph) -> str:
    shown = ', '.join(heads.class_names[:5]) or 'the file has no names'
    return shown + (', …' if len(heads.class_names) > 5 else '')


def _anchors_text(anchors: list[list[float]]) -> str:
    return ' '.join(f'{width:g}x{height:g}' for width, height in anchors)


def _output_path(options: Namespace) -> Path:
    suffix = 'cut' if options.cut_only else 'plugin'
    output: Path = options.output or options.model.with_name(f'{options.model.stem}_{suffix}.onnx')
    if output.resolve() == options.model.resolve():
        raise ConfigError('output', str(output), 'is the network itself; give another file')
    return output
