# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tell whether two networks compute the same: at their outputs, or layer by layer."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
import sys
from typing import Any

from numpy.typing import NDArray

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.json_output import (
    add_json_option,
    check_output_path,
    text_beside,
    write_json,
)
from yolotrt_ros.core.options import add_parameter_options, config_from_options
from yolotrt_ros.tools.argument_types import choice, distance, index, names
from yolotrt_ros.tools.layer_agreement_engine import build_with_layers
from yolotrt_ros.tools.layer_agreement_figures import compare_tensors, TensorFigures, Tolerance
from yolotrt_ros.tools.layer_agreement_heads import compare_outputs
from yolotrt_ros.tools.layer_agreement_layers import OnnxLayers
from yolotrt_ros.tools.layer_agreement_networks import (
    common_size,
    Image,
    make_image,
    open_session,
    run_session,
)
from yolotrt_ros.tools.layer_agreement_pairs import paired_names, paired_values
from yolotrt_ros.tools.layer_agreement_runner import choose_runner, LayerRunner, RunnerChoice
from yolotrt_ros.tools.layer_agreement_table import table, verdict
from yolotrt_ros.tools.network_option import NETWORK_OPTIONS, network_paths
from yolotrt_ros.trt.precision import carried_precision, Precision

# Rounding adds up on the way through a network. An FP32 engine may multiply in TF32 (--tf32), with
# the ten bits of FP16; the sums of ONNX Runtime differ in their order alone. INT8 has eight bits.
RELATIVE = {
    (Precision.FP32, False): 1e-3,
    (Precision.FP32, True): 1e-2,
    (Precision.FP16, False): 3e-2,
    (Precision.FP16, True): 3e-2,
    (Precision.INT8, False): 0.2,
    (Precision.INT8, True): 0.2,
}
"""Tolerance by the coarser precision of the two, and by whether one is an engine."""
ABSOLUTE = 1e-5


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0 where the networks agree, 1 where they do not.
    """
    options = parse(args)
    config = config_from_options(options)
    check_output_path('json', options.json, *options.networks, options.input)
    runner = _runner(options)
    figures, tolerance = _agreement(options, config, runner)
    with text_beside(options.json):
        if runner is not None:
            print(f'layers run by {runner.description}')
        print(table(figures, show_all=options.all or not options.layers))
        print(verdict(figures, tolerance, options.networks, by_layer=options.layers))
    if options.json:
        content = {
            'networks': [str(path) for path in options.networks],
            'runner': runner and runner.kind.value,
            'agrees': all(item.agrees for item in figures),
            'tolerance': {'absolute': tolerance.absolute, 'relative': tolerance.relative},
            'tensors': [item.as_dict() for item in figures],
        }
        write_json(options.json, content)
    return 0 if all(item.agrees for item in figures) else 1


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser('yolotrt_ros agree', description=__doc__)
    parser.add_argument(
        'networks', type=Path, nargs=2, metavar='NETWORK', help='the reference and the other'
    )
    parser.add_argument('--input', type=Path, metavar='PICTURE', help='default: random patches')
    parser.add_argument('--seed', type=index, default=0, help='of the random patches (0)')
    parser.add_argument(
        '--layers',
        action='store_true',
        help='compare every tensor between two layers; for an engine the first network is built '
        'again with every tensor an output',
    )
    parser.add_argument(
        '--runner',
        type=choice(RunnerChoice),
        metavar='|'.join(item.value for item in RunnerChoice),
        help='what runs the networks for --layers: Polygraphy, which keeps every tensor in '
        "memory, or the detector's own runtimes; auto (the default) is Polygraphy where it is "
        'installed',
    )
    parser.add_argument('--all', action='store_true', help='list the layers that agree, too')
    parser.add_argument(
        '--precision', type=choice(Precision), help="of an engine's layers; default: its card's"
    )
    parser.add_argument(
        '--tactic-sources', type=names, help="for an engine's layers, as of build_engine"
    )
    parser.add_argument(
        '--rtol', type=distance, help="largest part of the reference's largest value"
    )
    parser.add_argument('--atol', type=distance, help=f'or largest difference ({ABSOLUTE:g})')
    add_json_option(parser)
    add_parameter_options(parser, NETWORK_OPTIONS)
    return parser.parse_args(args)


def _runner(options: Namespace) -> LayerRunner | None:
    """Return what runs the layers; None for a comparison of outputs."""
    if options.layers:
        return choose_runner(options.runner or RunnerChoice.AUTO)
    if options.runner is not None:
        raise ConfigError(
            'runner', options.runner.value, 'is for comparisons by layers; add --layers'
        )
    return None


def _agreement(
    options: Namespace, config: DetectorConfig, runner: LayerRunner | None
) -> tuple[list[TensorFigures], Tolerance]:
    """Load and run both networks; returns the figures of every tensor and what was allowed."""
    tolerance = _tolerance(options)
    sessions = []
    try:
        for path in options.networks:
            sessions.append(open_session(path, config))
        reference, candidate = sessions
        size = common_size((reference, candidate), config)
        image = make_image(options.input, size, seed=options.seed)
        for session in sessions:
            print(f'{session.path}: {session.backend}', file=sys.stderr)
        if runner is not None:
            batch = reference.batch or candidate.batch or 1
            values = _layer_values(options, config, runner, image, batch)
            return [compare_tensors(*item, tolerance) for item in values], tolerance
        runs = [run_session(session, image, config) for session in sessions]
        return compare_outputs(runs[0], runs[1], tolerance), tolerance
    finally:
        for session in sessions:
            session.close()


def _layer_values(
    options: Namespace, config: DetectorConfig, runner: LayerRunner, image: Image, batch: int
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """Yield name and values of the tensors that both networks have."""
    first, second = options.networks
    if _is_engine(first):
        raise ConfigError(
            'networks', str(first), 'must be the ONNX network, with the engine behind it'
        )
    layers = OnnxLayers(first, batch)
    if _is_engine(second):
        yield from _layer_values_of_engine(options, config, runner, image, layers)
        return
    others = OnnxLayers(second, batch)
    pairs = paired_names(layers, others)
    with (
        closing(runner.run_network(layers, image)) as reference,
        closing(runner.run_network(others, image)) as candidate,
    ):
        yield from paired_values(reference, candidate, pairs)


def _layer_values_of_engine(
    options: Namespace,
    config: DetectorConfig,
    runner: LayerRunner,
    image: Image,
    layers: OnnxLayers,
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    from yolotrt_ros.gpu.device import find_device

    precision = _precision(options.networks[1], options.precision)
    _check_precision(precision, layers)
    print(
        f'building {layers.path} in {precision.value} with every tensor an output; this takes '
        'minutes',
        file=sys.stderr,
    )
    device = find_device(config.device)
    with closing(runner.run_network(layers, image)) as reference:
        plan = build_with_layers(
            layers,
            reference,
            image,
            precision=precision,
            device=device,
            tactic_sources=options.tactic_sources or (),
        )
        with closing(runner.run_engine(layers, image, plan, device)) as candidate:
            known = set(candidate.names)
            pairs = [(name, name) for name in layers.names if name in known]
            yield from paired_values(reference, candidate, pairs)


def _check_precision(precision: Precision, layers: OnnxLayers) -> None:
    if precision is Precision.INT8 is not carried_precision(layers.graph.model):
        raise ConfigError(
            'precision',
            precision.value,
            f'{layers.path} is not quantised, and ranges that were measured for an engine '
            'hold for its own tensors; compare the outputs, without --layers, or the layers with '
            '--precision fp16',
        )


def _tolerance(options: Namespace) -> Tolerance:
    order = list(Precision)
    precisions = [_precision(path, options.precision) for path in options.networks]
    coarsest = max(precisions, key=order.index)
    usual = RELATIVE[coarsest, any(map(_is_engine, options.networks))]
    return Tolerance(
        ABSOLUTE if options.atol is None else options.atol,
        usual if options.rtol is None else options.rtol,
    )


def _precision(path: Path, given: Precision | None) -> Precision:
    """Find out what a network computes in; an engine without a card may be in FP16."""
    from yolotrt_ros.trt.engine_card import card_path, EngineCard
    from yolotrt_ros.trt.onnx_file import about, read_model

    if not _is_engine(path):
        with about(path):
            return carried_precision(read_model(path))
    if given is not None:
        return given
    return EngineCard.read(path).precision if card_path(path).exists() else Precision.FP16


def _is_engine(path: Path) -> bool:
    return 'engine_path' in network_paths(path)
