#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Send a detector four times as many images as it can process, and check what it promises.

Three cameras send at one rate over DDS. Then every image must be accounted for, the newest must
have won, stamps must rise, cameras must have taken turns, and memory must not have grown. Without
--model the detector runs around a pipeline that only waits. Needs rclpy, no GPU.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rclpy
from tqdm import tqdm

from scripts.node_benchmark.audit import audit, Finding
from scripts.node_benchmark.image import SerialisedImage
from scripts.node_benchmark.ledger import Ledger
from scripts.node_benchmark.load import Load
from scripts.node_benchmark.process import NodeProcess, set_environment

CAMERAS = ('front', 'left', 'rear')
NAMESPACE = 'overload'
PROBE_HZ, PROBE_S = 200.0, 3.0


def main() -> int:
    """Run; returns 1 where a promise was not kept."""
    options = parse()
    set_environment()
    rclpy.init()
    try:
        with TemporaryDirectory() as folder:
            process = start(options, Path(folder) / 'node.log')
            try:
                findings, facts = run(options, process)
            except (TimeoutError, ProcessLookupError) as error:
                print(f'overload: {error}; the node says:\n{process.output}', file=sys.stderr)
                return 1
            finally:
                status = process.stop()
            findings.append(clean_end(status, process.output))
    finally:
        rclpy.shutdown()
    for name, counts in facts['cameras'].items():
        print(f'{name}: {", ".join(f"{key} {count}" for key, count in counts.items() if count)}')
    for finding in findings:
        print(f'{"ok    " if finding.is_kept else "BROKEN"}  {finding.promise}: {finding.facts}')
    if options.json:
        facts['findings'] = [asdict(finding) for finding in findings]
        options.json.write_text(json.dumps(facts, indent=2) + '\n', encoding='utf-8')
    return int(not all(finding.is_kept for finding in findings))


def parse(arguments: Sequence[str] | None = None) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=60.0)
    parser.add_argument('--times', type=float, default=4.0, help='as many as it can do (4)')
    parser.add_argument('--call-ms', type=float, default=50.0, help='of the pipeline that waits')
    parser.add_argument('--model', type=Path, help='ONNX network, instead of that pipeline')
    parser.add_argument('--width', type=int, default=640)
    parser.add_argument('--height', type=int, default=480)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    return parser.parse_args(arguments)


def start(options: Namespace, log: Path) -> NodeProcess:
    """Start the detector."""
    given = {'namespace': NAMESPACE, 'log': log, 'cameras': f'[{", ".join(CAMERAS)}]'}
    if options.model:
        module, arguments, given['onnx_path'] = 'yolotrt_ros', ('node',), options.model.resolve()
    else:
        module, arguments = 'scripts.node_benchmark.detector', (str(options.call_ms),)
    return NodeProcess(module, *arguments, **given)


def run(options: Namespace, process: NodeProcess) -> tuple[list[Finding], dict[str, Any]]:
    """
    Find out what the detector can do, send more, and check.

    :raises TimeoutError: it does not answer.
    """
    load = Load(f'/{NAMESPACE}', CAMERAS, SerialisedImage(options.width, options.height))
    try:
        load.wait_until_ready()
        capacity_hz = capacity(load)
        rate_hz = options.times * capacity_hz
        print(f'each camera: {capacity_hz:.1f} images a second are processed, {rate_hz:.1f} sent')
        with tqdm(total=int(options.seconds), unit='s', file=sys.stderr) as bar:

            def each_s() -> None:
                load.ledger.resident_bytes.append(process.resident_bytes())
                bar.update()

            load.send(rate_hz, options.seconds, each_s)
        load.wait_until_settled()
    finally:
        load.close()
    facts = {'capacity_hz': capacity_hz, 'rate_hz': rate_hz, 'cameras': totals(load.ledger)}
    return audit(load.ledger, 1 / capacity_hz), facts


def capacity(load: Load) -> float:
    """Flood the detector; returns the images a second that it answers of one camera."""
    before = load.ledger.num_answers
    load.send(PROBE_HZ, PROBE_S, lambda: None)
    return (load.ledger.num_answers - before) / PROBE_S / len(CAMERAS)


def totals(ledger: Ledger) -> dict[str, dict[str, int]]:
    """Return what was sent, and what became of it."""
    return {
        name: {'sent': len(camera.sent), **camera.counts[-1], **camera.drops[-1]}
        for name, camera in ledger.cameras.items()
    }


def clean_end(status: int, output: str) -> Finding:
    """Check how the node ended."""
    is_kept = status == 0 and 'Traceback' not in output
    return Finding('it ends cleanly', is_kept, f'status {status}')


if __name__ == '__main__':
    sys.exit(main())
