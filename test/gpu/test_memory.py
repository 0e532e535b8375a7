# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Buffers on the device and page-locked on the host: copies, limits, and their end."""

import gc
import re

import numpy as np
import pytest

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.kernel_loader import load_source
from yolotrt_ros.gpu.memory import allocated_bytes, DeviceBuffer, HostBuffer

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')

MIB = 1 << 20
COPY = """\
extern "C" __global__ void copy(const unsigned char* from, unsigned char* to, int count) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) to[i] = from[i];
}
"""


@pytest.mark.parametrize('kind', [DeviceBuffer, HostBuffer])
@pytest.mark.parametrize('num_bytes', [0, -1])
def test_buffer_without_bytes_is_refused(kind, num_bytes):
    with pytest.raises(ValueError, match=f'at least one byte, but {num_bytes} were asked'):
        kind(num_bytes)


@pytest.mark.gpu
@pytest.mark.parametrize('dtype', [np.uint8, np.int32, np.float16, np.float32, np.int64])
@pytest.mark.parametrize('shape', [(1,), (3, 5, 7), (2, 3, 64, 96)])
def test_array_comes_back_as_it_went(dtype, shape, session, rng):
    sent = rng.integers(0, 100, shape).astype(dtype)
    received = np.zeros_like(sent)
    with DeviceBuffer(sent.nbytes) as buffer:
        buffer.upload(sent, session.stream)
        buffer.download(received, session.stream)
        session.synchronize()
    np.testing.assert_array_equal(received, sent)


@pytest.mark.gpu
def test_smaller_array_fills_the_beginning(session):
    whole, part = np.full(16, 7, np.uint8), np.full(4, 9, np.uint8)
    with DeviceBuffer(16) as buffer:
        buffer.upload(whole, session.stream)
        buffer.upload(part, session.stream)
        buffer.download(whole, session.stream)
        session.synchronize()
    assert whole.tolist() == [9] * 4 + [7] * 12


@pytest.mark.gpu
def test_array_that_does_not_fit_is_refused(session):
    with DeviceBuffer(100) as buffer:
        for copy in (buffer.upload, buffer.download):
            with pytest.raises(ValueError, match=r'104 bytes, shape \(26,\), does not fit .* 100'):
                copy(np.zeros(26, np.float32), session.stream)
            with pytest.raises(ValueError, match=r'has gaps .* numpy.ascontiguousarray'):
                copy(np.zeros((4, 4), np.uint8)[:, ::2], session.stream)
            with pytest.raises(ValueError, match=r'has gaps .* numpy.ascontiguousarray'):
                copy(np.zeros((4, 4), np.uint8).T[:3], session.stream)
        read_only = np.zeros(4, np.uint8)
        read_only.flags.writeable = False
        buffer.upload(read_only, session.stream)
        with pytest.raises(ValueError, match='read-only; give one of your own'):
            buffer.download(read_only, session.stream)


@pytest.mark.gpu
def test_page_locked_memory_is_an_array(session, rng):
    sent = rng.integers(0, 255, 4096, np.uint8)
    with HostBuffer(4096) as source, HostBuffer(4096) as sink, DeviceBuffer(4096) as buffer:
        assert source.array.dtype == np.uint8
        assert source.array.shape == (4096,)
        assert source.array.ctypes.data == source.address
        np.copyto(source.array, sent)
        buffer.upload(source.array, session.stream)
        buffer.download(sink.array, session.stream)
        session.synchronize()
        np.testing.assert_array_equal(sink.array, sent)


@pytest.mark.gpu
def test_kernel_reads_and_writes_mapped_memory(session, rng):
    sent = rng.integers(0, 255, 1000, np.uint8)
    with (
        HostBuffer(1000, mapped=True) as source,
        HostBuffer(1000, mapped=True) as sink,
        load_source(session, COPY, 'copy.cu') as module,
    ):
        np.copyto(source.array, sent)
        sink.array[:] = 0
        args = KernelArgs(source, sink, np.int32(1000))
        module.kernel('copy').launch((4,), (256,), args, session.stream)
        session.synchronize()
        np.testing.assert_array_equal(sink.array, sent)


@pytest.mark.gpu
def test_memory_that_is_not_mapped_has_no_address_for_kernels(session):
    with (
        HostBuffer(16) as buffer,
        pytest.raises(CudaError, match='cannot reach this host buffer; make it with mapped=True'),
    ):
        _ = buffer.device_address


@pytest.mark.gpu
def test_what_is_open_is_counted(session):
    before = allocated_bytes()
    device, host = DeviceBuffer(3 * MIB), HostBuffer(2 * MIB)
    assert allocated_bytes() == (before.device + 3 * MIB, before.host + 2 * MIB)
    for buffer in (device, host):
        buffer.close()
        buffer.close()
    assert allocated_bytes() == before


@pytest.mark.gpu
@pytest.mark.parametrize('kind', [DeviceBuffer, HostBuffer])
def test_closed_buffer_says_so(kind, session):
    buffer = kind(16)
    buffer.close()
    with pytest.raises(CudaError, match='this buffer of 16 bytes is closed; make a new one'):
        _ = buffer.address


@pytest.mark.gpu
def test_copy_after_close_is_refused(session):
    buffer = DeviceBuffer(16)
    buffer.close()
    for copy in (buffer.upload, buffer.download):
        with pytest.raises(CudaError, match='is closed; make a new one'):
            copy(np.zeros(16, np.uint8), session.stream)


@pytest.mark.gpu
def test_forgotten_buffers_are_freed(session):
    gc.collect()
    before = allocated_bytes()
    device, host = DeviceBuffer(MIB), HostBuffer(MIB)
    assert allocated_bytes() == (before.device + MIB, before.host + MIB)
    del device, host
    gc.collect()
    assert allocated_bytes() == before


@pytest.mark.gpu
def test_view_keeps_page_locked_memory(session, rng):
    gc.collect()
    before = allocated_bytes().host
    buffer = HostBuffer(MIB)
    view = buffer.array[16:].view(np.float32)
    del buffer
    gc.collect()
    assert allocated_bytes().host == before + MIB
    view[:] = 1.5
    assert view.sum() == 1.5 * view.size
    del view
    gc.collect()
    assert allocated_bytes().host == before


@pytest.mark.gpu
def test_nothing_leaks(session):
    session.synchronize()
    free, num_bytes = session.free_bytes(), 64 * MIB
    for _ in range(50):
        with DeviceBuffer(num_bytes) as buffer:
            buffer.upload(np.zeros(1000, np.uint8), session.stream)
    session.synchronize()
    assert session.free_bytes() > free - num_bytes


@pytest.mark.gpu
def test_too_much_says_how_much_there_is(session):
    asked = 1 << 50
    before = allocated_bytes()
    said = rf'asking for {asked} bytes of device memory failed with cudaErrorMemoryAllocation .*; '
    with pytest.raises(CudaError, match=said + r'.*; \d+ of \d+ bytes are free') as caught:
        DeviceBuffer(asked)
    free, total = map(int, re.findall(r'(\d+) of (\d+) bytes are free', str(caught.value))[0])
    assert 0 < free <= total < asked
    assert allocated_bytes() == before
    assert check(bindings().runtime.cudaGetLastError()) is None  # and goes on
    DeviceBuffer(16).close()


@pytest.mark.gpu
def test_too_much_page_locked_memory_is_told(session):
    before = allocated_bytes()
    with pytest.raises(
        CudaError, match=f'asking for {1 << 50} bytes of page-locked memory failed'
    ):
        HostBuffer(1 << 50)
    assert allocated_bytes() == before
