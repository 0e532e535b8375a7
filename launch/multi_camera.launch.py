# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Start one detector for several cameras: one network, and a batch of the images that are due.

ros2 launch yolotrt_ros multi_camera.launch.py onnx:=/path/to/network.onnx cameras:=front,rear

It takes every argument of detector.launch.py.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    detector = PathJoinSubstitution(
        [FindPackageShare('yolotrt_ros'), 'launch', 'detector.launch.py']
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument('cameras', description='names of the cameras: front,rear'),
            DeclareLaunchArgument(
                'image',
                default_value='/{camera}/image_raw',
                description='image topics, as a pattern or one by one: '
                'front=/a/image_raw,rear=/b/image_raw',
            ),
            DeclareLaunchArgument(
                'detections',
                default_value='/{camera}/detections',
                description='topics to publish on, as a pattern or one by one',
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(detector),
                launch_arguments={
                    name: LaunchConfiguration(name) for name in ('cameras', 'image', 'detections')
                }.items(),
            ),
        ]
    )
