# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two engines whose outputs are known without running them, a GPU for them, and a card."""

from dataclasses import replace

import numpy as np
import pytest

from test import networks
from test.trt.cards import FACTS
from test.trt.engines import build_engine, PROFILE, SHAPE, TABLES
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.trt.engine import Engine
from yolotrt_ros.trt.engine_card import EngineCard
from yolotrt_ros.trt.engine_file import file_sha256


@pytest.fixture(scope='session')
def tables():
    random = np.random.default_rng(0)
    return {
        name: (random.random(shape, np.float32), random.random(shape, np.float32))
        for name, shape in TABLES.items()
    }


@pytest.fixture(scope='session')
def static_plan(tensorrt_module, tables, tmp_path_factory):
    path = tmp_path_factory.mktemp('static') / 'static.onnx'
    networks.brightness_network(path, tables, input_shape=SHAPE)
    return build_engine(tensorrt_module, path)


@pytest.fixture(scope='session')
def dynamic_onnx(tables, tmp_path_factory):
    path = tmp_path_factory.mktemp('dynamic') / 'dynamic.onnx'
    shape = ('batch', 3, 'height', 'width')
    networks.brightness_network(path, tables, input_shape=shape)
    return path


@pytest.fixture(scope='session')
def dynamic_plan(tensorrt_module, dynamic_onnx):
    return build_engine(tensorrt_module, dynamic_onnx, PROFILE)


@pytest.fixture
def session(cuda):
    with CudaSession(find_device('0')) as session:
        yield session


@pytest.fixture
def static_engine(static_plan, session):
    engine = Engine(static_plan, session)
    yield engine
    engine.close()


@pytest.fixture
def dynamic_engine(dynamic_plan, session):
    engine = Engine(dynamic_plan, session)
    yield engine
    engine.close()


@pytest.fixture
def unshared_engine(tensorrt_module, dynamic_onnx, session):
    """Return an engine as others build it: before TensorRT 10 it allows one context at a time."""
    plan = build_engine(tensorrt_module, dynamic_onnx, PROFILE, shares_profiles=False)
    engine = Engine(plan, session)
    yield engine
    engine.close()


@pytest.fixture
def card():
    return EngineCard(**FACTS)


@pytest.fixture
def engine_path(tmp_path, card):
    """Give an engine with a card that fits it."""
    path = tmp_path / 'my model.engine'
    path.write_bytes(b'ftrt' * 1000)
    replace(card, plan_sha256=file_sha256(path)).write(path)
    return path
