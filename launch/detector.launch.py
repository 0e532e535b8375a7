# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Start the detector.

ros2 launch yolotrt_ros detector.launch.py onnx:=/path/to/network.onnx image:=/camera/image_raw

``ros2 launch yolotrt_ros detector.launch.py --show-args`` lists the arguments.
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, TextSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = (
    ('onnx', '', 'ONNX network to run with ONNX Runtime'),
    ('engine', '', 'TensorRT engine to run; goes before onnx'),
    ('image', 'image', 'image topic to read, for example /camera/image_raw'),
    ('detections', 'detections', 'topic to publish vision_msgs/Detection2DArray on'),
    ('image_transport', '', 'raw, or compressed to read <image>/compressed'),
    ('namespace', '', 'namespace of the node and its topics'),
    ('node_name', 'detector', 'name of the node'),
    ('params_file', None, 'YAML file with parameters'),
    ('log_level', 'info', 'debug, info, warn, error or fatal; LOGGER:=LEVEL for one logger'),
    ('use_sim_time', '', 'true takes the time from /clock, false from the system'),
)
# The parameters that have an argument of their own, and its type.
PARAMETERS = {
    'onnx_path': ('onnx', str),
    'engine_path': ('engine', str),
    'image_transport': ('image_transport', str),
    'use_sim_time': ('use_sim_time', bool),
}


def declare(name: str, default: str | None, description: str) -> DeclareLaunchArgument:
    own_file = PathJoinSubstitution([FindPackageShare('yolotrt_ros'), 'config', 'detector.yaml'])
    return DeclareLaunchArgument(
        name, default_value=own_file if default is None else default, description=description
    )


def detector(context: LaunchContext) -> list[LifecycleNode]:
    """Make the node; an argument that is given goes before the parameter file."""
    value = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    for name in ('onnx', 'engine', 'params_file'):
        if value[name].startswith('~'):  # no shell expands it behind ':='
            value[name] = str(Path(value[name]).expanduser())
    if not Path(value['params_file']).is_file():  # for which launch_ros has a warning only
        raise FileNotFoundError(f'params_file {value["params_file"]!r} does not exist')
    given = {
        name: ParameterValue(TextSubstitution(text=value[argument]), value_type=kind)
        for name, (argument, kind) in PARAMETERS.items()
        if value[argument]
    }
    node = LifecycleNode(
        package='yolotrt_ros',
        executable='detector_node',
        name=value['node_name'],
        namespace=value['namespace'],
        output='screen',
        parameters=[value['params_file'], given],
        remappings=[
            ('image', value['image']),
            ('image/compressed', f'{value["image"]}/compressed'),
            ('detections', value['detections']),
        ],
        arguments=['--ros-args', '--log-level', value['log_level']],
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [*(declare(*argument) for argument in ARGUMENTS), OpaqueFunction(function=detector)]
    )
