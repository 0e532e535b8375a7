# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole way on one machine: camera, detector and listener as processes over DDS."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
import json
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
from threading import Thread
import time
from typing import Any

from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.deferred_signals import deferred_signals
from yolotrt_ros.core.discovery import local_discovery
from yolotrt_ros.core.errors import ConfigError, YolotrtError
from yolotrt_ros.core.resources import share_path
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL, DEMO_SEED
from yolotrt_ros.tools.network_option import network_paths
from yolotrt_ros.tools.termination import ended_in_order

START_TIMEOUT_S = 60.0
SETTLE_TIMEOUT_S = 5.0
QUIET_S = 0.6


class DemoError(YolotrtError):
    """One of the processes did not do its part."""


def main(args: list[str]) -> int:
    """Run the command; returns 0."""
    options = parse(args)
    options.output.mkdir(parents=True, exist_ok=True)
    sheet = options.output / 'contact_sheet.png'
    sheet.unlink(missing_ok=True)
    with ended_in_order():
        state = run(options, sheet)
    print(summary(options, state))
    if not sheet.exists():
        raise DemoError(f'no contact sheet was made; see the logs in {options.output}')
    print(f'contact sheet    {sheet}')
    return 0


def parse(args: list[str]) -> Namespace:
    """
    Read the command line.

    :raises ConfigError: a file does not exist, or a number is out of range.
    """
    parser = ArgumentParser('yolotrt_ros demo', description=__doc__)
    parser.add_argument(
        '--model', type=Path, default=DECODED_MODEL, help='ONNX network or TensorRT engine'
    )
    parser.add_argument('--source', default='scenes', help='picture, video, folder, or scenes')
    parser.add_argument('--frames', type=int, default=100, help='images to publish (100)')
    parser.add_argument('--rate', type=float, default=30.0, help='images a second (30)')
    parser.add_argument('--seed', type=int, default=DEMO_SEED, help='which drive of scenes')
    parser.add_argument('--output', type=Path, default=Path('demo_output'), metavar='DIR')
    options = parser.parse_args(args)
    if not options.model.exists():
        reason = 'does not exist; choose another with --model'
        raise ConfigError('model', str(options.model), reason)
    if options.source != 'scenes' and not Path(options.source).exists():
        raise ConfigError('source', options.source, 'does not exist; choose another with --source')
    if options.frames < 1:
        raise ConfigError('frames', options.frames, 'must be at least 1')
    return options


def run(options: Namespace, sheet: Path) -> dict[str, Any]:
    """Run the three processes to the end of the source; returns the listener's last state."""
    paths = network_paths(options.model)
    # First, so that a network that cannot run is explained here.
    pipeline = build_pipeline(DetectorConfig(**paths))
    pipeline.close()
    # The truth of the scenes is in the words of our own network only.
    has_truth = options.source == 'scenes' and pipeline.info.class_names == CLASS_NAMES
    with ExitStack() as stack:
        environment = _isolated_environment()

        def start(*command: str) -> subprocess.Popen[str]:
            log = options.output / f'{command[0]}.log'
            return stack.enter_context(_process(command, environment, log))

        listener = start('listen', '--sheet', str(sheet), *(['--truth'] if has_truth else []))
        camera = start(
            'camera', options.source, '--frames', str(options.frames), '--rate',
            str(options.rate), '--seed', str(options.seed), '--wait-for-subscribers', '2',
            '--start-delay', '0.3',
        )  # fmt: skip
        [(parameter, path)] = paths.items()
        detector = start('node', f'--{parameter.replace("_", "-")}', path)
        reports = Reports(listener)
        _wait_for(lambda: reports.state.get('ready'), START_TIMEOUT_S, (listener, detector))
        with tqdm(total=options.frames, unit='image', file=sys.stderr) as progress:
            while camera.poll() is None:
                _check_running(listener, detector)
                if new := reports.state.get('messages', 0) - progress.n:
                    progress.update(new)
                time.sleep(0.05)
        if camera.returncode:
            raise DemoError(f'the camera failed; see {options.output}/camera.log')
        _settle(reports)
        _stop(detector)  # its last act is to publish the final counts
        _stop(listener)
        return reports.final_state()


class Reports:
    """Reads the states that the listener prints."""

    def __init__(self, listener: subprocess.Popen[str]) -> None:
        self.state: dict[str, Any] = {}
        self._thread = Thread(target=self._read, args=(listener,), daemon=True)
        self._thread.start()

    def final_state(self) -> dict[str, Any]:
        """Return the last state of a listener that has ended."""
        self._thread.join()
        return self.state

    def _read(self, listener: subprocess.Popen[str]) -> None:
        assert listener.stdout is not None
        for line in listener.stdout:
            if line.startswith('{'):
                self.state = json.loads(line)


def summary(options: Namespace, state: dict[str, Any]) -> str:
    """Format the outcome for people."""
    counts = state['counts']
    lines = [
        f'network          {options.model}',
        f'source           {options.source}',
        f'published        {options.frames}',
        f'received         {counts["received"]}',
        f'processed        {counts["processed"]}',
        f'dropped          {counts["dropped"]}  (a newer image came first)',
        f'rejected         {counts["rejected"]}',
        f'messages         {state["messages"]}',
        f'stamp to receipt {_latency_text(state)}',
        *_score_lines(state['score']),
        'objects',
        *(f'  {number:6d} {name}' for name, number in state['objects'].items()),
    ]
    return '\n'.join(lines)


def _score_lines(score: dict[str, float] | None) -> list[str]:
    if score is None:
        return []
    names = {'precision': 'precision', 'recall': 'recall', 'mean IoU': 'mean_iou'}
    return [f'{name:16s} {score.get(key, float("nan")):.3f}' for name, key in names.items()]


def _latency_text(state: dict[str, Any]) -> str:
    if state['latency_median_ms'] is None:
        return '-'
    median_ms, p99_ms = state['latency_median_ms'], state['latency_p99_ms']
    return f'median {median_ms:.1f} ms, p99 {p99_ms:.1f} ms'


def _isolated_environment() -> dict[str, str]:
    """Keep to this machine and a ROS domain of our own, unless the user chose others."""
    environment = local_discovery(os.environ)
    environment.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 101)))
    # Without it a best-effort subscriber loses most images of this size (see the file).
    profile = share_path('config', 'fastdds_large_images.xml')
    environment.setdefault('FASTRTPS_DEFAULT_PROFILES_FILE', str(profile))
    return environment


@contextmanager
def _process(
    command: tuple[str, ...], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    with log.open('w') as log_file, ExitStack() as stack:
        with deferred_signals():
            process = subprocess.Popen(
                [sys.executable, '-m', 'yolotrt_ros', *command],
                env=environment,
                stdout=subprocess.PIPE if command[0] == 'listen' else log_file,
                stderr=log_file,
                text=True,
                # Ctrl-C in the terminal is for this process, which stops the others in order.
                start_new_session=True,
            )
            stack.enter_context(process)
            stack.callback(_stop, process)
        yield process


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(
    condition: Any,  # noqa: ANN401
    timeout_s: float,
    processes: tuple[subprocess.Popen[str], ...],
) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        _check_running(*processes)
        if time.monotonic() > deadline:
            raise DemoError(
                f'the detector was not ready after {timeout_s:.0f} s; see node.log in the output '
                'folder'
            )
        time.sleep(0.05)


def _check_running(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        if process.poll() is not None:
            raise DemoError(
                f'a process ended early with status {process.returncode}; see the logs in the '
                f'output folder (command: {process.args!r})'
            )


def _settle(reports: Reports) -> None:
    """Wait until no more detections come."""
    before, since = -1, time.monotonic()
    deadline = since + SETTLE_TIMEOUT_S
    while time.monotonic() < min(deadline, since + QUIET_S):
        if reports.state.get('messages', 0) != before:
            before, since = reports.state.get('messages', 0), time.monotonic()
        time.sleep(0.05)
