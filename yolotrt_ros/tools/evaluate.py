# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure the accuracy of a network on labelled pictures, through the pipeline that deploys it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
import sys

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.json_output import (
    add_json_option,
    check_output_path,
    text_beside,
    write_json,
)
from yolotrt_ros.core.options import add_parameter_options, config_from_options
from yolotrt_ros.core.pipeline import NetworkInfo, Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.tools.accuracy import measure, SCORE
from yolotrt_ros.tools.argument_types import probability
from yolotrt_ros.tools.dataset import Dataset
from yolotrt_ros.tools.dataset_options import add_dataset_options, dataset_from_options
from yolotrt_ros.tools.dataset_run import missing_classes, run_dataset
from yolotrt_ros.tools.evaluation import COUNTED, Evaluation
from yolotrt_ros.tools.network_option import NETWORK_OPTIONS, network_paths

OPTIONS = (*NETWORK_OPTIONS, 'class_agnostic_nms')
EXIT_WITH_PROBLEMS = 3
EXIT_STATUS = """\
exit status:
  0  measured
  1  an error, explained; nothing is measured
  2  a wrong call
  3  measured, but some pictures or labels, which are listed, could not be used as they are"""


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0, or 3 where some pictures or labels could not be used as they are.
    """
    options = parse(args)
    config = _config(options)
    check_output_path('json', options.json, options.model, options.annotations, options.data)
    with closing(build_pipeline(config)) as pipeline:
        dataset = dataset_from_options(options)
        show_problems(dataset.problems, dataset.description)
        selection = lowest_selection(config, pipeline.info)
        evaluation = evaluate(pipeline, selection, dataset, options.at)
    show_problems(evaluation.run.failures, str(options.model))
    with text_beside(options.json):
        print(evaluation.text())
    write_json(options.json, evaluation.as_dict())
    return EXIT_WITH_PROBLEMS if dataset.problems or evaluation.run.failures else 0


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        'yolotrt_ros evaluate',
        description=__doc__,
        epilog=EXIT_STATUS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument('model', type=Path, help='ONNX network or TensorRT engine')
    add_json_option(parser)
    parser.add_argument(
        '--at',
        type=probability,
        default=SCORE,
        metavar='SCORE',
        help='lowest score of the detections whose precision and recall are given; '
        'default: %(default)s',
    )
    parser.add_argument(
        '--score-threshold',
        type=probability,
        metavar='SCORE',
        help=f'lowest score that counts; default {COUNTED.score_threshold}, or the one of the '
        'engine, if higher',
    )
    parser.add_argument(
        '--iou-threshold',
        type=probability,
        default=COUNTED.iou_threshold,
        metavar='IOU',
        help='overlap above which the weaker box is dropped; default: %(default)s',
    )
    add_dataset_options(parser)
    add_parameter_options(parser, OPTIONS)
    return parser.parse_args(args)


def _config(options: Namespace) -> DetectorConfig:
    given = options.score_threshold
    return config_from_options(
        options,
        **network_paths(options.model),
        score_threshold=COUNTED.score_threshold if given is None else given,
        iou_threshold=options.iou_threshold,
        max_detections=COUNTED.max_detections,
    )


def evaluate(
    pipeline: Pipeline, selection: Selection, dataset: Dataset, score: float = SCORE
) -> Evaluation:
    """
    Run a network over a data set and measure what it finds.

    :param score: where precision and recall are taken, or at the lowest score selected, where
        that is higher.
    :raises ConfigError: the network and the set have no class in common.
    """
    missing = missing_classes(pipeline.info.class_names, dataset)
    if missing:
        _say(f'the network has no class for these of the data set: {", ".join(missing)}')
    run = run_dataset(pipeline, selection, dataset)
    num_found = sum(map(len, run.found))
    _say(f'comparing {num_found} detections with {dataset.num_objects} objects')
    return Evaluation(
        info=pipeline.info,
        dataset=dataset,
        selection=selection,
        run=run,
        accuracy=measure(dataset, run.found),
        missing_classes=tuple(missing),
        score=max(score, selection.score_threshold),
    )


def lowest_selection(config: DetectorConfig, info: NetworkInfo) -> Selection:
    """Return the rules, with the network's own threshold where it is higher than the usual."""
    if config.score_threshold == COUNTED.score_threshold < info.score_floor:
        _say(f'scores below {info.score_floor:g} are dropped by the network')
        config = replace(config, score_threshold=info.score_floor)
    return config.selection(info)


def show_problems(problems: tuple[str, ...], where: str, *, limit: int = 10) -> None:
    """Print how many there are, and the first ones."""
    if problems:
        _say(f'{len(problems)} problems in {where}:')
    for problem in problems[:limit]:
        _say(f'  {problem}')
    if len(problems) > limit:
        _say(f'  … and {len(problems) - limit} more; --json lists all')


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
