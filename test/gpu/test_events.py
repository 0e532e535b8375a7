# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The GPU's own time between two points of a stream."""

import numpy as np
import pytest

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.events import CudaEvent
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.kernel_loader import load_source
from yolotrt_ros.gpu.session import CudaSession

pytestmark = pytest.mark.gpu

WAIT = """\
extern "C" __global__ void wait(long long nanoseconds) {
    long long start, now;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
    do {
        asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
    } while (now - start < nanoseconds);
}
"""
WAIT_MS = 20


@pytest.fixture
def wait(session):
    """Return a function that keeps the stream busy for ``WAIT_MS``."""
    with load_source(session, WAIT, 'wait.cu') as module:
        kernel, args = module.kernel('wait'), KernelArgs(np.int64(WAIT_MS * 10**6))
        yield lambda: kernel.launch((1,), (1,), args, session.stream)
        session.synchronize()


def test_time_is_that_of_the_work(session, wait):
    start, stop = CudaEvent(), CudaEvent()
    for num_waits in (1, 3):
        start.record(session.stream)
        for _ in range(num_waits):
            wait()
        stop.record(session.stream)
        session.synchronize()
        # The GPU's clock ticks in microseconds; only a floor is certain on a shared machine.
        assert num_waits * WAIT_MS * 0.99 < stop.elapsed_ms(start) < 100 * WAIT_MS


def test_time_within_a_graph_is_taken_at_each_launch(session, wait):
    start, stop = CudaEvent(), CudaEvent()

    def timed():
        start.record(session.stream, in_graph=True)
        wait()
        stop.record(session.stream, in_graph=True)

    wait()
    session.synchronize()
    graph = CudaGraph(session, timed)
    for _ in range(2):
        graph.launch()
        session.synchronize()
        assert WAIT_MS * 0.99 < stop.elapsed_ms(start) < 100 * WAIT_MS


def test_time_of_work_that_runs_is_not_known(session, wait):
    start, stop = CudaEvent(), CudaEvent()
    start.record(session.stream)
    wait()
    stop.record(session.stream)
    with pytest.raises(CudaError, match=r'cudaErrorNotReady .* wait for the stream before asking'):
        stop.elapsed_ms(start)
    session.synchronize()
    assert stop.elapsed_ms(start) > 0


@pytest.mark.parametrize('blocking_wait', [False, True])
def test_event_can_be_waited_for(blocking_wait, session, wait):
    start, end = CudaEvent(), CudaEvent(blocking_wait=blocking_wait)
    start.record(session.stream)
    wait()
    end.record(session.stream)
    end.synchronize()
    assert end.elapsed_ms(start) > WAIT_MS * 0.99


def test_event_holds_back_another_stream(session, wait):
    with CudaSession(session.device) as other:
        start, middle, end = CudaEvent(), CudaEvent(), CudaEvent()
        start.record(session.stream)
        wait()
        middle.record(session.stream)
        middle.hold_back(other.stream)
        end.record(other.stream)
        other.synchronize()
        assert end.elapsed_ms(start) > WAIT_MS * 0.99


def test_closed_event_says_so(session):
    event = CudaEvent()
    event.close()
    event.close()
    with pytest.raises(CudaError, match='this CUDA event is closed; make a new one'):
        event.record(session.stream)
