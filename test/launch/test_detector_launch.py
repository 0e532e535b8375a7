# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch file, loaded and really launched."""

from array import array
from collections.abc import Callable, Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

# Not launch: where it is not installed, this project's folder of that name passes for it.
pytest.importorskip(
    'launch_ros', reason='launch_ros is not installed: it comes with a ROS 2 installation'
)
pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2')

import cv2
from launch import LaunchContext
from launch.launch_description_sources import PythonLaunchDescriptionSource
from lifecycle_msgs.msg import Transition
import numpy as np
import rclpy
from sensor_msgs.msg import CompressedImage

from test.color_network import color_network
from test.ros.peer import image_message, Peer
from test.ros.processes import TIMEOUT_S
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.encode import encode

pytestmark = pytest.mark.ros

REPOSITORY = Path(__file__).resolve().parents[2]
LAUNCH_FILE = REPOSITORY / 'launch' / 'detector.launch.py'
SERVICE = Path(__file__).with_name('service.py')

# A launch file as people write it: two cameras, and a clock of their own choice.
TWO_CAMERAS = """
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import SetParameter
from launch_ros.substitutions import FindPackageShare


def detector(**arguments):
    path = PathJoinSubstitution([FindPackageShare('yolotrt_ros'), 'launch', 'detector.launch.py'])
    return GroupAction([IncludeLaunchDescription(path, launch_arguments=arguments.items())])


def generate_launch_description():
    return LaunchDescription([
        SetParameter('use_sim_time', True),
        detector(onnx='NETWORK', namespace='front', image='/front_camera', use_sim_time='false'),
        detector(onnx='NETWORK', namespace='rear', params_file='RELIABLE'),
    ])
"""


class LaunchProcess:
    """
    A launch file that runs in a process of its own.

    :param arguments: launch arguments.
    """

    def __init__(self, log: Path, environment: dict[str, str], path: Path, **arguments: object):
        self._log = log
        given = [f'{name}:={value}' for name, value in arguments.items()]
        with log.open('w') as file:
            self._process = subprocess.Popen(
                [sys.executable, str(SERVICE), str(path), *given],
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait(self) -> int:
        return self._process.wait(timeout=TIMEOUT_S)

    def stop(self) -> None:
        """Interrupt it, which ends its nodes too, and check that all went well."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        assert self.wait() == 0, self.output
        assert 'process has died' not in self.output, self.output

    def kill(self) -> None:
        """End what a failed test left behind: launch ends its nodes on a signal."""
        if self._process.poll() is None:
            self._process.terminate()
            self.wait()


@pytest.fixture(scope='module')
def network(tmp_path_factory) -> Path:
    return color_network(tmp_path_factory.mktemp('network') / 'colors.onnx')


@pytest.fixture
def reliable_file(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a parameter file: no image of this topic gets lost."""

    def write(image: str, **parameters: object) -> Path:
        parameters[f'qos_overrides.{image}.subscription.reliability'] = 'reliable'
        parameters['score_threshold'] = 0.05
        lines = [f'    {name}: {value}' for name, value in parameters.items()]
        path = tmp_path / 'parameters.yaml'
        path.write_text('\n'.join(['/**:', '  ros__parameters:', *lines, '']))
        return path

    return write


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Return an environment in which ROS finds the package: the files as they are here."""
    prefix = tmp_path / 'prefix'
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    share, executables = prefix / 'share' / 'yolotrt_ros', prefix / 'lib' / 'yolotrt_ros'
    for folder in (index, share, executables):
        folder.mkdir(parents=True)
    (index / 'yolotrt_ros').touch()
    for name in ('config', 'launch', 'package.xml'):
        (share / name).symlink_to(REPOSITORY / name)
    executable = executables / 'detector_node'
    executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m yolotrt_ros node "$@"\n')
    executable.chmod(0o755)
    changes = {'AMENT_PREFIX_PATH': prefix, 'PYTHONPATH': REPOSITORY}
    return {
        **os.environ,
        **{
            name: os.pathsep.join([str(path), *filter(None, [os.environ.get(name)])])
            for name, path in changes.items()
        },
        'ROS_LOG_DIR': str(tmp_path / 'log'),
    }


@pytest.fixture
def launch(tmp_path, environment) -> Iterator[Callable[..., LaunchProcess]]:
    """Return a function that starts a launch file; what still runs is ended behind the test."""
    processes = []

    def start(path: Path = LAUNCH_FILE, **arguments: object) -> LaunchProcess:
        log = tmp_path / f'launch{len(processes)}.log'
        processes.append(LaunchProcess(log, environment, path, **arguments))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


@pytest.fixture
def peer() -> Iterator[Peer]:
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


def view_of(picture: np.ndarray) -> ImageView:
    return encode(picture, 'bgr8')


def names_in(message) -> set[str]:
    return {item.results[0].hypothesis.class_id for item in message.detections}


class TestArguments:
    def test_are_these_and_each_is_described(self):
        source = PythonLaunchDescriptionSource(str(LAUNCH_FILE))
        arguments = source.get_launch_description(LaunchContext()).get_launch_arguments()
        assert {argument.name for argument in arguments} == {
            'onnx', 'engine', 'image', 'detections', 'image_transport', 'namespace', 'node_name',
            'params_file', 'log_level', 'use_sim_time',
        }  # fmt: skip
        for argument in arguments:
            assert argument.default_value is not None, argument.name
            assert 'no description given' not in argument.description, argument.name
            assert len(argument.description) > 10, argument.name

    def test_a_parameter_file_that_does_not_exist_is_refused(self, launch, tmp_path):
        process = launch(params_file=tmp_path / 'absent.yaml')
        assert process.wait() != 0
        assert f"params_file '{tmp_path / 'absent.yaml'}' does not exist" in process.output
        assert 'process started' not in process.output

    def test_use_sim_time_that_is_no_truth_value_is_refused(self, launch):
        process = launch(use_sim_time='maybe')
        assert process.wait() != 0
        assert "'maybe'" in process.output
        assert 'process started' not in process.output


class TestLaunch:
    def test_a_namespace_and_remapped_topics(self, launch, peer, network, reliable_file, picture):
        # The file names another network: the argument goes before it.
        file = reliable_file('/camera/picture', onnx_path='/absent.onnx', use_sim_time='true')
        process = launch(
            onnx=network,
            namespace='front',
            node_name='eyes',
            image='/camera/picture',
            detections='found',
            params_file=file,
            use_sim_time='false',
        )
        peer.connect('/camera/picture', '/front/found')
        assert peer.state('/front/eyes') == 'active', process.output
        message = image_message(view_of(picture), peer.header())
        answer = peer.answer_to(message, '/camera/picture', '/front/found')
        assert names_in(answer) == {'red', 'green', 'blue'}
        assert peer.get_parameter('use_sim_time', '/front/eyes') is False
        assert peer.get_parameter('onnx_path', '/front/eyes') == str(network)
        process.stop()
        assert 'process has finished cleanly' in process.output

    def test_compressed_images_and_a_network_in_the_home_folder(
        self, launch, peer, network, reliable_file, picture, environment
    ):
        environment['HOME'] = str(network.parent)
        process = launch(
            onnx='~/colors.onnx',
            image='/camera/picture',
            image_transport='compressed',
            params_file=reliable_file('/camera/picture/compressed'),
            log_level='detector:=debug',
        )
        peer.connect('/camera/picture/compressed', '/detections', CompressedImage)
        message = CompressedImage(header=peer.header(), format='png')
        message.data = array('B', cv2.imencode('.png', picture)[1].tobytes())
        answer = peer.answer_to(message, '/camera/picture/compressed', '/detections')
        assert names_in(answer) == {'red', 'green', 'blue'}
        process.stop()

    def test_two_cameras_in_a_launch_file_of_the_user(
        self, launch, peer, network, reliable_file, picture, tmp_path
    ):
        path = tmp_path / 'two_cameras.launch.py'
        text = TWO_CAMERAS.replace('NETWORK', str(network))
        path.write_text(text.replace('RELIABLE', str(reliable_file('/rear/image'))))
        process = launch(path)
        peer.connect('/rear/image', '/rear/detections')
        message = image_message(view_of(picture), peer.header())
        peer.answer_to(message, '/rear/image', '/rear/detections')
        peer.connect('/front_camera', '/front/detections')
        # Nothing of the one detector reaches the other, or the nodes beside it.
        assert peer.get_parameter('use_sim_time', '/front/detector') is False
        assert peer.get_parameter('use_sim_time', '/rear/detector') is True
        process.stop()
        assert process.output.count('process has finished cleanly') == 2

    def test_a_detector_without_a_network_waits_for_one(self, launch, peer, network):
        process = launch()
        peer.wait_for(lambda: 'names no network' in process.output, 'the reason')
        assert peer.state() == 'unconfigured'
        assert peer.set_parameter('onnx_path', str(network)).successful
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.state() == 'inactive'
        process.stop()
