# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny engines, built as fast as TensorRT can."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from yolotrt_ros.trt.compat import (
    has_flag,
    has_optimization_level,
    network_flags,
    set_flag,
    set_tactic_sources,
    share_profiles,
)
from yolotrt_ros.trt.logger import get_logger

# These come with TensorRT itself; the others want cuBLAS and cuDNN on the machine.
OWN_SOURCES = ('EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS')

Shape = tuple[int, ...]

# The input of the fixed engine, the shapes of the open one, and the outputs of both.
SHAPE: Shape = (2, 3, 32, 48)
PROFILE: tuple[Shape, Shape, Shape] = ((1, 3, 32, 32), (2, 3, 64, 64), (4, 3, 96, 128))
TABLES: dict[str, Shape] = {'a': (5, 7), 'b': (3,)}


def build_engine(
    trt: ModuleType,
    onnx_path: Path,
    shapes: Sequence[Shape] | None = None,
    *,
    input_name: str = 'images',
    is_half: bool = False,
    shares_profiles: bool = True,
) -> bytes:
    """
    Build a network's engine in full single precision.

    :param shapes: smallest, usual and largest input of a network that leaves some side open.
    :param is_half: allow half precision, which a network of float16 needs.
    :param shares_profiles: let several contexts use open shapes, as our builder does.
    """
    builder = trt.Builder(get_logger())
    network = builder.create_network(network_flags(trt))
    parser = trt.OnnxParser(network, get_logger())
    is_parsed = parser.parse(onnx_path.read_bytes())
    assert is_parsed, [str(parser.get_error(index)) for index in range(parser.num_errors)]
    config = builder.create_builder_config()
    set_tactic_sources(trt, config, OWN_SOURCES)
    config.clear_flag(trt.BuilderFlag.TF32)  # it keeps ten bits of each number
    if has_optimization_level(trt):
        config.builder_optimization_level = 0
    if is_half and has_flag(trt, 'FP16'):
        set_flag(trt, config, 'FP16')
    if shapes is not None:
        profile = builder.create_optimization_profile()
        profile.set_shape(input_name, *shapes)
        if shares_profiles:
            share_profiles(trt, config)
        assert config.add_optimization_profile(profile) == 0
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, 'TensorRT built no engine; its log says why'
    return bytes(plan)
