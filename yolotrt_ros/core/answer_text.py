# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Records of answers in words."""

from __future__ import annotations

from yolotrt_ros.core.answer_record import AnswerRecord
from yolotrt_ros.core.frame_counts import DROP_REASONS


def status_line(record: AnswerRecord) -> str:
    """Tell the state of a camera in one line."""
    counts = record.counts
    numbers = ', '.join(
        f'{name} {counts.get(name, "-")}'
        for name in ('received', 'processed', 'dropped', 'rejected')
    )
    age = record.times.get('age_ms')
    latency = f', stamp to publishing {age.percentile_ms(50):.1f} ms' if age else ''
    return f'{numbers}, messages {record.num_messages}{latency}'


def report_lines(record: AnswerRecord) -> list[str]:
    """Tell everything that is known of a camera."""
    facts = record.as_dict()
    counts = record.counts
    recording = '' if facts['recorded'] is None else f'  of {facts["recorded"]} in the recording'
    reasons = [f'{name} {counts[name]}' for name in DROP_REASONS if counts.get(name)]
    dropped = f'  ({", ".join(reasons)})' if reasons else ''
    lines = [
        f'  received   {counts.get("received", "-"):>6}',
        f'  processed  {counts.get("processed", "-"):>6}',
        f'  dropped    {counts.get("dropped", "-"):>6}{dropped}',
        f'  rejected   {counts.get("rejected", "-"):>6}',
        f'  messages   {facts["messages"]:>6}',
        f'  answered   {facts["answered"]:>6}{recording}',
    ]
    if facts['laps'] > 1:
        lines.append(f'  laps       {facts["laps"]:>6}')
    if facts['processed_before']:
        lines.append(f'  before     {facts["processed_before"]:>6}  were processed unseen')
    if facts['has_restarted']:
        lines.append('  the detector was configured anew meanwhile, which begins its counts anew')
    return [*lines, *_time_lines(facts['times_ms']), *_verdict(facts['problems'])]


def _time_lines(times_ms: dict[str, dict[str, float]]) -> list[str]:
    if not times_ms:
        return ['  no times came on ~/timing']
    columns = list(next(iter(times_ms.values())))
    lines = [f'  {"milliseconds":22s}' + ''.join(f'{column:>10s}' for column in columns)]
    for name, row in times_ms.items():
        label = name.removesuffix('_ms')
        lines.append(f'  {label:22s}' + ''.join(f'{row[column]:10.2f}' for column in columns))
    return lines


def _verdict(problems: list[str]) -> list[str]:
    if problems:
        return [f'  PROBLEM: {problem}' for problem in problems]
    return ['  one message for each processed image, stamps in order, all images accounted for']
