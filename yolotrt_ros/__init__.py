# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YOLO object detection for ROS 2: camera images in, Detection2DArray out."""

__version__ = '0.1.0'
