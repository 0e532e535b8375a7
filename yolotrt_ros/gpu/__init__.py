# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CUDA: the only room that imports ``cuda.bindings``, inside functions."""
