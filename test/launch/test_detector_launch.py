# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch file of the detector, loaded and really launched."""

from array import array
import os
from pathlib import Path
import signal

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
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage

from test.launch.launching import LAUNCH_FOLDER, REPOSITORY
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

# A launch file as people write it: two detectors, and a clock of their own choice.
TWO_DETECTORS = """
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
# Another: its own node follows the detector's life.
FOLLOWING = """
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription, LogInfo, RegisterEventHandler
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.event_handlers import OnStateTransition
from launch_ros.substitutions import FindPackageShare


def generate_launch_description():
    path = PathJoinSubstitution([FindPackageShare('yolotrt_ros'), 'launch', 'detector.launch.py'])
    return LaunchDescription([
        RegisterEventHandler(OnStateTransition(
            goal_state='active', entities=[LogInfo(msg='now the planner may start')])),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(path),
            launch_arguments={'onnx': 'NETWORK', 'state': 'inactive'}.items()),
    ])
"""


def message_of(picture, peer):
    return image_message(encode(picture, 'bgr8'), peer.header())


def names_in(message) -> set[str]:
    return {item.results[0].hypothesis.class_id for item in message.detections}


def process_id_of(process) -> int:
    """Return the process id of the node that was started last."""
    line = [line for line in process.output.splitlines() if 'process started with pid' in line][-1]
    return int(line.rpartition('[')[2].rstrip(']'))


class TestArguments:
    @pytest.mark.parametrize(
        'name', sorted(path.name for path in LAUNCH_FOLDER.glob('*.launch.py'))
    )
    def test_each_is_described(self, name, environment, monkeypatch):
        monkeypatch.setenv('AMENT_PREFIX_PATH', environment['AMENT_PREFIX_PATH'])
        source = PythonLaunchDescriptionSource(str(LAUNCH_FOLDER / name))
        arguments = source.get_launch_description(LaunchContext()).get_launch_arguments()
        assert len(arguments) > 10
        for argument in arguments:
            assert 'no description given' not in argument.description, argument.name
            assert len(argument.description) > 10, argument.name

    @pytest.mark.parametrize(
        ('arguments', 'reason'),
        [
            ({'params_file': '/absent.yaml'}, "params_file '/absent.yaml' does not exist"),
            ({'use_sim_time': 'maybe'}, "use_sim_time must be true or false, not 'maybe'"),
            ({'state': 'running'}, 'state must be one of active, inactive, unconfigured'),
            ({'parameters': '0.4'}, 'parameters must be a YAML mapping'),
            ({'respawn': 'true', 'required': 'true'}, 'contradict each other'),
            ({'fastdds_profile': '/absent.xml'}, "fastdds_profile '/absent.xml' does not exist"),
            ({'cameras': 'a,b', 'image': '/x'}, 'is one topic for several cameras'),
            ({'cameras': 'a,b', 'detections': 'a=/x'}, 'must name one topic for each of a, b'),
        ],
    )
    def test_values_that_cannot_be_used_are_refused(self, launch, arguments, reason):
        process = launch(**arguments)
        assert process.wait() != 0
        assert reason in process.output
        assert 'process started' not in process.output


class TestTopicsAndParameters:
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
        answer = peer.answer_to(message_of(picture, peer), '/camera/picture', '/front/found')
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

    def test_single_parameters_keep_their_types(self, launch, peer, network):
        given = (
            '{class_id_format: index, class_filter: ["1", blue], max_detections: 7, '
            'anchors: [], qos_overrides: {/image: {subscription: {reliability: reliable}}}}'
        )
        process = launch(onnx=network, parameters=given)
        peer.wait_for(lambda: 'active: reading' in process.output, 'the detector')
        assert peer.get_parameter('class_id_format') == 'index'
        assert list(peer.get_parameter('class_filter')) == ['1', 'blue']
        assert peer.get_parameter('max_detections') == 7
        assert list(peer.get_parameter('anchors')) == []
        [endpoint] = peer.node.get_subscriptions_info_by_topic('/image')
        assert endpoint.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        process.stop()

    def test_every_parameter_of_the_default_file_is_accepted(self, launch, peer, network):
        process = launch(onnx=network)
        peer.wait_for(lambda: 'active: reading' in process.output, 'the detector')
        process.stop()

    def test_a_prefix_a_profile_and_a_log_that_is_not_on_the_screen(
        self, launch, peer, network, tmp_path
    ):
        process = launch(
            onnx=network,
            prefix=f'env WHERE={tmp_path}',
            fastdds_profile='large_images',
            output='own_log',
        )
        peer.wait_for(lambda: peer.node.count_subscribers('/image') == 1, 'the detector')
        variables = dict(
            item.split('=', 1)
            for item in _read_environment(process_id_of(process)).split('\0')
            if '=' in item
        )
        assert variables['WHERE'] == str(tmp_path)
        profile = variables['FASTRTPS_DEFAULT_PROFILES_FILE']
        expected = REPOSITORY / 'config' / 'fastdds_large_images.xml'
        assert expected.samefile(profile)
        process.stop()
        assert 'active: reading' not in process.output


def _read_environment(process_id: int) -> str:
    return Path('/proc', str(process_id), 'environ').read_text(encoding='utf-8')


class TestLife:
    def test_a_detector_without_a_network_waits_for_one(self, launch, peer, network):
        process = launch()
        peer.wait_for(lambda: 'names no network' in process.output, 'the reason')
        assert peer.state() == 'unconfigured'
        assert peer.set_parameter('onnx_path', str(network)).successful
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.state() == 'inactive'
        process.stop()

    def test_launch_configures_it_for_a_manager(self, launch, peer, network):
        process = launch(onnx=network, state='inactive')
        peer.wait_for(lambda: 'configured: ' in process.output, 'the transition')
        assert peer.state() == 'inactive'
        assert peer.change_state(Transition.TRANSITION_ACTIVATE)
        process.stop()

    def test_a_manager_can_do_all_of_it(self, launch, peer, network):
        process = launch(onnx=network, state='unconfigured')
        assert peer.state() == 'unconfigured'
        peer.spin(0.5)
        assert peer.state() == 'unconfigured'
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        process.stop()

    def test_it_starts_again_where_it_was_killed(self, launch, peer, network):
        process = launch(onnx=network, respawn='true', respawn_delay='0.1')
        peer.wait_for(lambda: process.output.count('active: ') == 1, 'the first start')
        os.kill(process_id_of(process), signal.SIGKILL)
        peer.wait_for(lambda: process.output.count('active: ') == 2, 'the second start')
        process.kill()
        assert process.output.count('process has finished cleanly') == 1

    @pytest.mark.parametrize(('number', 'status'), [(signal.SIGINT, 0), (signal.SIGKILL, 1)])
    def test_the_launch_ends_with_a_detector_that_is_required(
        self, launch, peer, network, number, status
    ):
        process = launch(onnx=network, required='true')
        peer.wait_for(lambda: 'active: reading' in process.output, 'the detector')
        os.kill(process_id_of(process), number)
        assert process.wait() == status, process.output

    def test_a_signal_to_the_launch_ends_it_cleanly(self, launch, peer, network):
        process = launch(onnx=network, required='true')
        peer.wait_for(lambda: 'active: reading' in process.output, 'the detector')
        process.stop()
        assert 'process has finished cleanly' in process.output


class TestLaunchFilesOfUsers:
    def test_two_detectors(self, launch, peer, network, reliable_file, picture, tmp_path):
        path = tmp_path / 'two_detectors.launch.py'
        text = TWO_DETECTORS.replace('NETWORK', str(network))
        path.write_text(text.replace('RELIABLE', str(reliable_file('/rear/image'))))
        process = launch(path)
        peer.connect('/rear/image', '/rear/detections')
        peer.answer_to(message_of(picture, peer), '/rear/image', '/rear/detections')
        peer.connect('/front_camera', '/front/detections')
        # Nothing of the one detector reaches the other, or the nodes beside it.
        assert peer.get_parameter('use_sim_time', '/front/detector') is False
        assert peer.get_parameter('use_sim_time', '/rear/detector') is True
        process.stop()
        assert process.output.count('process has finished cleanly') == 2

    def test_others_wait_for_the_detector(self, launch, peer, network, tmp_path):
        path = tmp_path / 'following.launch.py'
        path.write_text(FOLLOWING.replace('NETWORK', str(network)))
        process = launch(path)
        peer.wait_for(lambda: 'configured: ' in process.output, 'the transition')
        peer.spin(1.0)  # launch misses transitions before it has met the node
        assert 'now the planner' not in process.output
        assert peer.change_state(Transition.TRANSITION_ACTIVATE)
        peer.wait_for(lambda: 'now the planner may start' in process.output, 'the event')
        process.stop()
