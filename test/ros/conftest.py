# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real nodes in processes of their own, and a peer that talks to them over DDS."""

from collections.abc import Iterator

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2 or run scripts/setup.sh')

import rclpy

from test.color_network import color_network
from test.ros.peer import Peer
from test.ros.processes import ModuleProcess, NodeProcess


@pytest.fixture(scope='session')
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def peer(ros) -> Iterator[Peer]:
    """A fresh node of the test's own."""
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture(scope='session')
def network(tmp_path_factory):
    """A network of three classes whose scores are the mean red, green and blue of the image."""
    return color_network(tmp_path_factory.mktemp('network') / 'colors.onnx')


@pytest.fixture(scope='module')
def shared_detector(ros, network, tmp_path_factory) -> Iterator[Peer]:
    """A peer connected to one detector that serves all tests of a module, one after another."""
    log = tmp_path_factory.mktemp('shared') / 'node.log'
    process = NodeProcess(
        log,
        'node',
        onnx_path=network,
        score_threshold=0.05,
        **{'qos_overrides./shared/image.subscription.reliability': 'reliable'},
        namespace='shared',
    )
    peer = Peer(namespace='shared')
    peer.connect()
    yield peer
    peer.close()
    assert process.stop() == 0, process.output


@pytest.fixture
def start(tmp_path) -> Iterator:
    """Start nodes of the package; those that still run are stopped behind the test."""
    processes = []

    def start_process(*args: str, **parameters: object) -> NodeProcess:
        process = NodeProcess(tmp_path / f'{len(processes)}.log', *args, **parameters)
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        process.stop()


@pytest.fixture
def run_module(tmp_path) -> Iterator:
    """Start modules such as ``bag_player``; those that still run are stopped behind the test."""
    processes = []

    def start_module(name: str, *args: object) -> ModuleProcess:
        log = tmp_path / f'{name}{len(processes)}.log'
        processes.append(ModuleProcess(log, name, *args))
        return processes[-1]

    yield start_module
    for process in processes:
        process.stop()
