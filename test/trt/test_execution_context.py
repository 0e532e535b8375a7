# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engines that run: what they compute, with any shape that they allow, and what is refused."""

from contextlib import nullcontext
import re

import numpy as np
import pytest

from test.trt.engines import PROFILE, SHAPE
from yolotrt_ros.core.errors import DetectionError
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.trt.engine import ProfileInUseError

pytestmark = pytest.mark.tensorrt


class Runner:
    """One engine with memory for its largest input; what the network computes is known."""

    def __init__(self, engine, session, tables):
        self.engine, self.session, self.tables = engine, session, tables
        self.context = engine.create_context()
        [self.images] = engine.inputs
        self.context.set_input_shape('images', self.images.max_shape)
        sizes = {'images': self.images.num_bytes(self.images.max_shape)}
        for output in engine.outputs:
            sizes[output.name] = output.num_bytes(self.context.output_shape(output.name))
        self.buffers = {name: DeviceBuffer(num_bytes) for name, num_bytes in sizes.items()}
        for name, buffer in self.buffers.items():
            self.context.set_address(name, buffer.address)

    def upload(self, images):
        self.context.set_input_shape('images', images.shape)
        self.buffers['images'].upload(images, self.session.stream)

    def enqueue(self):
        self.context.enqueue(self.session.stream)

    def check(self, images):
        """Compare the outputs with NumPy."""
        mean = images.mean(axis=(1, 2, 3))
        for name, (table, mask) in self.tables.items():
            found = np.full(self.context.output_shape(name), np.nan, np.float32)
            self.buffers[name].download(found, self.session.stream)
            self.session.synchronize()
            expected = table + np.multiply.outer(mean, mask)
            # The mean of some thousand numbers, added up in another order.
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_fixed_engine_computes_what_numpy_does(static_engine, session, tables, rng):
    runner = Runner(static_engine, session, tables)
    for _ in range(3):
        images = rng.random(SHAPE, np.float32)
        runner.upload(images)
        runner.enqueue()
        runner.check(images)


def test_open_engine_takes_every_shape_of_its_profile(dynamic_engine, session, tables, rng):
    runner = Runner(dynamic_engine, session, tables)
    for shape in [*PROFILE, (3, 3, 33, 127), (1, 3, 96, 32)]:
        images = rng.random(shape, np.float32)
        runner.upload(images)
        runner.enqueue()
        runner.check(images)


def test_engine_runs_as_a_cuda_graph(dynamic_engine, session, tables, rng):
    runner = Runner(dynamic_engine, session, tables)
    images = rng.random((3, 3, 64, 96), np.float32)
    runner.upload(images)
    runner.enqueue()  # once before, as TensorRT asks after a change of the shape
    session.synchronize()
    graph = CudaGraph(session, runner.enqueue)
    for _ in range(3):
        images = rng.random(images.shape, np.float32)
        runner.upload(images)
        graph.launch()
        runner.check(images)


def test_contexts_of_an_open_engine_share_its_shapes(dynamic_engine, session, tables, rng):
    runners = [Runner(dynamic_engine, session, tables) for _ in range(3)]
    for runner, shape in zip(runners, PROFILE, strict=True):
        runner.upload(rng.random(shape, np.float32))
        runner.enqueue()
    for runner, shape in zip(runners, PROFILE, strict=True):
        images = rng.random(shape, np.float32)
        runner.upload(images)
        runner.enqueue()
        runner.check(images)


def test_second_context_is_refused_where_shapes_are_not_shared(unshared_engine, tensorrt_module):
    context = unshared_engine.create_context()
    refusal = pytest.raises(ProfileInUseError, match='allows one execution context at a time; b')
    is_before_10 = not hasattr(tensorrt_module, 'ExecutionContextAllocationStrategy')
    with refusal if is_before_10 else nullcontext():
        unshared_engine.create_context()
    context.close()
    unshared_engine.create_context().set_input_shape('images', PROFILE[0])


@pytest.mark.parametrize(
    'shape',
    [(5, 3, 64, 64), (0, 3, 64, 64), (1, 3, 31, 64), (1, 3, 64, 129), (1, 1, 64, 64), (3, 64, 64)],
)
def test_shape_outside_the_profile_is_refused(shape, dynamic_engine):
    context = dynamic_engine.create_context()
    wanted = re.escape('takes [1, 3, 32, 32] to [4, 3, 96, 128], ')
    with pytest.raises(ValueError, match=f'images {wanted}but {re.escape(str(list(shape)))} came'):
        context.set_input_shape('images', shape)


def test_other_shape_for_a_fixed_engine_is_refused(static_engine):
    context = static_engine.create_context()
    with pytest.raises(ValueError, match=r'takes \[2, 3, 32, 48\], but \[1, 3, 32, 48\] came'):
        context.set_input_shape('images', (1, 3, 32, 48))


def test_run_without_memory_is_refused_with_tensorrts_words(static_engine, session):
    context = static_engine.create_context()
    context.set_input_shape('images', SHAPE)
    with pytest.raises(DetectionError, match=r'TensorRT could not run the engine: .'):
        context.enqueue(session.stream)


def test_address_of_an_unknown_tensor_is_refused(static_engine):
    with pytest.raises(DetectionError, match=r'TensorRT refuses the memory of unknown: .'):
        static_engine.create_context().set_address('unknown', 512)
