# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Play a rosbag2 recording through the detector as it runs on the robot, and report what came of it.

ros2 launch yolotrt_ros replay.launch.py bag:=street onnx:=/path/to/network.onnx output_bag:=found

It takes the arguments of detector.launch.py too, and ends when the recording does, with status 1
where an image or a message is not accounted for. It needs rosbags (``pip install rosbags``).
"""

from pathlib import Path
import signal

from launch import Action, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events import matches_action
from launch.events.process import ProcessExited, SignalProcess
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from yolotrt_ros.core.camera_topics import camera_names, camera_topics
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.tools.bag_images import image_topics
from yolotrt_ros.tools.bag_recording import open_recording

ARGUMENTS = (
    ('bag', None, 'recording to play: its folder, .mcap or .db3 file'),
    ('output_bag', '', 'folder to be made for a recording of the detections; empty for none'),
    ('record', '', 'more topics to record there: /camera/image_raw,/tf'),
    ('report', '', 'file for the figures of the report, as JSON'),
    ('rate', '1.0', 'recorded seconds a second'),
    ('loop', 'false', 'true starts again at the end, until Ctrl-C'),
    ('start_offset', '0.0', 'recorded seconds to skip'),
    ('clock_rate', '100.0', 'messages a second on /clock; what runs here takes its time from it'),
    ('wait_timeout', '60.0', 'seconds to wait for the detector; 0 for no limit'),
    (
        'image',
        '',
        'recorded image topic, needed only where there are several; for several cameras as in '
        'detector.launch.py',
    ),
)
# The arguments of the detector that the nodes beside it follow.
SHARED = {'cameras': '', 'detections': 'detections', 'namespace': '', 'node_name': 'detector'}
COMPRESSED = '/compressed'
# The detector publishes its counts once a second; these are seconds until the last have come.
SETTLING_S = 2.5


def source_topics(bag: Path, image: str, cameras: list[str]) -> dict[str, str]:
    """Find the recorded image topic of each camera."""
    with open_recording(bag) as recording:
        recorded = list(image_topics(recording.topics, bag))
    if not image and not cameras and len(recorded) == 1:
        return {'': recorded[0]}
    if not image:
        reason = f'must say which of the recorded topics to read: {", ".join(recorded)}'
        raise ConfigError('image', image, reason)
    topics = {}
    for camera, topic in camera_topics('image', image, cameras).items():
        found = [name for name in (topic, topic + COMPRESSED) if name in recorded]
        if not found:
            reason = f'{topic} was not recorded; there are {", ".join(recorded)}'
            raise ConfigError('image', image, reason)
        topics[camera] = found[0]
    return topics


def check_output(value: dict[str, str]) -> None:
    """Refuse what the recorder would refuse, before anything runs."""
    if value['output_bag'] and Path(value['output_bag']).exists():
        raise ConfigError(
            'output_bag', value['output_bag'], 'exists; remove it or name another folder'
        )
    if value['record'] and not value['output_bag']:
        raise ConfigError('record', value['record'], 'needs output_bag, a folder to record to')


def detector(topics: dict[str, str]) -> IncludeLaunchDescription:
    """Make the detector, on the recorded topics and in the recorded time."""
    transports = {'compressed' if name.endswith(COMPRESSED) else 'raw' for name in topics.values()}
    if len(transports) > 1:
        reason = 'mixes raw and compressed topics, but a detector reads one kind'
        raise ConfigError('image', list(topics.values()), reason)
    images = {camera: name.removesuffix(COMPRESSED) for camera, name in topics.items()}
    path = PathJoinSubstitution([FindPackageShare('yolotrt_ros'), 'launch', 'detector.launch.py'])
    arguments = {
        'image': images.get('') or ','.join(f'{name}={topic}' for name, topic in images.items()),
        'image_transport': transports.pop(),
        'use_sim_time': 'true',
        'required': 'true',
    }
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(path), launch_arguments=arguments.items()
    )


def beside(
    value: dict[str, str], executable: str, arguments: list[str], found: dict[str, str]
) -> Node:
    """Make a node that knows the detections by the names that they have for the detector."""
    return Node(
        package='yolotrt_ros',
        executable=executable,
        namespace=value['namespace'],
        arguments=arguments,
        parameters=[{'use_sim_time': executable != 'bag_player'}],
        remappings=[
            (f'{camera}/detections' if camera else 'detections', topic)
            for camera, topic in found.items()
        ],
        output='screen',
        additional_env={'PYTHONUNBUFFERED': '1'},
    )


def player(value: dict[str, str], topics: dict[str, str], found: dict[str, str]) -> Node:
    """Play once the detector reads the images and everybody reads the detections."""
    num_readers = 1 + bool(value['output_bag'])
    awaited = [*topics.values(), *(f'{topic}:{num_readers}' for topic in found.values())]
    arguments = [
        value['bag'],
        *('--rate', value['rate'], '--clock', value['clock_rate']),
        *('--start-offset', value['start_offset']),
        *('--wait-for', *awaited, '--wait-timeout', value['wait_timeout'], '--start-delay', '0.5'),
        *(['--loop'] if value['loop'].lower() == 'true' else []),
    ]
    return beside(value, 'bag_player', arguments, {})


def recorder(value: dict[str, str], found: dict[str, str]) -> list[Node]:
    """Record the detections, the labels and what else is asked for."""
    if not value['output_bag']:
        return []
    detector_name = value['node_name']
    topics = [*found.values(), 'label_info', f'{detector_name}/timing', '/diagnostics']
    topics += camera_names(value['record'])
    return [beside(value, 'bag_recorder', [*topics, '--output', value['output_bag']], {})]


def reporter(value: dict[str, str], topics: dict[str, str], found: dict[str, str]) -> Node:
    """Hold the detections against the recording and against the detector's own counts."""
    cameras = [camera for camera in found if camera]
    arguments = [
        *('--detector', value['node_name'], '--bag', value['bag'], '--images', *topics.values()),
        *(['--cameras', *cameras] if cameras else []),
        *(['--json', value['report']] if value['report'] else []),
    ]
    return beside(value, 'report_node', arguments, found)


def check_status(event: ProcessExited, context: LaunchContext, what: str) -> None:
    """Give the launch the status 1 where a process failed that nobody stopped."""
    if event.returncode and not context.is_shutdown:
        raise RuntimeError(f'{what} ended with status {event.returncode}; see its lines above')


def ending(playing: Node, reporting: Node) -> list[Action]:
    """Let the report come when the recording has ended and the last counts are there."""

    def after_playing(event: ProcessExited, context: LaunchContext) -> list[Action]:
        check_status(event, context, 'the player')
        stop = SignalProcess(
            signal_number=signal.SIGINT, process_matcher=matches_action(reporting)
        )
        return [TimerAction(period=SETTLING_S, actions=[EmitEvent(event=stop)])]

    def after_reporting(event: ProcessExited, context: LaunchContext) -> list[Action]:
        check_status(event, context, 'the report')
        return [Shutdown(reason='the recording has been played')]

    return [
        RegisterEventHandler(OnProcessExit(target_action=playing, on_exit=after_playing)),
        RegisterEventHandler(OnProcessExit(target_action=reporting, on_exit=after_reporting)),
    ]


def replay(context: LaunchContext) -> list[Action]:
    """Make the four nodes."""
    names = [*(name for name, _, _ in ARGUMENTS), *SHARED]
    value = {name: LaunchConfiguration(name).perform(context) for name in names}
    for name in ('bag', 'output_bag', 'report'):
        if value[name].startswith('~'):  # no shell expands it behind ':='
            value[name] = str(Path(value[name]).expanduser())
    check_output(value)
    cameras = camera_names(value['cameras'])
    topics = source_topics(Path(value['bag']), value['image'], cameras)
    found = camera_topics('detections', value['detections'], cameras)
    playing, reporting = player(value, topics, found), reporter(value, topics, found)
    nodes = [reporting, *recorder(value, found), playing]
    return [*ending(playing, reporting), detector(topics), *nodes]


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in ARGUMENTS
    ]
    shared = [
        DeclareLaunchArgument(name, default_value=default, description='as in detector.launch.py')
        for name, default in SHARED.items()
    ]
    return LaunchDescription([*declared, *shared, OpaqueFunction(function=replay)])
