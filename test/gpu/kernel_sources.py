# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels small enough to be compiled by every test that needs one."""

SCALE = """\
struct Line { float slope; float offset; };
extern "C" __global__ void scale(const float* from, float* to, int count, Line line) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) to[i] = line.slope * from[i] + line.offset + SHIFT;
}
extern "C" __global__ void nothing() {}
"""
