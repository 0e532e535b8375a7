# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CUDA graphs: recording, replay, and recovery from a recording that failed."""

import ctypes
import gc

import numpy as np
import pytest

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.kernel_loader import load_source
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer

pytestmark = pytest.mark.gpu

ADD = """\
extern "C" __global__ void add(int* values, int step) { values[threadIdx.x] += step; }
"""
COUNT = 64


class Adder:
    """Uploads numbers, adds to them on the GPU, and downloads them."""

    def __init__(self, session, module):
        self.session = session
        self.kernel = module.kernel('add')
        self.buffer = DeviceBuffer(4 * COUNT)
        self.source, self.sink = HostBuffer(4 * COUNT), HostBuffer(4 * COUNT)
        self.step = ctypes.c_int32(3)
        self.args = KernelArgs(self.buffer, self.step)
        self.given, self.found = (host.array.view(np.int32) for host in (self.source, self.sink))

    def enqueue(self):
        self.buffer.upload(self.given, self.session.stream)
        self.kernel.launch((1,), (COUNT,), self.args, self.session.stream)
        self.buffer.download(self.found, self.session.stream)


@pytest.fixture
def adder(session):
    with load_source(session, ADD, 'add.cu') as module:
        adder = Adder(session, module)
        adder.given[:] = 0
        adder.enqueue()  # once before any recording, as the rules of CUDA graphs ask
        session.synchronize()
        yield adder
        session.synchronize()


def assert_runs(adder, launch, rng):
    """Compare three runs on new numbers with NumPy."""
    for _ in range(3):
        adder.given[:] = rng.integers(-1000, 1000, COUNT)
        adder.found[:] = 0
        launch()
        adder.session.synchronize()
        np.testing.assert_array_equal(adder.found, adder.given + 3)


def test_recording_runs_nothing_and_each_launch_runs_all(adder, session, rng):
    adder.given[:] = 5
    adder.found[:] = -1
    graph = CudaGraph(session, adder.enqueue)
    session.synchronize()
    assert set(adder.found) == {-1}
    assert graph.num_nodes == 3
    graph.upload()
    assert_runs(adder, graph.launch, rng)
    graph.close()
    graph.close()


def test_graph_keeps_the_arguments_of_its_recording(adder, session, rng):
    graph = CudaGraph(session, adder.enqueue)
    adder.step.value = 100
    assert_runs(adder, graph.launch, rng)


def test_work_that_waits_cannot_be_recorded(adder, session, rng):
    def wait():
        adder.enqueue()
        session.synchronize()

    with pytest.raises(CudaError, match='cannot be recorded into a CUDA graph: waiting for the'):
        CudaGraph(session, wait)
    assert_recovered(adder, session, rng)


def test_error_of_the_function_ends_the_recording(adder, session, rng):
    def fail():
        adder.enqueue()
        raise ValueError('no such luck')

    message = 'cannot be recorded into a CUDA graph: no such luck; run it without a graph'
    with pytest.raises(CudaError, match=message) as caught:
        CudaGraph(session, fail)
    assert isinstance(caught.value.__cause__, ValueError)
    assert_recovered(adder, session, rng)


def test_interruption_ends_the_recording_and_goes_on(adder, session, rng):
    def interrupt():
        adder.enqueue()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CudaGraph(session, interrupt)
    assert_recovered(adder, session, rng)


def test_recording_of_nothing_is_refused(adder, session, rng):
    with pytest.raises(CudaError, match='nothing was recorded into the CUDA graph; enqueue on'):
        CudaGraph(session, lambda: None)
    assert_recovered(adder, session, rng)


def assert_recovered(adder, session, rng):
    """Run the work plainly, then record it, as if nothing had been."""
    assert gc.isenabled()
    assert check(bindings().runtime.cudaGetLastError()) is None
    assert_runs(adder, adder.enqueue, rng)
    assert_runs(adder, CudaGraph(session, adder.enqueue).launch, rng)


def test_closed_graph_says_so(adder, session):
    graph = CudaGraph(session, adder.enqueue)
    graph.close()
    for use in (graph.launch, graph.upload):
        with pytest.raises(CudaError, match='this CUDA graph is closed; record it again'):
            use()


def test_graph_keeps_alive_what_it_uses(session, rng):
    module = load_source(session, ADD, 'add.cu')
    adder = Adder(session, module)
    adder.enqueue()
    session.synchronize()
    given, found = adder.given, adder.found
    graph = CudaGraph(session, adder.enqueue)
    del adder, module
    gc.collect()
    given[:] = rng.integers(-1000, 1000, COUNT)
    graph.launch()
    session.synchronize()
    np.testing.assert_array_equal(found, given + 3)
