# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A GPU in use: its stream, its threads, and its end."""

import gc
from threading import Thread

import numpy as np
import pytest

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.device import CudaDevice, find_device
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.session import CudaSession

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')


@pytest.mark.gpu
def test_device_that_does_not_exist_is_refused(cuda):
    nowhere = CudaDevice(9999, 'nowhere', (9, 0), 1 << 30, False)
    with pytest.raises(CudaError, match=r'^choosing 9999: nowhere \(.*\) failed with cudaError'):
        CudaSession(nowhere)


@pytest.mark.gpu
def test_stream_waits_for_no_other(session):
    runtime = bindings().runtime
    assert session.stream > 2  # 0, 1 and 2 are CUDA's default streams
    assert check(runtime.cudaStreamGetFlags(session.stream)) == runtime.cudaStreamNonBlocking
    assert check(runtime.cudaGetDevice()) == session.device.index


@pytest.mark.gpu
@pytest.mark.parametrize(
    ('blocking', 'name'),
    [(True, 'cudaDeviceScheduleBlockingSync'), (False, 'cudaDeviceScheduleSpin')],
)
def test_way_of_waiting_can_be_chosen(blocking, name, cuda):
    runtime = bindings().runtime
    with CudaSession(find_device('0'), blocking_wait=blocking) as session:
        flags = check(runtime.cudaGetDeviceFlags())
        assert flags & runtime.cudaDeviceScheduleMask == getattr(runtime, name)
        session.synchronize()
        with CudaSession(session.device):  # says nothing about it
            assert check(runtime.cudaGetDeviceFlags()) == flags


@pytest.mark.gpu
def test_closed_session_says_so(cuda):
    session = CudaSession(find_device('0'))
    session.close()
    session.close()
    for use in (lambda: session.stream, session.synchronize):
        with pytest.raises(CudaError, match='the CUDA session is closed; open a new one'):
            use()


@pytest.mark.gpu
def test_other_thread_works_on_the_device(session, rng):
    sent = rng.integers(0, 255, 1000, np.uint8)
    received = np.zeros_like(sent)
    devices = []

    def work():
        session.make_current()
        devices.append(check(bindings().runtime.cudaGetDevice()))
        with DeviceBuffer(sent.nbytes) as buffer:
            buffer.upload(sent, session.stream)
            buffer.download(received, session.stream)
            session.synchronize()

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert devices == [session.device.index]
    np.testing.assert_array_equal(received, sent)


@pytest.mark.gpu
def test_forgotten_sessions_leave_nothing_behind(session):
    free = session.free_bytes()
    for _ in range(200):
        CudaSession(session.device)
    gc.collect()
    assert session.free_bytes() > free - (64 << 20)
