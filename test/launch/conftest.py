# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from test.color_network import color_network
from test.launch.launching import installed_environment, LAUNCH_FOLDER, LaunchProcess


@pytest.fixture(scope='session')
def network(tmp_path_factory) -> Path:
    """A network of three classes whose scores are the mean red, green and blue of the image."""
    return color_network(tmp_path_factory.mktemp('network') / 'colors.onnx')


@pytest.fixture
def reliable_file(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a parameter file: no image of these topics gets lost."""

    def write(*images: str, **parameters: object) -> Path:
        for image in images:
            parameters[f'qos_overrides.{image}.subscription.reliability'] = 'reliable'
            parameters[f'qos_overrides.{image}.subscription.depth'] = 50
        parameters['score_threshold'] = 0.05
        lines = [f'    {name}: {value}' for name, value in parameters.items()]
        path = tmp_path / 'parameters.yaml'
        path.write_text('\n'.join(['/**:', '  ros__parameters:', *lines, '']))
        return path

    return write


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return installed_environment(tmp_path / 'prefix')


@pytest.fixture
def launch(tmp_path, environment) -> Iterator[Callable[..., LaunchProcess]]:
    """Return a function that starts a launch file; what still runs is ended behind the test."""
    processes = []

    def start(file: str | Path = 'detector.launch.py', **arguments: object) -> LaunchProcess:
        log = tmp_path / f'launch{len(processes)}.log'
        processes.append(LaunchProcess(log, environment, LAUNCH_FOLDER / file, **arguments))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


@pytest.fixture
def peer() -> Iterator:
    import rclpy

    from test.ros.peer import Peer

    was_running = rclpy.ok()
    if not was_running:
        rclpy.init()
    peer = Peer()
    yield peer
    peer.close()
    if not was_running:
        rclpy.shutdown()


@pytest.fixture
def picture(rng) -> np.ndarray:
    return rng.integers(60, 200, (48, 80, 3), np.uint8)
