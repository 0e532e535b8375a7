# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Mathematics and words of the detector: NumPy and the standard library only.

This room is the definition. The CPU pipeline and the GPU kernels are tested against it.
"""
