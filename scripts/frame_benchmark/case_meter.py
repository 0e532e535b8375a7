# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All figures of one kind of camera message."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from scripts.frame_benchmark import names
from scripts.frame_benchmark.figures import Case
from scripts.frame_benchmark.gpu_ways import GpuChain
from scripts.frame_benchmark.host_ways import (
    copying,
    detecting,
    HostWay,
    in_place,
    PipelinedWay,
)
from scripts.frame_benchmark.message_ring import MessageRing
from scripts.frame_benchmark.rounds import measure_in_rounds, Way
from scripts.frame_benchmark.subject import Subject


def measure_case(
    subject: Subject,
    ring: MessageRing,
    encoding: str,
    batch: int,
    count: int,
    tick: Callable[[str], object],
) -> Case:
    """
    Measure every way on the same messages.

    :param count: calls of each way.
    :param tick: see ``measure_in_rounds``.
    """
    facts = subject.gpu[1].facts
    first = ring.next(batch)
    with closing(GpuChain(subject.session, facts, subject.selection, first)) as chain:
        ways = [
            *_gpu_ways(chain),
            *(
                HostWay(names.copy(number), ring, batch, copying(copy, chain.upload_memory))
                for number, copy in subject.copies.items()
            ),
            *_detecting_ways(subject, ring, batch),
        ]
        figures = measure_in_rounds(ways, count, tick)
    return Case(ring.source_wh, encoding, batch, figures)


def num_ways(subject: Subject, batch: int) -> int:
    """Return how many ways there are at a batch size."""
    alone = 1 + len(subject.peers) if batch == 1 else 0
    return len(names.GPU_WAYS) + len(subject.copies) + len(subject.gpu) + 2 + alone


def _gpu_ways(chain: GpuChain) -> list[Way]:
    return [
        chain.engine_alone(names.ENGINE, names.ENGINE_WAIT),
        chain.stage_by_stage(names.STAGES),
        chain.whole(names.GRAPH),
    ]


def _detecting_ways(subject: Subject, ring: MessageRing, batch: int) -> list[Way]:
    rules = subject.selection
    ways: list[Way] = [
        HostWay(names.detect(number), ring, batch, detecting(pipeline, rules))
        for number, pipeline in subject.gpu.items()
    ]
    if batch == 1:
        ways.append(in_place(names.IN_PLACE, ring, subject.gpu[1], rules))
    ways.append(PipelinedWay(names.PIPELINED, ring, batch, subject.gpu[4], rules))
    ways.append(HostWay(names.TUTORIAL, ring, batch, detecting(subject.tutorial, rules)))
    if batch == 1:
        ways += [HostWay(peer.name, ring, batch, peer) for peer in subject.peers]
    return ways
