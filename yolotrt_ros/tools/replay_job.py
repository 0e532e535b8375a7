# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One replay with all that is kept of it."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
import sys
from typing import Any

from tqdm import tqdm

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.tools.bag_images import check_topic, image_topics
from yolotrt_ros.tools.bag_recording import Recording
from yolotrt_ros.tools.golden import Golden, GoldenFrame
from yolotrt_ros.tools.golden_facts import network_facts, parameter_facts
from yolotrt_ros.tools.replay_output import open_replay_output, ReplayOutput
from yolotrt_ros.tools.replay_report import ReplayTotals
from yolotrt_ros.tools.replay_run import Replay


@dataclass
class ReplayResult:
    """
    What a replay gave.

    :param replay: its account.
    :param totals: the sums over all frames.
    :param golden: every frame, with the facts of network and parameters.
    :param times: for each frame stamp in nanoseconds, topic and milliseconds of the stages.
    :param notes: what else is to be told.
    """

    replay: Replay
    totals: ReplayTotals
    golden: Golden
    times: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run_replay(
    options: Namespace, recording: Recording, pipeline: Pipeline, config: DetectorConfig
) -> ReplayResult:
    """
    Run the images of a recording and write the new one, if it is wanted.

    :param options: of the command line.
    :raises ConfigError: a topic is none of the recording, or the new recording cannot be made.
    :raises MediaError: there are no images.
    """
    topics = _chosen_topics(options, recording)
    info = pipeline.info
    replay = Replay(recording, topics, pipeline, config.selection(info))
    totals = ReplayTotals(info.class_names)
    frames: list[GoldenFrame] = []
    times: list[dict[str, Any]] = []
    images: dict[str, dict[str, None]] = {}
    notes: list[str] = []
    with _output(options, recording, list(topics), config, pipeline) as output:
        counts = list(topics.values())
        for frame in tqdm(
            replay.run(output),
            total=None if None in counts else sum(count or 0 for count in counts),
            unit='image',
            file=sys.stderr,
            disable=options.quiet,
        ):
            totals.add(frame)
            found = GoldenFrame.of(
                frame.topic, frame.header.stamp_ns, frame.detections, info.class_names
            )
            frames.append(found)
            images.setdefault(frame.topic, {})[frame.image] = None
            times.append(
                {'stamp': found.stamp_ns, 'topic': frame.topic, 'stage_times': frame.stage_times}
            )
        if output is not None:
            notes = [f'wrote {options.out}: {", ".join(output.written)}', *output.problems]
    golden = Golden(
        _name(options.bag),
        network_facts(info),
        parameter_facts(config),
        {topic: list(kinds) for topic, kinds in images.items()},
        tuple(frames),
    )
    return ReplayResult(replay, totals, golden, times, notes)


def _chosen_topics(options: Namespace, recording: Recording) -> dict[str, int | None]:
    known = image_topics(recording.topics, options.bag)
    chosen = options.topics or list(known)
    return {topic: known[check_topic(topic, list(known), options.bag)] for topic in chosen}


def _output(
    options: Namespace,
    recording: Recording,
    topics: list[str],
    config: DetectorConfig,
    pipeline: Pipeline,
) -> AbstractContextManager[ReplayOutput | None]:
    if options.out is None:
        return nullcontext()
    return open_replay_output(
        options.out,
        options.storage,
        recording,
        topics,
        config,
        pipeline.info,
        has_copies=options.copy,
    )


def _name(bag: Path) -> str:
    """Return the name of the recording, also where it was given as ``.``."""
    return bag.resolve().name
