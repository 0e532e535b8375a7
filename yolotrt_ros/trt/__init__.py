# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT: the only room that imports ``tensorrt``, inside functions."""
