# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replay a recording through a network, without ROS and without time, and compare."""

from __future__ import annotations

from argparse import Namespace
import json
from typing import Any

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.json_output import (
    check_output_path,
    text_beside,
    write_json,
    write_output,
)
from yolotrt_ros.core.options import config_from_options
from yolotrt_ros.tools.bag_salvage import open_readable
from yolotrt_ros.tools.golden import Golden, read_golden, write_golden
from yolotrt_ros.tools.golden_comparison import compare, Comparison, Tolerances
from yolotrt_ros.tools.golden_report import comparison_figures, comparison_text
from yolotrt_ros.tools.network_option import network_paths
from yolotrt_ros.tools.replay_job import ReplayResult, run_replay
from yolotrt_ros.tools.replay_options import parse
from yolotrt_ros.tools.replay_report import replay_figures, replay_text
from yolotrt_ros.tools.termination import ended_in_order


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0; 1 where images cannot be read or the detections are not the golden ones.
    """
    options = parse(args)
    config = config_from_options(options, **network_paths(options.model))
    for option in ('write_golden', 'times', 'json'):
        inputs = options.bag, options.model, options.expect
        check_output_path(option, getattr(options, option), *inputs)
    expected = read_golden(options.expect) if options.expect else None
    with ended_in_order(), open_readable(options.bag) as recording:
        pipeline = build_pipeline(config)
        try:
            result = run_replay(options, recording, pipeline, config)
        finally:
            pipeline.close()
        problems = list(recording.problems)
    with text_beside(options.json):
        print(replay_text(options.bag, pipeline.info, result.replay, result.totals))
        for note in [*problems, *result.notes]:
            print(f'note        {note}')
        comparison = _compare(options, expected, result)
        _write_files(options, result)
    write_json(options.json, _figures(result, problems, comparison))
    return _status(options, result, problems, comparison)


def _compare(
    options: Namespace, expected: Golden | None, result: ReplayResult
) -> Comparison | None:
    if expected is None:
        return None
    tolerances = Tolerances(options.min_iou, options.max_score_change, options.max_disagreeing)
    comparison = compare(expected, result.golden, tolerances)
    print(comparison_text(options.expect, comparison))
    return comparison


def _write_files(options: Namespace, result: ReplayResult) -> None:
    if options.write_golden:
        write_golden(options.write_golden, result.golden)
        print(f'note        wrote {options.write_golden}: {len(result.golden.frames)} images')
    if options.times:
        # One line a frame.
        text = '[\n' + ',\n'.join(map(json.dumps, result.times)) + '\n]\n'
        write_output('times', options.times, text)


def _figures(
    result: ReplayResult, problems: list[str], comparison: Comparison | None
) -> dict[str, Any]:
    figures = replay_figures(result.replay, result.totals) | {'problems': problems}
    if comparison is not None:
        figures['golden'] = comparison_figures(comparison)
    return figures


def _status(
    options: Namespace, result: ReplayResult, problems: list[str], comparison: Comparison | None
) -> int:
    is_whole = options.allow_incomplete or not problems
    is_readable = len(result.replay.failures) <= options.max_unreadable
    is_same = comparison is None or comparison.is_same
    return 0 if is_whole and is_readable and is_same and result.totals.num_frames else 1
