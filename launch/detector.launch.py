# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Start the detector.

ros2 launch yolotrt_ros detector.launch.py onnx:=/path/to/network.onnx image:=/camera/image_raw

``ros2 launch yolotrt_ros detector.launch.py --show-args`` lists the arguments.
"""

import atexit
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from launch import Action, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.events.lifecycle import ChangeState
from launch_ros.substitutions import FindPackageShare
from lifecycle_msgs.msg import Transition
import yaml

from yolotrt_ros.core.camera_topics import camera_names, camera_topics

SHARE = FindPackageShare('yolotrt_ros')
ARGUMENTS = (
    ('onnx', '', 'ONNX network to run with ONNX Runtime'),
    ('engine', '', 'TensorRT engine to run; goes before onnx'),
    ('cameras', '', 'names of several cameras that share the network, such as front,rear'),
    (
        'image',
        'image',
        'image topic to read, for example /camera/image_raw; of several cameras a pattern such as '
        '/{camera}/image_raw, or each topic: front=/a/image_raw,rear=/b/image_raw',
    ),
    (
        'detections',
        'detections',
        'topic to publish vision_msgs/Detection2DArray on; of several cameras as for image',
    ),
    ('image_transport', '', 'raw, or compressed to read <image>/compressed'),
    ('namespace', '', 'namespace of the node and its topics'),
    ('node_name', 'detector', 'name of the node'),
    (
        'params_file',
        PathJoinSubstitution([SHARE, 'config', 'detector.yaml']),
        'YAML file with parameters',
    ),
    ('parameters', '', "single parameters before those of the file: '{score_threshold: 0.4}'"),
    (
        'state',
        '',
        'where the detector goes on its own: active, inactive or unconfigured, for a lifecycle '
        'manager; empty leaves it to the parameter autostart',
    ),
    ('respawn', 'false', 'true starts the detector again whenever it ends'),
    ('respawn_delay', '1.0', 'seconds before it starts again'),
    ('required', 'false', 'true ends the whole launch when the detector ends'),
    ('prefix', '', "command in front of the node, for example 'nice -n -5' or 'taskset -c 2,3'"),
    (
        'fastdds_profile',
        '',
        'profile file of Fast DDS; large_images takes the one of this package, which cameras on '
        'the same machine need too',
    ),
    ('output', 'screen', 'where its lines go: screen, log, both, own_log or full (see launch)'),
    ('log_level', 'info', 'debug, info, warn, error or fatal; LOGGER:=LEVEL for one logger'),
    ('use_sim_time', '', 'true takes the time from /clock, false from the system'),
)
# The parameters that have an argument of their own.
PARAMETERS = {
    'onnx_path': 'onnx',
    'engine_path': 'engine',
    'image_transport': 'image_transport',
    'use_sim_time': 'use_sim_time',
}
STATES = ('', 'active', 'inactive', 'unconfigured')


def truth(value: dict[str, str], name: str) -> bool:
    """Read an argument that is true or false."""
    if value[name].lower() not in ('true', 'false'):
        raise ValueError(f'{name} must be true or false, not {value[name]!r}')
    return value[name].lower() == 'true'


def remappings(value: dict[str, str], cameras: list[str]) -> list[tuple[str, str]]:
    """Lead the node's own topics to those of the arguments."""
    detections = camera_topics('detections', value['detections'], cameras)
    pairs = []
    for camera, image in camera_topics('image', value['image'], cameras).items():
        own = f'{camera}/' if camera else ''
        pairs += [
            (f'{own}image', image),
            (f'{own}image/compressed', f'{image}/compressed'),
            (f'{own}detections', detections[camera]),
        ]
    return pairs


def parameter_overrides(value: dict[str, str], cameras: list[str]) -> dict[str, Any]:
    """Collect the parameters that go before those of the file."""
    given = yaml.safe_load(value['parameters']) if value['parameters'] else {}
    if not isinstance(given, dict):
        raise ValueError(
            f"parameters must be a YAML mapping such as '{{score_threshold: 0.4}}', not "
            f'{value["parameters"]!r}'
        )
    for name, argument in PARAMETERS.items():
        if value[argument]:
            is_truth = name == 'use_sim_time'
            given[name] = truth(value, argument) if is_truth else value[argument]
    if cameras:
        given['cameras'] = cameras
    if value['state']:
        given['autostart'] = value['state'] == 'active'
    return given


def parameter_file(parameters: dict[str, Any]) -> str:
    """Write parameters to a file that lasts as long as the launch; it keeps their types."""
    with NamedTemporaryFile('w', prefix='detector_', suffix='.yaml', delete=False) as file:
        yaml.safe_dump({'/**': {'ros__parameters': parameters}}, file)
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name


def environment(context: LaunchContext, profile: str) -> dict[str, str]:
    """Show lines at once, also where nobody looks but a container's log."""
    variables = {'PYTHONUNBUFFERED': '1'}
    if profile == 'large_images':
        parts = [SHARE, 'config', 'fastdds_large_images.xml']
        profile = PathJoinSubstitution(parts).perform(context)
    if profile:
        if not Path(profile).is_file():
            raise FileNotFoundError(f'fastdds_profile {profile!r} does not exist')
        # The second name is that of Fast DDS 3, from ROS 2 Kilted on.
        for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
            variables[name] = profile
    return variables


def detector(context: LaunchContext) -> list[Action]:
    """Make the node; an argument that is given goes before the parameter file."""
    value = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    for name in ('onnx', 'engine', 'params_file', 'fastdds_profile'):
        if value[name].startswith('~'):  # no shell expands it behind ':='
            value[name] = str(Path(value[name]).expanduser())
    if not Path(value['params_file']).is_file():  # for which launch_ros has a warning only
        raise FileNotFoundError(f'params_file {value["params_file"]!r} does not exist')
    if value['state'] not in STATES:
        raise ValueError(f'state must be one of {", ".join(STATES[1:])}, not {value["state"]!r}')
    respawn, required = truth(value, 'respawn'), truth(value, 'required')
    if respawn and required:
        raise ValueError('respawn and required contradict each other; choose one of them')
    cameras = camera_names(value['cameras'])
    files = [value['params_file']]
    if overrides := parameter_overrides(value, cameras):
        files.append(parameter_file(overrides))
    node = LifecycleNode(
        package='yolotrt_ros',
        executable='detector_node',
        name=value['node_name'],
        namespace=value['namespace'],
        output=value['output'],
        prefix=value['prefix'] or None,
        respawn=respawn,
        respawn_delay=float(value['respawn_delay']),
        on_exit=end_launch if required else None,
        additional_env=environment(context, value['fastdds_profile']),
        parameters=files,
        remappings=remappings(value, cameras),
        arguments=['--ros-args', '--log-level', value['log_level']],
    )
    return [*configuring(node, value['state']), node]


def end_launch(event: ProcessExited, context: LaunchContext) -> list[Action]:
    """End everything, with status 1 where the detector failed."""
    if event.returncode and not context.is_shutdown:
        raise RuntimeError(f'the detector ended with status {event.returncode}')
    return [] if context.is_shutdown else [Shutdown(reason='the detector ended')]


def configuring(node: LifecycleNode, state: str) -> list[Action]:
    """Configure the node when it starts, where that is as far as it shall go by itself."""
    if state != 'inactive':
        return []
    event = ChangeState(
        lifecycle_node_matcher=matches_action(node),
        transition_id=Transition.TRANSITION_CONFIGURE,
    )
    start = OnProcessStart(target_action=node, on_start=[EmitEvent(event=event)])
    return [RegisterEventHandler(start)]


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=detector)])
